"""After a worker is killed before any kind of AWS call, the next invocation completes its work."""

from __future__ import annotations

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed, killed_at_calls


def test_killed_before_calls(clock: MovedClock) -> None:
    """Every step of the story ends the same, whichever kind of call the worker is killed before, without a sweep."""
    with deployed(clock) as driver:
        kills = killed_at_calls(driver, "killed before")
        assert kills.total() >= 35, kills
