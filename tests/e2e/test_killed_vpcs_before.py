"""A worker killed before any call of an association leaves nothing that its successor does not mend."""

from __future__ import annotations

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed
from tests.support.pipeline.killed_vpcs import killed_at_every_call


def test_killed_before_every_call(clock: MovedClock) -> None:
    """The VPC resolves the zone, or not, as policy says, and no authorisation is left, whichever call is the last."""
    with deployed(clock) as driver:
        killed_at_every_call(driver, "killed before")
