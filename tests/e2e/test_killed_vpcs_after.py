"""After a worker is killed after any call of an association, the next invocation completes its work."""

from __future__ import annotations

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed
from tests.support.pipeline.killed_vpcs import killed_at_every_call


def test_killed_after_every_call(clock: MovedClock) -> None:
    """Each step ends as policy says, with no authorization left, whichever call the worker is killed after."""
    with deployed(clock) as driver:
        assert killed_at_every_call(driver, "killed after") >= 67
