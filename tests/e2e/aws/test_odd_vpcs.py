"""A VPC that EC2 describes oddly, or whose row someone garbled, on the deployed path: it affects itself only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from hub.runtime import contract
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import NEVER, Spoke
from hub.runtime.model.vpcs import VpcsStatus
from sandbox.clock import MovedClock
from sandbox.example import HUB, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.sweeps import sweep
from tests.support.path.vpcs import add_vpc_without_trail, is_associated, vpc_rows

REGION = "eu-central-1"
SPOKE = Spoke(SEARCH, REGION)


@pytest.fixture
def odd(made: World, clock: MovedClock) -> Iterator[Vpc]:
    """A VPC that resolves the zones, and is deleted after the test."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert is_associated(made, vpc)
    yield vpc
    made.delete_vpc(vpc)
    sweep(made, clock, SEARCH)
    assert vpc.id not in {row.ref.id for row in vpc_rows(made)}
    for queue in (NAMES.sweeps_dead_letter_queue, NAMES.associations_dead_letter_queue):
        assert made.waiting(queue) == 0


def status(made: World) -> VpcsStatus:
    table = Table(made.client("dynamodb", HUB), NAMES.ledger_table, lambda: NEVER, lambda _seconds: None)
    return DynamoVpcs(table).vpcs_status(SPOKE)


def test_a_vpc_that_ec2_describes_oddly_keeps_its_zones(made: World, clock: MovedClock, odd: Vpc) -> None:
    """The spoke's other VPCs are discovered and associated meanwhile, and the odd one as soon as it can be read."""
    backend: Any = ec2_backends[SEARCH][REGION].vpcs[odd.id]
    block = backend.cidr_block
    backend.cidr_block = "10.7"
    new = add_vpc_without_trail(made)
    sweep(made, clock, SEARCH)
    assert is_associated(made, new)
    assert is_associated(made, odd)
    found = status(made)
    assert (found.fault, found.unreadable) == ("", 1)
    assert found.unreadable_first[0].what == odd.id
    assert "10.7" in found.unreadable_first[0].reason
    backend.cidr_block = block
    sweep(made, clock, SEARCH)
    assert status(made).unreadable == 0
    made.delete_vpc(new)
    made.converge()


def test_a_row_of_a_vpc_that_someone_garbled_stays(made: World, clock: MovedClock, odd: Vpc) -> None:
    """What orgdns did in the VPC is not known, so nothing of it ends, and nothing is written over the row."""
    key = {"pk": {"S": contract.VPCS_KEY}, "sk": {"S": f"{SPOKE}/{odd.id}"}}
    ledger = made.client("dynamodb", HUB)
    row: dict[str, Any] = ledger.get_item(TableName=NAMES.ledger_table, Key=key)["Item"]
    association = next(name for name in row if name.startswith(contract.ASSOCIATION_PREFIX))
    garbled = row | {association: {"S": "made by hand"}}
    ledger.put_item(TableName=NAMES.ledger_table, Item=garbled)
    new = add_vpc_without_trail(made)
    sweep(made, clock, SEARCH)
    assert is_associated(made, new)
    assert is_associated(made, odd)
    assert "its row in the ledger" in status(made).unreadable_first[0].reason
    assert ledger.get_item(TableName=NAMES.ledger_table, Key=key)["Item"] == garbled
    ledger.put_item(TableName=NAMES.ledger_table, Item=row)
    sweep(made, clock, SEARCH)
    assert status(made).unreadable == 0
    made.delete_vpc(new)
    made.converge()
