"""After a worker is killed after any kind of call of an association, the next invocation completes its work."""

from __future__ import annotations

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed
from tests.support.pipeline.killed_vpcs import killed_at_calls


def test_killed_after_calls(clock: MovedClock) -> None:
    """Each step ends as policy says, with no authorization left, whichever kind of call the worker is killed after."""
    with deployed(clock) as driver:
        kills = killed_at_calls(driver, "killed after")
        assert kills.total() >= 20, kills
