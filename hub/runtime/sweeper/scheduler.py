"""Which sweeps and audits are due, and how all is; over ports. No AWS, no log.

The spokes stand in an order that chance gave them, and each round asks the next part of them, so that all are swept
once an hour and never all at once. A new policy has all of them asked ahead of time, as fast as they can be swept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final
from zlib import crc32

from hub.runtime import contract
from hub.runtime.chunks import chunks
from hub.runtime.model.health import health
from hub.runtime.model.tasks import VPCS_A_TASK, Associate, Audit, Sweep
from hub.runtime.model.vpcs import VpcRef

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hub.runtime.model.names import Millis, Spoke
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
    from hub.runtime.model.tasks import Task
    from hub.runtime.ports import Clock, Tasks
    from hub.runtime.sweeper.ports import ScheduleLedger, Spokes, Statuses

SCHEDULES_AN_HOUR: Final = 60 // contract.SCHEDULE_MINUTES
SCHEDULE_SECONDS: Final = contract.SCHEDULE_MINUTES * 60
# How many spokes a second are asked at once: a sweep takes a second or two, and ten run at a time.
SWEEPS_A_SECOND: Final = 5
MOST_AHEAD: Final = SWEEPS_A_SECOND * SCHEDULE_SECONDS
# SQS API Reference, SendMessage: DelaySeconds.
LONGEST_DELAY: Final = 900
# One audit reads the ledger once for so many zones; one follows the other, as all share one pace.
ZONES_AN_AUDIT: Final = 25
# What was held back is looked at again after so many milliseconds: it may have settled by itself.
PENDING_AGAIN: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class ScheduleOutcome:
    """What a round asked for, and the health of all spokes and zones in numbers.

    `behind` counts the spokes on an old policy, `overdue` spokes and zones, `pending_removals` the spokes and zones in
    which something awaits approval: `hub.runtime.model.health` says which these are.
    """

    sweeps: int
    audits: int
    spokes: int
    behind: int
    unreachable: int
    overdue: int
    pending_removals: int


@dataclass(frozen=True, slots=True)
class SweepScheduler:
    """Asks for sweeps and audits; `policy_digest` tells policies apart."""

    spokes: Spokes
    statuses: Statuses
    rounds: ScheduleLedger
    tasks: Tasks
    zone_ids: Sequence[str]
    policy_digest: str
    clock: Clock
    # The associator's queue, where there is one.
    associations: Tasks | None = None

    def schedule_sweeps(self) -> ScheduleOutcome:
        """Ask for the sweeps that are due in this round, and for the audits that a person asked for.

        Raises:
            SpokesUnknown: When the list of spokes could not be had. The next round goes on.
            LedgerUnavailable: When the ledger could not be read or written.
            TasksUnsent: When a task could not be put on the queue.
        """
        now = self.clock()
        listed = self.spokes.listed()
        statuses = {status.spoke: status for status in self.statuses.spoke_statuses()}
        for spoke in sorted(listed - statuses.keys()):
            # From now on it shows in the status, also before its first sweep.
            self.statuses.register_spoke(spoke)
        # A spoke that is rolled out no more is swept until its names are withdrawn, and on where VPCs keep something:
        # its account may leave the organization later than its unit.
        swept = listed | {spoke for spoke, status in statuses.items() if not status.over}
        due, following = due_sweeps(swept, statuses, self.rounds.cursor(), self.policy_digest, now)
        zones = self.statuses.zone_statuses()
        every_zone = self.rounds.audits_requested()
        again = [
            one.zone_id
            for one in zones
            if one.approved or (one.pending_removals and now - one.tried_at > PENDING_AGAIN)
        ]
        audits = _audits(self.zone_ids if every_zone else again)
        self.tasks.ask([*((Sweep(spoke), delay) for spoke, delay in due), *audits])
        if self.associations is not None:
            self.associations.ask(_approved(zones))
        # Last, so that a round that was cut short is asked once more.
        self.rounds.put_cursor(following)
        if every_zone:
            self.rounds.request_audits(wanted=False)
        return replace(self._counted(listed, statuses.values(), zones, now), sweeps=len(due), audits=len(audits))

    def schedule_audits(self, zone_ids: Collection[str] | None = None) -> None:
        """Ask for an audit of these zones, or of every zone.

        Raises:
            TasksUnsent: When the task could not be put on the queue.
        """
        self.tasks.ask(_audits(self.zone_ids if zone_ids is None else zone_ids))

    def _counted(
        self, listed: Collection[Spoke], spokes: Collection[SpokeStatus], zones: Collection[ZoneStatus], now: Millis
    ) -> ScheduleOutcome:
        found = health(spokes, zones, listed, self.policy_digest, now)
        return ScheduleOutcome(
            sweeps=0,
            audits=0,
            spokes=len(found.known),
            behind=len(found.on_old_policy),
            unreachable=len(found.unreachable),
            overdue=len(found.overdue) + len(found.overdue_zones),
            pending_removals=len(found.pending_spokes) + len(found.pending_zones | found.pending_vpc_zones),
        )


def due_sweeps(
    known: Collection[Spoke],
    statuses: Mapping[Spoke, SpokeStatus],
    last: ScheduleCursor,
    policy_digest: str,
    now: Millis,
) -> tuple[list[tuple[Spoke, int]], ScheduleCursor]:
    """Which spokes a round asks, each after how many seconds, and where the next round goes on.

    Those come first that were never tried, and those of which a person approved something. A round that comes too soon
    after the last one, as when several waited on the queue, asks these alone.
    """
    places = {_place(spoke): spoke for spoke in known}
    ordered = sorted(places)
    if last.policy != policy_digest:
        last = replace(last, policy=policy_digest, since=now, ahead=len(ordered))
    ahead = min(last.ahead, MOST_AHEAD)
    early = not ahead and now - last.at < SCHEDULE_SECONDS * 500
    number = 0 if early else max(ahead, -(-len(ordered) // SCHEDULES_AN_HOUR))
    later = [place for place in ordered if place > last.after]
    turn = [*later, *ordered[: len(ordered) - len(later)]][:number]
    first = [spoke for place, spoke in places.items() if _urgent(statuses.get(spoke))][:MOST_AHEAD]
    due = {spoke: position // SWEEPS_A_SECOND for position, spoke in enumerate(sorted(first))}
    for position, place in enumerate(turn):
        delay = position // SWEEPS_A_SECOND if ahead else position * SCHEDULE_SECONDS // number
        due.setdefault(places[place], min(delay, LONGEST_DELAY))
    if early:
        return list(due.items()), last
    after = turn[-1] if turn else ""
    return list(due.items()), replace(last, after=after, ahead=last.ahead - ahead, at=now)


def _place(spoke: Spoke) -> str:
    """Where a spoke stands in the order: not beside the others of its account, whose roles and quotas it shares."""
    return f"{crc32(str(spoke).encode()):08x}/{spoke}"


def _urgent(status: SpokeStatus | None) -> bool:
    return status is None or not status.tried_at or bool(status.approved)


def _approved(zones: Collection[ZoneStatus]) -> list[tuple[Task, int]]:
    """The associations that a person let be ended."""
    refs = sorted({VpcRef.parse(vpc) for zone in zones for vpc in zone.approved_vpcs})
    by_spoke = groupby(refs, key=lambda ref: ref.spoke)
    return [
        (Associate(spoke, part), 0)
        for spoke, of_spoke in by_spoke
        for part in chunks([ref.id for ref in of_spoke], VPCS_A_TASK)
    ]


def audit_parts(zone_ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the zones that one audit compares, and those that it leaves to the next task."""
    return zone_ids[:ZONES_AN_AUDIT], zone_ids[ZONES_AN_AUDIT:]


def _audits(zone_ids: Collection[str]) -> list[tuple[Task, int]]:
    return [(Audit(tuple(sorted(zone_ids))), 0)] if zone_ids else []
