"""The ledger's rows with the state of spokes, zones, the schedule and publishing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.generation import begun, generation_key, generation_of, with_generation
from hub.runtime.aws.ledger.status_rows import (
    cursor_of,
    cursor_row,
    pause_of,
    spoke_key,
    spoke_status_of,
    usage_rows,
    zone_key,
    zone_status_of,
)
from hub.runtime.aws.ledger.zone.drift import zone_drift_row
from hub.runtime.boundary.schema import read_row
from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import readable
from hub.runtime.model.names import NEVER, Millis, Spoke
from hub.runtime.model.status import EVENT_MILLIS, Pause, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import summed
from hub.runtime.ports import LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.damping import CallSweeps
    from hub.runtime.model.drift import ZoneDrift
    from hub.runtime.model.usage import UsageByZone

# The ledger keeps the status of a spoke whose names were withdrawn for 30 days after its last sweep. Milliseconds.
WITHDRAWN_MILLIS: Final = 30 * 86_400_000
# A zone's row, of 400 KB at most, has each of these twice when they are approved, beside names.
MAX_PENDING_VPCS: Final = 1_000


class DynamoStatuses:
    """The rows about spokes, zones, the schedule and publishing. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table, stream: Callable[[], str] | None = None) -> None:
        self._table = table
        self._events: dict[Spoke, int] = {}
        # Which generation counts: by default the one of the stream that the function was deployed with.
        self._stream = stream or (lambda: table.stream)

    def note_event(self, spoke: Spoke, changes: Callable[[Spoke], UsageByZone] = lambda _spoke: {}) -> None:
        """Record the time of a spoke's event, at most once in 15 minutes, and the changes of what the spoke holds.

        `changes` returns those that the ledger does not have yet; without it, there are none.
        """
        now = self._table.now()
        if now - self._events.get(spoke, NEVER) >= EVENT_MILLIS:
            self._add_usage(spoke, changes(spoke), {"event_at": now})
            self._events[spoke] = now

    def usage_of_account(self, account_id: str) -> UsageByZone:
        """What an account holds in all its regions. Of a region whose row cannot be read, that is not known."""
        return summed(status.usage for status in self._spoke_statuses(f"{account_id}/"))

    def add_usage(self, spoke: Spoke, change: UsageByZone) -> None:
        """Add a change to what a spoke holds."""
        self._add_usage(spoke, change, {})

    def _add_usage(self, spoke: Spoke, change: UsageByZone, attributes: Row) -> None:
        first, *others = usage_rows(change)
        self._table.update(spoke_key(spoke), attributes, add=first)
        for part in others:
            self._table.update(spoke_key(spoke), {}, add=part)

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        """The status of a spoke; a new status if there is none."""
        row = self._table.get(spoke_key(spoke))
        return spoke_status_of(row) if row else SpokeStatus(spoke)

    def sweep_begins(self, spoke: Spoke) -> tuple[SpokeStatus, str]:
        """The status of a spoke, and the generation of the ledger, which begins now if it has none."""
        generation, rows = with_generation(self._table, [spoke_key(spoke)], self._table.stream)
        status = spoke_status_of(rows[0]) if rows else SpokeStatus(spoke)
        return status, begun(self._table, generation)

    def generation(self, *, begins: bool = False) -> str:
        """The generation of the ledger. If none has begun, it is empty, or begins now if `begins`."""
        row = self._table.get(generation_key(self._table.stream if begins else self._stream()))
        return begun(self._table, row) if begins else generation_of(row)

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        """The status of every spoke."""
        return tuple(self._spoke_statuses())

    def put_spoke_status(self, status: SpokeStatus) -> None:
        """Record the status of a spoke, unless it could not be read. Approvals stay until no removals are pending."""
        if status.row_fault:
            return
        row: Row = {
            "tried_at": status.tried_at,
            "swept_at": status.swept_at,
            "policy": status.policy,
            "instances": status.instances,
            "names": status.names,
            "damped": status.damped,
            "missed": status.missed,
            "missed_ever": status.missed_ever,
            "missed_sweeps": status.missed_sweeps,
            "undelivered": status.undelivered,
            "undelivered_new": status.undelivered_new,
            "undelivered_fault": status.undelivered_fault,
            "fault": status.fault,
            "fault_since": status.fault_since,
            "closed": status.closed,
            "withdrawn": status.withdrawn,
            "withdrawn_at": status.withdrawn_at,
            "generation": status.generation,
            "unreadable": status.unreadable,
            "unreadable_first": list(status.unreadable_first),
        }
        removed = [] if status.withdrawn else [contract.EXPIRES]
        if status.withdrawn:
            row[contract.EXPIRES] = self._table.expiry(WITHDRAWN_MILLIS)
        counts, *others = usage_rows(status.usage if status.counted else {})
        for part in others:
            self._table.update(spoke_key(status.spoke), *_used(part))
        used, unused = _used(counts)
        row |= used
        removed += unused
        self._put(spoke_key(status.spoke), row, status.pending_removals, status.pending_names, removed)

    def keep_vpcs(self, spoke: Spoke, number: int) -> None:
        """Record how many VPCs of an abandoned spoke still have associations made by orgdns."""
        self._table.update(spoke_key(spoke), {"kept_vpcs": number})

    def count_vpcs(self, spoke: Spoke, vpcs: Mapping[str, int], damped: int = 0) -> None:
        """Record how many VPCs of a spoke are associated with each zone, and how many are damped."""
        self._table.update(spoke_key(spoke), {"vpcs": dict(vpcs), "damped_vpcs": damped})

    def note_vpc_work(self, spoke: Spoke, number: int) -> None:
        """Record how much the sweep of a spoke's VPCs found to do."""
        self._table.update(spoke_key(spoke), {"vpc_work": number})

    def put_call_sweeps(self, spoke: Spoke, before: CallSweeps, after: CallSweeps) -> None:
        """Record the sweeps that calls cause; raises Outdated if they changed since `before`."""
        row = {"call_sweep_at": after.begins_at, "call_sweeps_paid": after.paid_until}
        self._table.update(spoke_key(spoke), row, before=before.begins_at)

    def register_spoke(self, spoke: Spoke) -> None:
        """Add a status for a spoke without one, so that the spoke is swept from now on."""
        with suppress(Outdated):
            self._table.put(spoke_key(spoke), f"attribute_not_exists({contract.PARTITION_KEY})")

    def settled(self, spokes: Collection[Spoke]) -> tuple[str, frozenset[Spoke]]:
        """The generation of the ledger, and the spokes whose claims the ledger has completely."""
        row, rows = with_generation(self._table, map(spoke_key, spokes), self._stream())
        generation = generation_of(row)
        return generation, frozenset(
            status.spoke for status in map(spoke_status_of, rows) if status.settled(generation)
        )

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """The status of a zone; a new status if there is none."""
        row = self._table.get(zone_key(zone_id))
        return zone_status_of(row) if row else ZoneStatus(zone_id)

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """The status of every zone."""
        return tuple(map(zone_status_of, self._table.query(contract.ZONES_KEY)))

    def put_zone_status(self, status: ZoneStatus) -> None:
        """Record the status of a zone, unless it could not be read. Approvals stay until no removals are pending."""
        if status.row_fault:
            return
        row: Row = {
            "tried_at": status.tried_at,
            "audited_at": status.audited_at,
            "names": status.names,
            "record_sets": status.record_sets,
            "claimed": status.claimed,
            "differences": dict(status.differences),
            "repaired": dict(status.repaired),
            "fault": status.fault,
            "unreadable": status.unreadable,
            "unreadable_first": list(status.unreadable_first),
        }
        self._put(zone_key(status.zone_id), row, status.pending_removals, status.pending_names)

    def put_drift(self, zone_id: str, drifts: Collection[ZoneDrift]) -> None:
        """Record the drift of a zone. The rest of its status does not change."""
        self._table.update(zone_key(zone_id), zone_drift_row(drifts))

    def put_audit_request(self, zone_id: str, requested_at: Millis, paid_until: Millis) -> None:
        """Record when an audit of a zone has to begin. The rest of its status does not change."""
        row = {"audit_requested_at": requested_at, "audits_paid_until": paid_until}
        self._table.update(zone_key(zone_id), row)

    def cursor(self) -> ScheduleCursor:
        """The progress of the schedule; a new cursor if there is none."""
        return cursor_of(self._table.get(_ROUND) or {})

    def put_cursor(self, last: ScheduleCursor) -> None:
        """Record the progress of the schedule, unless it could not be read."""
        if last.row_fault:
            return
        self._table.update(_ROUND, cursor_row(last))

    def audits_requested(self) -> bool:
        """Whether a person requested an audit of every zone."""
        row = self._table.get(_ROUND) or {}
        return read_row(lambda each: bool(each.get("audit")), row, contract.CURSOR_KEY) is True

    def request_audits(self, *, wanted: bool) -> None:
        """Request an audit of every zone with the next run of the schedule, or take the request back."""
        written = self._table.update(_ROUND, {"audit": wanted})
        if wanted:
            _demand("the row of the schedule", written=written)

    def paused(self) -> str | None:
        """Why publishing is paused, or None. It is paused if that cannot be read."""
        pause = self.pause_state()
        return pause.reason if pause else None

    def pause_state(self) -> Pause | None:
        """The pause, or None. Publishing is paused if that cannot be read."""
        row = self._table.get(_PAUSE)
        return pause_of(row) if row else None

    def pause(self, reason: str, by: str = "") -> None:
        """Stop all writing to the zones. `by` is the ARN of the caller."""
        self._pause(bounded(reason), by, paused=True)

    def resume(self, by: str = "", reason: str = "") -> None:
        """Allow writing to the zones again, and request an audit of every zone."""
        self._pause(bounded(reason), by, paused=False)
        self.request_audits(wanted=True)

    def _pause(self, reason: str, by: str, *, paused: bool) -> None:
        row = _PAUSE | {"paused": paused, "reason": reason, "at": self._table.now(), "by": by}
        _demand("the row that pauses publishing", written=self._table.put(row))

    def approve(self, status: SpokeStatus | ZoneStatus, by: str = "", reason: str = "") -> None:
        """Approve what is pending, so that the next sweep, audit or association task does it. `by` is an ARN."""
        row: Row = {"approved": list(status.pending_removals), "approved_by": by, "approved_at": self._table.now()}
        row["approved_reason"] = bounded(reason)
        if isinstance(status, ZoneStatus):
            key = zone_key(status.zone_id)
            written = self._table.update(key, row)
            _demand(f"the status of {status.zone_id}", written=written)
            if status.pending_vpcs:
                self._table.add(key, "approved_vpcs", status.pending_vpcs)
        else:
            written = self._table.update(spoke_key(status.spoke), row)
            _demand(f"the status of {status.spoke}", written=written)

    def await_approval(self, zone_id: str, vpc: str) -> None:
        """Add a VPC to those whose associations with the zone await approval to end, if there is room.

        A VPC without room is added by a later sweep, when others have been approved.
        """
        with suppress(Outdated):
            self._table.add(zone_key(zone_id), "pending_vpcs", [vpc], most=MAX_PENDING_VPCS)

    def end_approval(self, zone_id: str, vpc: str) -> None:
        """Remove a VPC from those, and from those that a person approved. Other VPCs stay."""
        for attribute in ("pending_vpcs", "approved_vpcs"):
            self._table.discard(zone_key(zone_id), attribute, [vpc])

    def _spoke_statuses(self, prefix: str = "") -> Iterator[SpokeStatus]:
        """Yield the statuses of the spokes whose keys have a prefix; a row with another key is none of these."""
        found = (readable(spoke_status_of, row, "") for row in self._table.query(contract.SPOKES_KEY, prefix))
        return (status for status in found if isinstance(status, SpokeStatus))

    def _put(
        self, key: Row, row: Row, pending_removals: Collection[str], pending_names: int, removed: Collection[str] = ()
    ) -> None:
        pending = {"pending_removals": list(pending_removals), "pending_names": pending_names}
        if pending_removals:
            self._table.update(key, row | pending, removed)
        else:
            # Nothing is pending, so the approval has no subject.
            self._table.update(key, row, ("pending_removals", "pending_names", "approved", *removed))


def _used(counts: Mapping[str, int]) -> tuple[Row, list[str]]:
    """The counts to set, and those to remove, because nothing is counted."""
    return {name: number for name, number in counts.items() if number}, [name for name in counts if not counts[name]]


def _demand(what: str, *, written: bool) -> None:
    """Raise LedgerUnavailable if what a person demands was not written, because a later version wrote the row."""
    if not written:
        raise LedgerUnavailable(f"a later version of orgdns wrote {what}: use the command of that version")


_ROUND: Final = {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: contract.CURSOR_KEY}
_PAUSE: Final = {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: contract.PAUSE_KEY}
