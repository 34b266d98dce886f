"""The rows of the ledger that hold the statuses of spokes and zones, and what they say. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.zone.drift import zone_drift_of
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.schema import flag, number, read_row, text, texts
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.damping import CallSweeps
from hub.runtime.model.names import NEVER, Fqdn, Millis, Spoke
from hub.runtime.model.status import FailedLook, Pause, ScheduleCursor, SpokeStatus, ZoneStatus
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
    """The status of a spoke, from its row. Of one that cannot be read, only that is known.

    Raises:
        ValueError: if the row is not that of a spoke.
    """
    spoke = spoke_of(row)
    found = read_row(partial(_spoke_status, spoke), row, spoke)
    return SpokeStatus(spoke, row_fault=found.reason) if isinstance(found, Unreadable) else found


def spoke_of(row: Mapping[str, Any]) -> Spoke:
    """The spoke in the key of a row.

    Raises:
        ValueError: if the row is not that of a spoke.
    """
    account, region = row[contract.SORT_KEY].split("/")
    return Spoke(account, region)


def _spoke_status(spoke: Spoke, row: Mapping[str, Any]) -> SpokeStatus:
    return SpokeStatus(
        spoke=spoke,
        tried_at=Millis(number(row.get("tried_at", 0))),
        swept_at=Millis(number(row.get("swept_at", 0))),
        policy=text(row.get("policy", "")),
        instances=number(row.get("instances", 0)),
        names=number(row.get("names", 0)),
        damped=number(row.get("damped", 0)),
        damped_vpcs=number(row.get("damped_vpcs", 0)),
        missed=number(row.get("missed", 0)),
        missed_ever=number(row.get("missed_ever", 0)),
        fault=text(row.get("fault", "")),
        fault_since=Millis(number(row.get("fault_since", 0))),
        closed=flag(row.get("closed", False)),
        withdrawn=flag(row.get("withdrawn", False)),
        withdrawn_at=Millis(number(row.get("withdrawn_at", 0))),
        pending_removals=tuple(row.get("pending_removals", ())),
        pending_names=number(row.get("pending_names", 0)),
        approved=frozenset(row.get("approved", ())),
        event_at=Millis(number(row.get("event_at", 0))),
        kept_vpcs=number(row.get("kept_vpcs", 0)),
        usage=usage_of(row),
        vpcs={zone_id: number(count) for zone_id, count in row.get("vpcs", {}).items()},
        vpc_work=number(row.get("vpc_work", 0)),
        call_sweeps=CallSweeps(
            Millis(number(row.get("call_sweep_at", 0))), Millis(number(row.get("call_sweeps_paid", 0)))
        ),
        generation=text(row.get("generation", "")),
        unreadable=number(row.get("unreadable", 0)),
        unreadable_first=tuple(map(text, row.get("unreadable_first", ()))),
        failed_look=FailedLook(
            text(row.get("look_fault", "")),
            Millis(number(row.get("look_fault_at", NEVER))),
            Millis(number(row.get("look_fault_since", NEVER))),
            number(row.get("looks_waiting", 0)),
            texts(row.get("looks_first", ())),
        ),
        undelivered=number(row.get("undelivered", 0)),
        undelivered_new=number(row.get("undelivered_new", 0)),
        undelivered_fault=text(row.get("undelivered_fault", "")),
        missed_sweeps=number(row.get("missed_sweeps", 0)),
        vpc_fault=text(row.get("vpc_fault", "")),
        vpc_fault_since=Millis(number(row.get("vpc_fault_since", NEVER))),
        refused_vpcs=number(row.get("refused_vpcs", 0)),
        refusal=text(row.get("refusal", "")),
        approved_by=text(row.get("approved_by", "")),
        approved_at=Millis(number(row.get("approved_at", NEVER))),
    )


# What a spoke holds are numbers beside the others in its row, because DynamoDB adds to a number in a map only if the
# map exists (API Reference, UpdateItem).
_NAMES, _RECORDS = "names#", "records#"


# An update expression has up to 4 KB (DynamoDB Developer Guide, "Quotas": expression parameters), and each attribute
# takes about a dozen bytes of it.
ZONES_AN_UPDATE: Final = 50


def usage_rows(usage: UsageByZone) -> list[dict[str, int]]:
    """The attributes of what a spoke holds, in as many parts as it takes updates to write them; one if it is empty."""
    return [
        {
            name: number
            for zone_id, of_zone in part
            for name, number in ((f"{_NAMES}{zone_id}", of_zone.names), (f"{_RECORDS}{zone_id}", of_zone.records))
        }
        for part in chunks(usage.items(), ZONES_AN_UPDATE)
    ] or [{}]


def cursor_of(row: Mapping[str, Any]) -> ScheduleCursor:
    """The progress of the schedule, from its row. Of one that cannot be read, only that is known."""
    found = read_row(_cursor, row, contract.CURSOR_KEY)
    return ScheduleCursor(row_fault=found.reason) if isinstance(found, Unreadable) else found


def _cursor(row: Mapping[str, Any]) -> ScheduleCursor:
    return ScheduleCursor(
        policy=text(row.get("policy", "")),
        since=Millis(number(row.get("since", NEVER))),
        after=text(row.get("after", "")),
        ahead=number(row.get("ahead", 0)),
        at=Millis(number(row.get("at", NEVER))),
        generation=text(row.get("generation", "")),
        dry_zones=texts(row.get("dry_zones", ())),
        dry_rules=texts(row.get("dry_rules", ())),
        dry_associations=texts(row.get("dry_associations", ())),
        version=text(row.get("version", "")),
        schema=number(row.get("rows", 0)),
    )


def cursor_row(cursor: ScheduleCursor) -> dict[str, Any]:
    """The attributes of the progress of the schedule."""
    return {
        "policy": cursor.policy,
        "since": cursor.since,
        "after": cursor.after,
        "ahead": cursor.ahead,
        "at": cursor.at,
        "generation": cursor.generation,
        "dry_zones": list(cursor.dry_zones),
        "dry_rules": list(cursor.dry_rules),
        "dry_associations": list(cursor.dry_associations),
        "version": cursor.version,
        # Not the attribute of that name, which is the schema of this row.
        "rows": cursor.schema,
    }


def pause_of(row: Mapping[str, Any]) -> Pause | None:
    """The pause in the row that says it, or None. If it cannot be read, publishing is paused."""
    found = read_row(_pause, row, contract.PAUSE_KEY)
    return Pause(f"its row in the ledger cannot be read: {found.reason}") if isinstance(found, Unreadable) else found


def _pause(row: Mapping[str, Any]) -> Pause | None:
    if not flag(row["paused"]):
        return None
    return Pause(text(row["reason"]), Millis(number(row.get("at", NEVER))), text(row.get("by", "")))


def usage_of(row: Mapping[str, Any]) -> dict[str, Usage]:
    """What a spoke holds, from its row."""
    zone_ids = sorted({name.partition("#")[2] for name in row if name.startswith((_NAMES, _RECORDS))})
    return {
        zone_id: Usage(number(row.get(f"{_NAMES}{zone_id}", 0)), number(row.get(f"{_RECORDS}{zone_id}", 0)))
        for zone_id in zone_ids
    }


def zone_status_of(row: Mapping[str, Any]) -> ZoneStatus:
    """The status of a zone, from its row. Of one that cannot be read, only that is known."""
    zone_id = row[contract.SORT_KEY]
    found = read_row(_zone_status, row, zone_id)
    return ZoneStatus(zone_id, row_fault=found.reason) if isinstance(found, Unreadable) else found


def _zone_status(row: Mapping[str, Any]) -> ZoneStatus:
    return ZoneStatus(
        zone_id=row[contract.SORT_KEY],
        tried_at=Millis(number(row.get("tried_at", 0))),
        audited_at=Millis(number(row.get("audited_at", 0))),
        names=number(row.get("names", 0)),
        record_sets=number(row.get("record_sets", 0)),
        claimed=number(row.get("claimed", 0)),
        differences=tuple(sorted((kind, number(count)) for kind, count in row.get("differences", {}).items())),
        fault=text(row.get("fault", "")),
        pending_removals=tuple(map(Fqdn, row.get("pending_removals", ()))),
        pending_names=number(row.get("pending_names", 0)),
        approved=frozenset(row.get("approved", ())),
        pending_vpcs=tuple(sorted(row.get("pending_vpcs", ()))),
        approved_vpcs=frozenset(row.get("approved_vpcs", ())),
        drift=zone_drift_of(row),
        audit_requested_at=Millis(number(row.get("audit_requested_at", 0))),
        audits_paid_until=Millis(number(row.get("audits_paid_until", 0))),
        repaired=tuple(sorted((kind, number(count)) for kind, count in row.get("repaired", {}).items())),
        checked_at=Millis(number(row.get("checked_at", NEVER))),
        closed_since=Millis(number(row.get("closed_since", NEVER))),
        closed_reason=text(row.get("closed_reason", "")),
        closed_names=number(row.get("closed_names", 0)),
        approved_by=text(row.get("approved_by", "")),
        approved_at=Millis(number(row.get("approved_at", NEVER))),
        unreadable=number(row.get("unreadable", 0)),
        unreadable_first=tuple(map(text, row.get("unreadable_first", ()))),
    )
