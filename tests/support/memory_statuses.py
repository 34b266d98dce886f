"""The statuses of spokes and zones, and queues of tasks, in memory behind the runtime's ports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from hub.runtime.model.damping import CallSweeps
from hub.runtime.model.drift import ZoneDrift
from hub.runtime.model.names import NEVER, Millis, Spoke
from hub.runtime.model.status import FailedLook, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Task
from hub.runtime.model.usage import UsageByZone, summed
from hub.runtime.ports import Clock, Outdated
from tests.support.memory import MemoryGeneration


@dataclass(slots=True)
class MemoryStatuses:
    """The statuses, the cursor of the schedule, and whether publishing is paused."""

    clock: Clock
    spokes: dict[Spoke, SpokeStatus] = field(default_factory=dict)
    zones: dict[str, ZoneStatus] = field(default_factory=dict)
    round: ScheduleCursor = field(default_factory=ScheduleCursor)
    audit: bool = False
    reason_to_pause: str | None = None
    undelivered_events: dict[Spoke, int] = field(default_factory=dict)
    # Statuses of the same table as a ledger share the ledger's.
    ledger_generation: MemoryGeneration = field(default_factory=MemoryGeneration)

    def sweep_begins(self, spoke: Spoke) -> tuple[SpokeStatus, str]:
        return self.spoke_status(spoke), self.ledger_generation.begun()

    def undelivered(self, spoke: Spoke) -> int:
        """The queue of a spoke with the events that did not reach the hub."""
        return self.undelivered_events.get(spoke, 0)

    def put_failed_look(self, spoke: Spoke, look: FailedLook) -> None:
        self.spokes[spoke] = replace(self.spoke_status(spoke), failed_look=look)

    def put_vpc_health(self, spoke: Spoke, fault: str, refused: int, refusal: str) -> None:
        before = self.spoke_status(spoke)
        since = before.vpc_fault_since or self.clock() if fault else NEVER
        self.spokes[spoke] = replace(
            before, vpc_fault=fault, vpc_fault_since=since, refused_vpcs=refused, refusal=refusal
        )

    def generation(self, *, begins: bool = False) -> str:
        return self.ledger_generation.begun() if begins else self.ledger_generation.read()

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        return self.spokes.get(spoke, SpokeStatus(spoke))

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        return tuple(self.spokes.values())

    def put_spoke_status(self, status: SpokeStatus) -> None:
        before = self.spoke_status(status.spoke)
        approved = before.approved if status.pending_removals else frozenset[str]()
        usage = {zone_id: usage for zone_id, usage in (status if status.counted else before).usage.items() if usage}
        kept = replace(status, vpcs=before.vpcs, vpc_work=before.vpc_work, call_sweeps=before.call_sweeps)
        kept = replace(kept, damped_vpcs=before.damped_vpcs, failed_look=before.failed_look)
        kept = replace(kept, vpc_fault=before.vpc_fault, vpc_fault_since=before.vpc_fault_since)
        kept = replace(kept, refused_vpcs=before.refused_vpcs, refusal=before.refusal)
        self.spokes[status.spoke] = replace(kept, approved=approved, usage=usage)

    def usage_of_account(self, account_id: str) -> UsageByZone:
        return summed(status.usage for spoke, status in self.spokes.items() if spoke.account == account_id)

    def add_usage(self, spoke: Spoke, change: UsageByZone) -> None:
        status = self.spoke_status(spoke)
        self.spokes[spoke] = replace(status, usage=summed([status.usage, change]))

    def count_vpcs(self, spoke: Spoke, vpcs: Mapping[str, int], damped: int = 0) -> None:
        self.spokes[spoke] = replace(self.spoke_status(spoke), vpcs=vpcs, damped_vpcs=damped)

    def keep_vpcs(self, spoke: Spoke, number: int) -> None:
        self.spokes[spoke] = replace(self.spoke_status(spoke), kept_vpcs=number)

    def note_event(self, spoke: Spoke) -> None:
        self.spokes[spoke] = replace(self.spoke_status(spoke), event_at=self.clock())

    def note_vpc_work(self, spoke: Spoke, number: int) -> None:
        self.spokes[spoke] = replace(self.spoke_status(spoke), vpc_work=number)

    def put_call_sweeps(self, spoke: Spoke, before: CallSweeps, after: CallSweeps) -> None:
        status = self.spoke_status(spoke)
        if status.call_sweeps.begins_at != before.begins_at:
            raise Outdated(str(spoke))
        self.spokes[spoke] = replace(status, call_sweeps=after)

    def register_spoke(self, spoke: Spoke) -> None:
        self.spokes.setdefault(spoke, SpokeStatus(spoke))

    def approve_spoke(self, spoke: Spoke) -> None:
        self.spokes[spoke] = replace(self.spokes[spoke], approved=frozenset(self.spokes[spoke].pending_removals))

    def end_approval(self, zone_id: str, vpc: str) -> None:
        status = self.zone_status(zone_id)
        pending = tuple(each for each in status.pending_vpcs if each != vpc)
        self.zones[zone_id] = replace(status, pending_vpcs=pending, approved_vpcs=status.approved_vpcs - {vpc})

    def zone_status(self, zone_id: str) -> ZoneStatus:
        return self.zones.get(zone_id, ZoneStatus(zone_id))

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        return tuple(self.zones.values())

    def put_zone_status(self, status: ZoneStatus) -> None:
        before = self.zone_status(status.zone_id)
        approved = before.approved if status.pending_removals else frozenset[str]()
        requested, paid = before.audit_requested_at, before.audits_paid_until
        kept = replace(status, drift=before.drift, audit_requested_at=requested, audits_paid_until=paid)
        self.zones[status.zone_id] = replace(kept, approved=approved)

    def put_drift(self, zone_id: str, drifts: Collection[ZoneDrift]) -> None:
        self.zones[zone_id] = replace(self.zone_status(zone_id), drift=tuple(drifts))

    def put_audit_request(self, zone_id: str, requested_at: Millis, paid_until: Millis) -> None:
        before = self.zone_status(zone_id)
        self.zones[zone_id] = replace(before, audit_requested_at=requested_at, audits_paid_until=paid_until)

    def approve_zone(self, zone_id: str) -> None:
        self.zones[zone_id] = replace(self.zones[zone_id], approved=frozenset(self.zones[zone_id].pending_removals))

    def cursor(self) -> ScheduleCursor:
        return self.round

    def put_cursor(self, last: ScheduleCursor) -> None:
        self.round = last

    def audits_requested(self) -> bool:
        return self.audit

    def request_audits(self, *, wanted: bool) -> None:
        self.audit = wanted

    def paused(self) -> str | None:
        return self.reason_to_pause

    def settled(self, spokes: Collection[Spoke]) -> tuple[str, frozenset[Spoke]]:
        generation = self.generation()
        return generation, frozenset(spoke for spoke in spokes if self.spoke_status(spoke).settled(generation))


@dataclass(slots=True)
class MemoryTasks:
    """A queue of tasks."""

    enqueued: list[tuple[Task, int]] = field(default_factory=list)

    def enqueue(self, tasks: Iterable[tuple[Task, int]]) -> None:
        self.enqueued += tasks
