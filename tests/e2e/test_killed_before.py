"""After a worker is killed before any of its AWS calls, the next invocation completes its work."""

from __future__ import annotations

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed, killed_at_every_call


def test_killed_before_every_call(clock: MovedClock) -> None:
    """Every step of the story ends the same, whichever call the worker is killed before, without a sweep."""
    with deployed(clock) as driver:
        assert killed_at_every_call(driver, "killed before") >= 111
