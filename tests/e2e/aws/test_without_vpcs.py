"""A configuration that selects no VPCs any more: what was counted of them is gone, so that no limit is near."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from hub.runtime.model.names import Spoke
from orgdns.config.load import parse
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS
from sandbox.world import World, world
from tests.support.path.sweeps import hour, spoke_status, statuses, sweep_all

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    content = yaml.safe_load(example.CONFIG.read_text())
    for zone in content["zones"]:
        zone.pop("resolved_by", None)
    with world(parse(yaml.safe_dump(content), "without-vpcs.yaml"), clock) as organization:
        yield organization


def test_vpcs_of_before_are_not_counted(made: World, clock: MovedClock) -> None:
    """The next sweep of a spoke forgets how many of its VPCs were associated with a zone."""
    zone = made.zone_ids["corp.internal"]
    statuses(made, clock).count_vpcs(Spoke(PAYMENTS, REGION), {zone: 29})
    assert spoke_status(made, clock).vpcs == {zone: 29}
    sweep_all(made, clock)
    assert spoke_status(made, clock).vpcs == {}


def test_spokes_without_instances_are_swept_once_a_day(made: World, clock: MovedClock) -> None:
    """An instance makes its spoke one that is swept every hour."""
    sweep_all(made, clock)
    before = {status.spoke: status.swept_at for status in statuses(made, clock).spoke_statuses()}
    hour(made, clock)
    swept = {
        status.spoke for status in statuses(made, clock).spoke_statuses() if status.swept_at > before[status.spoke]
    }
    # Two of the six have their time of day in any hour, at most.
    assert len(swept) <= 2
    clock.advance(900)
    made.launch(PAYMENTS, REGION, "first")
    made.converge()
    launched = spoke_status(made, clock).event_at
    hour(made, clock)
    assert spoke_status(made, clock).swept_at > launched
    assert spoke_status(made, clock).instances == 1
