"""A worker killed before any of its calls of AWS leaves nothing that its successor does not mend."""

from __future__ import annotations

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed, killed_at_every_call


def test_killed_before_every_call(clock: MovedClock) -> None:
    """The story ends the same, step by step, whichever call the worker dies before: no sweep is needed."""
    with deployed(clock) as driver:
        killed_at_every_call(driver, "killed before")
