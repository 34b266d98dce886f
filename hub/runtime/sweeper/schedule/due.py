"""Which sweeps and audits are due. Pure.

The spokes have a random but fixed order. Each run of the schedule takes the next part of them, so that all have a turn
once an hour and never all at once. A spoke that is quiet (`SpokeStatus.quiet`) leaves its turns out and is swept once a
day, at a time of day that follows from its place in the order. When the policy or the generation of the ledger is new,
all spokes are enqueued as fast as they can be swept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from zlib import crc32

from hub.runtime import contract
from hub.runtime.model.names import Millis
from hub.runtime.model.status import DAY, HOUR, time_of_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hub.runtime.model.names import Spoke
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus

SCHEDULES_AN_HOUR: Final = 60 // contract.SCHEDULE_MINUTES
SCHEDULE_SECONDS: Final = contract.SCHEDULE_MINUTES * 60
# How many sweeps may start in a second: a sweep takes some three seconds, and twenty run at a time.
SWEEPS_A_SECOND: Final = 5
MOST_AHEAD: Final = SWEEPS_A_SECOND * SCHEDULE_SECONDS
# SQS API Reference, SendMessage: DelaySeconds.
LONGEST_DELAY: Final = 900
# The number of zones for which one audit reads the ledger once. Audits run one after another, because they share one
# pace.
ZONES_AN_AUDIT: Final = 25
# A zone with pending removals is audited again after this time: nothing may be pending any more. Milliseconds.
PENDING_AGAIN: Final = HOUR
# An audit begins some time after it is enqueued. The next one is due this much earlier, or it would come an hour late.
HALF_HOUR: Final = HOUR // 2


def due_sweeps(
    known: Collection[Spoke],
    statuses: Mapping[Spoke, SpokeStatus],
    last: ScheduleCursor,
    policy_digest: str,
    now: Millis,
    quiet: Collection[Spoke] = frozenset(),
    first: Collection[Spoke] = frozenset(),
) -> tuple[list[tuple[Spoke, int]], ScheduleCursor]:
    """Return the spokes that are due, each with a delay in seconds, and the cursor for the next run of the schedule.

    Spokes that had no sweep yet come first, spokes with approved removals, and those in `first`. A run too soon after
    the last, for example because several messages waited on the queue, enqueues only these. `quiet` are the spokes of
    `known` that are swept once a day. They keep their places in the order, so that all others have their turns within
    the hour, however many become quiet meanwhile.
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
    urgent = [spoke for spoke in spokes.values() if spoke in first or _urgent(statuses.get(spoke))][:MOST_AHEAD]
    due = {spoke: index // SWEEPS_A_SECOND for index, spoke in enumerate(sorted(urgent))}
    swept = turn if ahead else [position for position in turn if spokes[position] not in quiet]
    if not early:
        swept = sorted({*swept, *(_position(spoke) for spoke in quiet if _time_of_day_came(spoke, last.at, now))})
    for index, position in enumerate(swept):
        delay = index // SWEEPS_A_SECOND if ahead else index * SCHEDULE_SECONDS // len(swept)
        due.setdefault(spokes[position], min(delay, LONGEST_DELAY))
    if early:
        return list(due.items()), last
    after = turn[-1] if turn else ""
    return list(due.items()), replace(last, after=after, ahead=last.ahead - ahead, at=now)


def of_generation(last: ScheduleCursor, generation: str, known: int) -> ScheduleCursor:
    """Return the cursor in a generation of the ledger. A new one brings the sweeps of all known spokes forward.

    The publisher trusts no claim of a spoke that was not swept in it. It is empty until a sweep begins it; that sweep
    belongs to those brought forward.
    """
    ahead = known if last.generation not in {"", generation} else last.ahead
    return replace(last, generation=generation, ahead=ahead)


def by_clock(last: ScheduleCursor, known: Collection[Spoke], policy_digest: str, now: Millis) -> ScheduleCursor:
    """Return a cursor in place of one that cannot be read: each spoke has its turn once an hour by the clock.

    A new policy or generation is not noticed then: no spoke is swept ahead of time.
    """
    ordered = sorted(map(_position, known))
    run = SCHEDULE_SECONDS * 1000
    begin = now // run % SCHEDULES_AN_HOUR * -(-len(ordered) // SCHEDULES_AN_HOUR)
    after = ordered[min(begin, len(ordered)) - 1] if begin else ""
    return replace(last, policy=policy_digest, after=after, at=Millis(now - run))


def due_audits(zones: Iterable[ZoneStatus], last_run: Millis, now: Millis) -> list[str]:
    """Return the ids of the zones whose audit is due before that of the daily schedule.

    A person approved removals, a call changed records and its event did not say which, or removals have been pending
    for a while. Small zones are due more often: some hours after the last audit, see `ZoneStatus.audit_millis`, and
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
            or (hour and now - zone.tried_at > zone.audit_millis - HALF_HOUR)
        )
    ]


def _position(spoke: Spoke) -> str:
    """Return the spoke's position in the order: not next to the others of its account, whose quotas it shares."""
    return f"{crc32(str(spoke).encode()):08x}/{spoke}"


def _time_of_day_came(spoke: Spoke, last: Millis, now: Millis) -> bool:
    """Whether the time of day at which a quiet spoke is swept came after the last run: once in any 24 hours."""
    begins = time_of_day(spoke)
    return (now - begins) // DAY > (last - begins) // DAY


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


def audit_parts(zone_ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the zones for this audit, and the zones for the next task."""
    return zone_ids[:ZONES_AN_AUDIT], zone_ids[ZONES_AN_AUDIT:]
