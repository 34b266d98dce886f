"""What the Lambda service tells whoever measures the functions."""

from __future__ import annotations

from typing import Any, Protocol

# A function of the emulator, which ships no types.
Moto = Any


class Watcher(Protocol):
    """Is told what functions do, and what they log."""

    def logged(self, function: Moto, line: str) -> None:
        """Tell that the function wrote a line to its log."""

    def started(self, function: Moto) -> None:
        """Tell that Lambda wrote to the function's log that an invocation started."""

    def invoked(self, function: Moto, qualifier: str, at: float, *, failed: bool) -> None:
        """Tell that the function ran, and began at this time."""

    def throttled(self, function: Moto, qualifier: str) -> None:
        """Tell that Lambda rejected an invocation."""

    def received(self, function: Moto, qualifier: str, created: float) -> None:
        """Tell that the function received records of a stream, the last of which was created at this time."""

    def undelivered(self, function: Moto, qualifier: str) -> None:
        """Tell that a batch that failed did not reach its destination."""
