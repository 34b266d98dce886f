"""A whole organization in one process: generated templates deployed, the packaged code running, events delivered.

Everything between an instance and a DNS answer goes the way it goes in AWS. Bridges add what the emulator lacks;
each says so in its docstring.
"""

from sandbox.world.building import world
from sandbox.world.simulation import Vpc, World

__all__ = ["Vpc", "World", "world"]
