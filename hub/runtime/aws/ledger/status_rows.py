"""The rows of the ledger that hold the statuses of spokes and zones, and what they say. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.ledger.drift import zone_drift_of
from hub.runtime.model.call_sweeps import CallSweeps
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.model.usage import UsageByZone


def spoke_key(spoke: Spoke) -> Row:
    """The key of a spoke's status."""
    return {contract.PARTITION_KEY: contract.SPOKES_KEY, contract.SORT_KEY: str(spoke)}


def zone_key(zone_id: str) -> Row:
    """The key of a zone's status."""
    return {contract.PARTITION_KEY: contract.ZONES_KEY, contract.SORT_KEY: zone_id}


def spoke_status_of(row: Mapping[str, Any]) -> SpokeStatus:
    """The status of a spoke, from its row."""
    account, region = row[contract.SORT_KEY].split("/")
    return SpokeStatus(
        spoke=Spoke(account, region),
        tried_at=Millis(int(row.get("tried_at", 0))),
        swept_at=Millis(int(row.get("swept_at", 0))),
        policy=row.get("policy", ""),
        instances=int(row.get("instances", 0)),
        names=int(row.get("names", 0)),
        missed=int(row.get("missed", 0)),
        missed_ever=int(row.get("missed_ever", 0)),
        fault=row.get("fault", ""),
        fault_since=Millis(int(row.get("fault_since", 0))),
        closed=row.get("closed", False),
        withdrawn=row.get("withdrawn", False),
        withdrawn_at=Millis(int(row.get("withdrawn_at", 0))),
        pending_removals=tuple(row.get("pending_removals", ())),
        pending_names=int(row.get("pending_names", 0)),
        approved=frozenset(row.get("approved", ())),
        event_at=Millis(int(row.get("event_at", 0))),
        kept_vpcs=int(row.get("kept_vpcs", 0)),
        usage=usage_of(row),
        vpcs={zone_id: int(number) for zone_id, number in row.get("vpcs", {}).items()},
        call_sweeps=CallSweeps(Millis(int(row.get("call_sweep_at", 0))), Millis(int(row.get("call_sweeps_paid", 0)))),
        generation=row.get("generation", ""),
    )


# What a spoke holds are numbers beside the others in its row, because DynamoDB adds to a number in a map only if the
# map exists (API Reference, UpdateItem).
_NAMES, _RECORDS = "names#", "records#"


def usage_row(usage: UsageByZone) -> dict[str, int]:
    """The attributes of what a spoke holds."""
    names = {f"{_NAMES}{zone_id}": of_zone.names for zone_id, of_zone in usage.items()}
    return names | {f"{_RECORDS}{zone_id}": of_zone.records for zone_id, of_zone in usage.items()}


def usage_of(row: Mapping[str, Any]) -> dict[str, Usage]:
    """What a spoke holds, from its row."""
    zone_ids = sorted({name.partition("#")[2] for name in row if name.startswith((_NAMES, _RECORDS))})
    return {
        zone_id: Usage(int(row.get(f"{_NAMES}{zone_id}", 0)), int(row.get(f"{_RECORDS}{zone_id}", 0)))
        for zone_id in zone_ids
    }


def zone_status_of(row: Mapping[str, Any]) -> ZoneStatus:
    """The status of a zone, from its row."""
    return ZoneStatus(
        zone_id=row[contract.SORT_KEY],
        tried_at=Millis(int(row.get("tried_at", 0))),
        audited_at=Millis(int(row.get("audited_at", 0))),
        names=int(row.get("names", 0)),
        record_sets=int(row.get("record_sets", 0)),
        claimed=int(row.get("claimed", 0)),
        differences=tuple(sorted((kind, int(number)) for kind, number in row.get("differences", {}).items())),
        fault=row.get("fault", ""),
        pending_removals=tuple(map(Fqdn, row.get("pending_removals", ()))),
        pending_names=int(row.get("pending_names", 0)),
        approved=frozenset(row.get("approved", ())),
        pending_vpcs=tuple(sorted(row.get("pending_vpcs", ()))),
        approved_vpcs=frozenset(row.get("approved_vpcs", ())),
        drift=zone_drift_of(row),
        audit_requested_at=Millis(int(row.get("audit_requested_at", 0))),
        audits_paid_until=Millis(int(row.get("audits_paid_until", 0))),
        repaired=tuple(sorted((kind, int(number)) for kind, number in row.get("repaired", {}).items())),
    )
