"""What the rows of spokes say of failed looks and of VPCs that could not be described."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.aws.ledger.health.spokes import DynamoSpokeHealth
from hub.runtime.aws.ledger.status_rows import spoke_key
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import NEVER, Millis, Spoke
from hub.runtime.model.status import FailedLook, SpokeStatus
from tests.support.aws.dynamodb import NOW
from tests.support.build import PAYMENTS

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
LOOK = FailedLook("UnauthorizedOperation", Millis(NOW), Millis(NOW - 5), 11, ("i-1", "i-2"))
SWEPT = SpokeStatus(
    SPOKE,
    Millis(NOW),
    Millis(NOW),
    "p",
    undelivered=5,
    undelivered_new=2,
    undelivered_fault="AccessDenied",
    missed=2,
    missed_sweeps=3,
)


@pytest.fixture
def health(table: Table) -> DynamoSpokeHealth:
    return DynamoSpokeHealth(table)


@pytest.fixture
def statuses(table: Table) -> DynamoStatuses:
    return DynamoStatuses(table)


def test_failed_look_is_read_back(health: DynamoSpokeHealth, statuses: DynamoStatuses) -> None:
    """A sweep keeps it, and what a sweep found of lost events is beside it. An empty look ends it."""
    health.put_failed_look(SPOKE, LOOK)
    statuses.put_spoke_status(SWEPT)
    assert statuses.spoke_status(SPOKE) == replace(SWEPT, failed_look=LOOK)
    health.put_failed_look(SPOKE, FailedLook())
    assert statuses.spoke_status(SPOKE) == SWEPT


def test_vpcs_are_unknown_since_the_first_fault(health: DynamoSpokeHealth, statuses: DynamoStatuses) -> None:
    """The last reason counts. A description that works ends it, and the next fault begins anew."""
    statuses.put_spoke_status(SWEPT)
    health.put_vpc_health(SPOKE, "AccessDenied", 0, "")
    first = statuses.spoke_status(SPOKE)
    assert (first.vpc_fault, first.vpc_fault_since >= NOW) == ("AccessDenied", True)
    health.put_vpc_health(SPOKE, "Throttling", 0, "")
    statuses.put_spoke_status(SWEPT)
    again = statuses.spoke_status(SPOKE)
    assert (again.vpc_fault, again.vpc_fault_since) == ("Throttling", first.vpc_fault_since)
    health.put_vpc_health(SPOKE, "", 0, "")
    assert statuses.spoke_status(SPOKE) == SWEPT
    health.put_vpc_health(SPOKE, "AccessDenied", 0, "")
    assert statuses.spoke_status(SPOKE).vpc_fault_since > first.vpc_fault_since


def test_refused_vpcs_are_read_back(health: DynamoSpokeHealth, statuses: DynamoStatuses) -> None:
    """Beside a fault, and without one; a sweep keeps them."""
    health.put_vpc_health(SPOKE, "AccessDenied", 3, "LimitsExceeded")
    statuses.put_spoke_status(SWEPT)
    status = statuses.spoke_status(SPOKE)
    assert (status.vpc_fault, status.refused_vpcs, status.refusal) == ("AccessDenied", 3, "LimitsExceeded")
    health.put_vpc_health(SPOKE, "", 2, "ConflictingDomainExists")
    status = statuses.spoke_status(SPOKE)
    assert (status.vpc_fault, status.vpc_fault_since) == ("", NEVER)
    assert (status.refused_vpcs, status.refusal) == (2, "ConflictingDomainExists")


@pytest.mark.parametrize(
    "odd",
    [
        {"look_fault": 5},
        {"look_fault_at": "5"},
        {"looks_waiting": "many"},
        {"looks_first": "i-1"},
        {"looks_first": [5]},
        {"undelivered": "5"},
        {"undelivered_fault": 5},
        {"missed_sweeps": "2"},
        {"vpc_fault": 5},
        {"vpc_fault_since": "5"},
        {"refused_vpcs": "2"},
        {"refusal": 5},
        {"approved_by": 5},
    ],
)
def test_malformed_row_is_unreadable(table: Table, statuses: DynamoStatuses, odd: dict[str, object]) -> None:
    """Nothing else is known of the spoke then."""
    table.put_many([spoke_key(SPOKE) | {"tried_at": 1, "swept_at": 1} | odd])
    status = statuses.spoke_status(SPOKE)
    assert status.row_fault
    assert status == SpokeStatus(SPOKE, row_fault=status.row_fault)


def test_row_of_a_later_version_stays(table: Table, health: DynamoSpokeHealth) -> None:
    """It may have another meaning."""
    row = spoke_key(SPOKE) | {"schema": 9}
    table.put_many([row])
    health.put_failed_look(SPOKE, LOOK)
    health.put_vpc_health(SPOKE, "AccessDenied", 1, "x")
    health.put_vpc_health(SPOKE, "", 0, "")
    assert table.get(spoke_key(SPOKE)) == row
