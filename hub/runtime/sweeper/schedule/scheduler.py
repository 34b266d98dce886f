"""Enqueues the sweeps and audits that are due, and counts what needs attention; over ports. No AWS, no log."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.health.attention import health
from hub.runtime.model.tasks import VPCS_A_TASK, Associate, Audit, Sweep
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.names.dry_run import NOT_DRY, DryRun
from hub.runtime.ports import LedgerUnavailable, TasksNotSent
from hub.runtime.sweeper.schedule.due import by_clock, due_audits, due_sweeps, of_generation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hub.runtime.model.health.attention import Health
    from hub.runtime.model.status import SpokeStatus, ZoneStatus
    from hub.runtime.model.tasks import Task
    from hub.runtime.model.usage import Limits
    from hub.runtime.ports import Clock, Tasks
    from hub.runtime.sweeper.ports import ScheduleLedger, Spokes, Statuses


@dataclass(frozen=True, slots=True)
class ScheduleOutcome:
    """What a run of the schedule enqueued, and the health of all spokes and zones.

    `faults` say which stack instances, spokes, zones and approvals were left out, and why: the others are scheduled as
    without them.
    """

    sweeps: int
    audits: int
    health: Health
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepScheduler:
    """Enqueues sweeps and audits.

    `policy_digest` identifies the current policy. `associations` is the associator's queue, None without an associator.
    What is in `dry_run`, and the `version` that runs, are stored for `orgdns status`.
    """

    spokes: Spokes
    statuses: Statuses
    schedule: ScheduleLedger
    tasks: Tasks
    zone_ids: Sequence[str]
    policy_digest: str
    clock: Clock
    associations: Tasks | None = None
    limits: Limits | None = None
    dry_run: DryRun = NOT_DRY
    version: str = ""

    def schedule_sweeps(self) -> ScheduleOutcome:
        """Enqueue the sweeps that are due, and what a person requested or approved: audits and ends of associations.

        Raises:
            SpokesUnknown: if the list of spokes cannot be read. The next run of the schedule goes on.
            LedgerUnavailable: if the ledger cannot be read or written.
            TasksNotSent: if a task cannot be enqueued. All others are.
        """
        now, found = self.clock(), self.spokes.listed()
        listed = frozenset(spoke for spoke in found if not isinstance(spoke, Unreadable))
        # A spoke without a readable stack instance keeps what it has: only its account decides whether it is covered.
        faults = sorted(f"a stack instance: {each}" for each in found if isinstance(each, Unreadable))
        statuses = {status.spoke: status for status in self.statuses.spoke_statuses()}
        for spoke in sorted(listed - statuses.keys()):
            # So that the spoke appears in the status before its first sweep.
            with _alone(faults, spoke):
                self.statuses.register_spoke(spoke)
        # A spoke that no longer has a stack is swept until its names are withdrawn, and longer while its VPCs have
        # associations made by orgdns: its account may leave the organization later than its unit. After the ledger was
        # lost, it is swept once more, because the publisher waits for that.
        generation = self.statuses.generation()
        over = {spoke for spoke, status in statuses.items() if status.over and status.settled(generation)}
        swept = listed | (statuses.keys() - over)
        last = self.schedule.cursor()
        if last.row_fault:
            last = by_clock(last, swept, self.policy_digest, now)
        last = of_generation(last, generation, len(swept))
        # A spoke without a stack may keep names for a while only, so it does not wait for a day.
        quiet = {spoke for spoke in listed & swept if self._quiet(statuses.get(spoke), generation)}
        every_zone = self.schedule.audits_requested()
        # A person ended a pause: VPCs may wait, too.
        waiting = {spoke for spoke, status in statuses.items() if every_zone and status.vpcs_wait}
        due, following = due_sweeps(swept, statuses, last, self.policy_digest, now, quiet, waiting)
        # A zone that the configuration no longer has is not audited, so its status would be overdue forever.
        zones = [zone for zone in self.statuses.zone_statuses() if zone.zone_id in self.zone_ids]
        audits = _audits(self.zone_ids if every_zone else due_audits(zones, last.at, now))
        sweeps = [(Sweep(spoke), delay) for spoke, delay in due]
        unsent = [*_unsent(self.tasks, [*audits, *sweeps])]
        if self.associations is not None:
            refs = [readable(VpcRef.parse, vpc, vpc) for zone in zones for vpc in sorted(zone.approved_vpcs)]
            faults += sorted({f"an approval: {ref}" for ref in refs if isinstance(ref, Unreadable)})
            unsent += _unsent(self.associations, _approved({ref for ref in refs if not isinstance(ref, Unreadable)}))
        else:
            for zone in zones:
                with _alone(faults, zone.zone_id):
                    self._remove_pending(zone)
            zones = [replace(zone, pending_vpcs=()) for zone in zones]
        if unsent:
            raise TasksNotSent("; ".join(unsent))
        # Stored last, so that an interrupted run is repeated.
        dry_run = self.dry_run
        following = replace(
            following,
            dry_zones=tuple(sorted(dry_run.zone_ids)),
            dry_rules=tuple(sorted(dry_run.rules)),
            dry_associations=tuple(sorted(dry_run.unassociated)),
            version=self.version,
            schema=SCHEMA,
        )
        self.schedule.put_cursor(following)
        if every_zone:
            self.schedule.request_audits(wanted=False)
        state = health(statuses.values(), zones, listed, following, now, self.limits, self.zone_ids)
        return ScheduleOutcome(len(due), len(audits), state, tuple(faults))

    def _quiet(self, status: SpokeStatus | None, generation: str) -> bool:
        return status is not None and status.quiet(self.policy_digest, generation)

    def _remove_pending(self, zone: ZoneStatus) -> None:
        """Remove the ends of associations that await approval: no zone selects VPCs any more, so none ends."""
        for vpc in zone.pending_vpcs:
            self.schedule.end_approval(zone.zone_id, vpc)

    def schedule_audits(self, zone_ids: Collection[str] | None = None) -> None:
        """Enqueue an audit of these zones, or of every zone.

        Raises:
            TasksNotSent: if the task cannot be enqueued.
        """
        self.tasks.enqueue(_audits(self.zone_ids if zone_ids is None else zone_ids))


@contextmanager
def _alone(faults: list[str], what: object) -> Iterator[None]:
    """Do something for one spoke or zone. If DynamoDB refuses its row, the others are scheduled nevertheless."""
    try:
        yield
    except LedgerUnavailable as refused:
        faults.append(f"{what}: {refused}")


def _unsent(queue: Tasks, tasks: Collection[tuple[Task, int]]) -> Iterator[str]:
    """Enqueue tasks, and yield why not all of them were."""
    try:
        queue.enqueue(tasks)
    except TasksNotSent as fault:
        yield str(fault)


def _approved(refs: Collection[VpcRef]) -> list[tuple[Task, int]]:
    """Return the tasks that make the approved ends of associations of these VPCs."""
    by_spoke = groupby(sorted(refs), key=lambda ref: ref.spoke)
    return [
        (Associate(spoke, part), 0)
        for spoke, of_spoke in by_spoke
        for part in chunks([ref.id for ref in of_spoke], VPCS_A_TASK)
    ]


def _audits(zone_ids: Collection[str]) -> list[tuple[Task, int]]:
    return [(Audit(tuple(sorted(zone_ids))), 0)] if zone_ids else []
