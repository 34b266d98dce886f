"""Which sweeps and audits are due, and the health of all spokes and zones; over ports. No AWS, no log.

The spokes have a random but fixed order. Each run of the schedule enqueues the next part of them, so that all are swept
once an hour and never all at once. After a new policy, all spokes are enqueued as fast as they can be swept.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final
from zlib import crc32

from hub.runtime import contract
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.health import health
from hub.runtime.model.names import Millis
from hub.runtime.model.tasks import VPCS_A_TASK, Associate, Audit, Sweep
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.ports import LedgerUnavailable, TasksNotSent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from hub.runtime.model.names import Spoke
    from hub.runtime.model.near_limit import NearLimit
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
    from hub.runtime.model.tasks import Task
    from hub.runtime.model.usage import Limits
    from hub.runtime.ports import Clock, Tasks
    from hub.runtime.sweeper.ports import ScheduleLedger, Spokes, Statuses

SCHEDULES_AN_HOUR: Final = 60 // contract.SCHEDULE_MINUTES
SCHEDULE_SECONDS: Final = contract.SCHEDULE_MINUTES * 60
# How many sweeps may start in a second: a sweep takes a second or two, and ten run at a time.
SWEEPS_A_SECOND: Final = 5
MOST_AHEAD: Final = SWEEPS_A_SECOND * SCHEDULE_SECONDS
# SQS API Reference, SendMessage: DelaySeconds.
LONGEST_DELAY: Final = 900
# The number of zones for which one audit reads the ledger once. Audits run one after another, because they share one
# pace.
ZONES_AN_AUDIT: Final = 25
# In milliseconds.
HOUR: Final = 3_600_000
# A zone with pending removals is audited again after this time: nothing may be pending any more.
PENDING_AGAIN: Final = HOUR
# Four pages of Route 53, which an audit reads in a few seconds.
RECORDS_AN_HOUR: Final = 1_000
# An audit begins some time after it is enqueued. The next one is due this much earlier, or it would come an hour late.
HALF_HOUR: Final = HOUR // 2


@dataclass(frozen=True, slots=True)
class ScheduleOutcome:
    """What a run of the schedule enqueued, and the health of all spokes and zones in numbers.

    `on_old_policy` and `unreachable` count spokes, `overdue` spokes and zones, `pending_removals` the spokes and zones
    in which something awaits approval, and `unreadable` those in which something cannot be read:
    `hub.runtime.model.health` says which these are. `accounts_near_limit` and `zones_near_limit` are those that use
    most of a limit. `faults` say which stack instances, spokes, zones and approvals were left out, and why: the others
    are scheduled as without them.
    """

    sweeps: int
    audits: int
    spokes: int
    on_old_policy: int
    unreachable: int
    overdue: int
    pending_removals: int
    contested_zones: int = 0
    unreadable: int = 0
    accounts_near_limit: tuple[NearLimit, ...] = ()
    zones_near_limit: tuple[NearLimit, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepScheduler:
    """Enqueues sweeps and audits.

    `policy_digest` identifies the current policy. `associations` is the associator's queue, None without an associator.
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
        due, following = due_sweeps(swept, statuses, last, self.policy_digest, now)
        # A zone that the configuration no longer has is not audited, so its status would be overdue forever.
        zones = [zone for zone in self.statuses.zone_statuses() if zone.zone_id in self.zone_ids]
        every_zone = self.schedule.audits_requested()
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
        self.schedule.put_cursor(following)
        if every_zone:
            self.schedule.request_audits(wanted=False)
        counted = self._counted(listed, statuses.values(), zones, now)
        return replace(counted, sweeps=len(due), audits=len(audits), faults=tuple(faults))

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

    def _counted(
        self, listed: Collection[Spoke], spokes: Collection[SpokeStatus], zones: Collection[ZoneStatus], now: Millis
    ) -> ScheduleOutcome:
        found = health(spokes, zones, listed, self.policy_digest, now, self.limits, self.zone_ids)
        return ScheduleOutcome(
            sweeps=0,
            audits=0,
            spokes=len(found.known),
            on_old_policy=len(found.on_old_policy),
            unreachable=len(found.unreachable),
            overdue=len(found.overdue) + len(found.overdue_zones),
            pending_removals=len(found.pending_spokes) + len(found.pending_zones | found.pending_vpc_zones),
            contested_zones=len(found.contested_zones),
            unreadable=len(found.unreadable) + len(found.unreadable_zones),
            accounts_near_limit=found.accounts_near_limit,
            zones_near_limit=found.zones_near_limit,
        )


def due_sweeps(
    known: Collection[Spoke],
    statuses: Mapping[Spoke, SpokeStatus],
    last: ScheduleCursor,
    policy_digest: str,
    now: Millis,
) -> tuple[list[tuple[Spoke, int]], ScheduleCursor]:
    """Return the spokes that are due, each with a delay in seconds, and the cursor for the next run of the schedule.

    Spokes that had no sweep yet come first, and spokes with approved removals. A run too soon after the last, for
    example because several messages waited on the queue, enqueues only these.

    """
    spokes = {_position(spoke): spoke for spoke in known}
    ordered = sorted(spokes)
    if last.policy != policy_digest:
        last = replace(last, policy=policy_digest, since=now, ahead=len(ordered))
    ahead = min(last.ahead, MOST_AHEAD)
    early = not ahead and now - last.at < SCHEDULE_SECONDS * 500
    number = 0 if early else max(ahead, -(-len(ordered) // SCHEDULES_AN_HOUR))
    later = [position for position in ordered if position > last.after]
    turn = [*later, *ordered[: len(ordered) - len(later)]][:number]
    urgent = [spoke for spoke in spokes.values() if _urgent(statuses.get(spoke))][:MOST_AHEAD]
    due = {spoke: index // SWEEPS_A_SECOND for index, spoke in enumerate(sorted(urgent))}
    for index, position in enumerate(turn):
        delay = index // SWEEPS_A_SECOND if ahead else index * SCHEDULE_SECONDS // number
        due.setdefault(spokes[position], min(delay, LONGEST_DELAY))
    if early:
        return list(due.items()), last
    after = turn[-1] if turn else ""
    return list(due.items()), replace(last, after=after, ahead=last.ahead - ahead, at=now)


def by_clock(last: ScheduleCursor, known: Collection[Spoke], policy_digest: str, now: Millis) -> ScheduleCursor:
    """Return a cursor in place of one that cannot be read: each spoke has its turn once an hour by the clock.

    A new policy is not noticed then: no spoke is swept ahead of time.
    """
    ordered = sorted(map(_position, known))
    run = SCHEDULE_SECONDS * 1000
    begin = now // run % SCHEDULES_AN_HOUR * -(-len(ordered) // SCHEDULES_AN_HOUR)
    after = ordered[min(begin, len(ordered)) - 1] if begin else ""
    return replace(last, policy=policy_digest, after=after, at=Millis(now - run))


def due_audits(zones: Iterable[ZoneStatus], last_run: Millis, now: Millis) -> list[str]:
    """Return the ids of the zones whose audit is due before that of the daily schedule.

    A person approved removals, a call changed records and its event did not say which, or removals have been pending
    for a while. Small zones are due more often: some hours after the last audit, one for each `RECORDS_AN_HOUR`, and
    one more. They are enqueued once an hour at most, however long the task waits. Of a zone whose status cannot be read
    it is not known when it was audited last: it has only the audits of the daily schedule.
    """
    hour = now // HOUR > last_run // HOUR
    return [
        zone.zone_id
        for zone in zones
        if not zone.row_fault
        and (
            _approved_now(zone)
            or (zone.audit_requested_at and zone.tried_at <= zone.audit_requested_at <= now)
            or (zone.pending_removals and now - zone.tried_at > PENDING_AGAIN)
            or (hour and now - zone.tried_at > (1 + zone.record_sets // RECORDS_AN_HOUR) * HOUR - HALF_HOUR)
        )
    ]


def _position(spoke: Spoke) -> str:
    """Return the spoke's position in the order: not next to the others of its account, whose quotas it shares."""
    return f"{crc32(str(spoke).encode()):08x}/{spoke}"


def _urgent(status: SpokeStatus | None) -> bool:
    if status is None or status.row_fault:
        # Of a status that cannot be read it is not known whether there was a sweep: the spoke waits for its turn.
        return status is None
    return not status.tried_at or _approved_now(status)


def _approved_now(status: SpokeStatus | ZoneStatus) -> bool:
    """Whether a removal that a person approved is still pending.

    The approvals of removals that were made stay in the ledger as long as others are pending.
    """
    return not status.approved.isdisjoint(status.pending_removals)


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


def audit_parts(zone_ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the zones for this audit, and the zones for the next task."""
    return zone_ids[:ZONES_AN_AUDIT], zone_ids[ZONES_AN_AUDIT:]


def _audits(zone_ids: Collection[str]) -> list[tuple[Task, int]]:
    return [(Audit(tuple(sorted(zone_ids))), 0)] if zone_ids else []
