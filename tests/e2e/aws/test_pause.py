"""A pause on the deployed path: neither records nor associations change, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.path.sweeps import hour, statuses, sweep_all
from tests.support.path.vpcs import is_associated

REGION = "eu-central-1"
CORP = "corp.internal"
# The time of the schedule, and a minute.
MINUTES = 6


@pytest.fixture(autouse=True)
def resumed(made: World, clock: MovedClock) -> Iterator[None]:
    """No test leaves a pause, a dead letter or an authorization."""
    yield
    statuses(made, clock).resume()
    hour(made, clock)
    assert made.waiting(NAMES.associations_dead_letter_queue) == 0
    assert not any(made.route53.authorizations(zone_id) for zone_id in made.zone_ids.values())
    assert made.guard.denied == []


def round_of_the_schedule(made: World, clock: MovedClock) -> None:
    """Let as much time pass as until the next run of the schedule, and let it run."""
    clock.advance(300)
    made.sweep()
    for _ in range(MINUTES):
        clock.advance(60)
        made.converge()


def test_associations_wait_for_the_end_of_the_pause(made: World, clock: MovedClock) -> None:
    """A new VPC is not associated, and an excluded one keeps its association. Both change within minutes of resume."""
    excluded = made.add_vpc(PAYMENTS, REGION, associated=False)
    made.converge()
    sweep_all(made, clock)
    statuses(made, clock).pause("the zones move")
    batches = len(made.route53.batches)
    new = made.add_vpc(SEARCH, REGION, associated=False)
    tags = [{"Key": "dns", "Value": "private"}]
    made.client("ec2", PAYMENTS, REGION).create_tags(Resources=[excluded.id], Tags=tags)
    made.launch(PAYMENTS, REGION, "waits")
    made.converge()
    hour(made, clock)
    assert not is_associated(made, new)
    assert is_associated(made, excluded)
    assert len(made.route53.batches) == batches
    told = made.logged(NAMES.associator_function, "VPC not changed")
    assert {line["vpc"].rpartition("/")[2] for line in told} == {new.id, excluded.id}
    assert {line["reason"] for line in told} == {"publishing is paused: the zones move"}
    lines = made.functions.logs(NAMES.associator_function)
    assert any("VpcsNotChangedWhilePaused" in line for line in lines)
    statuses(made, clock).resume()
    round_of_the_schedule(made, clock)
    assert is_associated(made, new)
    assert not is_associated(made, excluded)
    assert made.resolve(f"waits.{CORP}", new)


def test_quiet_spoke_is_swept_when_the_pause_ends(made: World, clock: MovedClock) -> None:
    """The first VPC of a spoke that is swept once a day is associated within minutes of resume, by its event alone."""
    region = "us-east-1"
    sweep_all(made, clock)
    clock.advance(3_600)
    made.converge()
    statuses(made, clock).pause("the zones move")
    vpc = made.add_vpc(SEARCH, region, associated=False)
    made.converge()
    assert not is_associated(made, vpc)
    statuses(made, clock).resume()
    round_of_the_schedule(made, clock)
    assert is_associated(made, vpc)


def test_pause_that_cannot_be_read_is_a_pause(made: World, clock: MovedClock) -> None:
    """A row that says nothing readable stops associations, as it stops records."""
    key = {"pk": {"S": contract.CONTROL_KEY}, "sk": {"S": contract.PAUSE_KEY}}
    odd = key | {"paused": {"S": "perhaps"}, "reason": {"S": ""}}
    made.client("dynamodb", HUB).put_item(TableName=NAMES.ledger_table, Item=odd)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert not is_associated(made, vpc)
    (line, *_) = [
        line for line in made.logged(NAMES.associator_function, "VPC not changed") if line["vpc"].endswith(vpc.id)
    ]
    assert "its row in the ledger cannot be read" in line["reason"]
    statuses(made, clock).resume()
    round_of_the_schedule(made, clock)
    assert is_associated(made, vpc)
