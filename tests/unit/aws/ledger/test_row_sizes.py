"""The largest rows of statuses and drift: each list in a row is bounded."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.statuses import MAX_PENDING_VPCS, DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.boundary.texts import MAX_TEXT
from hub.runtime.model.drift import MOST_CALLERS, ZoneDrift
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from hub.runtime.sweeper.auditor import MAX_PENDING as MAX_PENDING_NAMES
from hub.runtime.sweeper.unreachable import MAX_PENDING
from hub.runtime.sweeper.zone_changes import MOST_CALLER
from sandbox.bench.growth.item_sizes import MOST_BYTES, item_size

FOUR = "\U0001f600"
SPOKE = Spoke("444444444444", "ap-southeast-2")
LONGEST = "a" * 254
ZONES = tuple(f"Z{number:031}" for number in range(50))


def test_the_largest_status_of_a_spoke_fits(table: Table) -> None:
    """All instances of a spoke await approval, and a person approves them; the spoke has names in 50 zones."""
    statuses = DynamoStatuses(table)
    status = SpokeStatus(
        SPOKE,
        policy="a" * 64,
        fault=FOUR * MAX_TEXT,
        pending_removals=tuple(f"i-{number:017x}" for number in range(MAX_PENDING)),
        pending_names=10**6,
        withdrawn=True,
        usage={zone_id: Usage(10**6, 10**6) for zone_id in ZONES},
        generation="a" * 64,
    )
    statuses.put_spoke_status(status)
    statuses.approve(statuses.spoke_status(SPOKE))
    statuses.count_vpcs(SPOKE, dict.fromkeys(ZONES, 10**6))
    (row,) = table.query(contract.SPOKES_KEY)
    assert item_size(written(row)) < MOST_BYTES * 0.95
    assert len(statuses.spoke_status(SPOKE).approved) == MAX_PENDING


def test_a_spoke_may_have_names_in_any_number_of_zones(table: Table) -> None:
    """No expression becomes too long, whether a sweep counts names or events change the numbers."""
    statuses = DynamoStatuses(table)
    many = {f"Z{number:031}": Usage(number, 2 * number) for number in range(1, 1_001)}
    statuses.note_event(SPOKE, lambda _spoke: many)
    assert statuses.spoke_status(SPOKE).usage == many
    statuses.add_usage(SPOKE, many)
    assert statuses.spoke_status(SPOKE).usage == {zone_id: usage + usage for zone_id, usage in many.items()}
    status = SpokeStatus(SPOKE, Millis(7), names=3, usage=many)
    statuses.put_spoke_status(status)
    assert statuses.spoke_status(SPOKE).usage == many
    statuses.put_spoke_status(replace(status, usage=dict.fromkeys(many, Usage())))
    assert statuses.spoke_status(SPOKE) == replace(status, usage={}, event_at=statuses.spoke_status(SPOKE).event_at)


def test_the_largest_status_of_a_zone_fits(table: Table) -> None:
    """Names and VPCs await approval, and a person approves them, while five callers change records."""
    statuses = DynamoStatuses(table)
    names = tuple(Fqdn(f"{number:06}{LONGEST[6:]}") for number in range(MAX_PENDING_NAMES))
    statuses.put_zone_status(ZoneStatus("Z1", fault=FOUR * MAX_TEXT, pending_removals=names, pending_names=10**6))
    vpcs = [f"{SPOKE}/vpc-{number:017x}" for number in range(MAX_PENDING_VPCS)]
    table.add({contract.PARTITION_KEY: contract.ZONES_KEY, contract.SORT_KEY: "Z1"}, "pending_vpcs", vpcs)
    statuses.await_approval("Z1", f"{SPOKE}/vpc-{10**6:017x}")
    drifts = [ZoneDrift(FOUR * MOST_CALLER, Millis(1), Millis(2), 10**6) for _ in range(MOST_CALLERS)]
    statuses.put_drift("Z1", drifts)
    statuses.approve(statuses.zone_status("Z1"))
    (row,) = table.query(contract.ZONES_KEY)
    assert item_size(written(row)) < MOST_BYTES * 0.95
    assert len(statuses.zone_status("Z1").pending_vpcs) == MAX_PENDING_VPCS


def test_the_reason_of_a_pause_is_bounded(table: Table) -> None:
    """A person can paste anything. Each function reads the row before each change batch."""
    statuses = DynamoStatuses(table)
    statuses.pause(FOUR * 200_000)
    assert statuses.paused() == f"{FOUR * MAX_TEXT}..."
