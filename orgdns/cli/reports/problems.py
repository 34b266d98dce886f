"""What needs a person, worst first: since when, who is affected, what is known, and the next command. Pure.

What orgdns does not know is a problem, too. `status` shows this list and takes its exit code from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.health.path import Stage, path_problems
from hub.runtime.model.names import NEVER
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.model.vpcs import is_profile
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hub.runtime.model.health.near_limit import NearLimit
    from hub.runtime.model.names import Millis
    from orgdns.cli.reports.status import Overview

_FIRST: Final = 3
NO_REASON: Final = "no reason is known; see the log of the sweeper"
TOGETHER: Final = "unreachable for too long, like more than a tenth of the spokes"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem.

    `kind` is the name of its page in docs/runbook, and of its alarm if it has one. `since` is 0 if that is not known.
    `affected` are spokes, zones and accounts as the commands take them, and `lines` say what is known of each.
    """

    kind: str
    stage: Stage
    title: str
    since: Millis
    affected: tuple[str, ...]
    lines: tuple[str, ...]
    todo: str


def problems(overview: Overview) -> tuple[Problem, ...]:
    """Return the problems, worst first: what stops everything, what stops a part, what may stop it, what is unknown."""
    return tuple(
        problem
        for found in (
            _path(overview),
            _paused(overview),
            _closed_zones(overview),
            _pending(overview),
            _unreachable(overview),
            _failing_looks(overview),
            _overdue(overview),
            _unreadable(overview),
            _contested(overview),
            _near_limit(overview),
            _events(overview),
            _unknown_vpcs(overview),
            _waiting(overview),
            _not_yet(overview),
        )
        for problem in found
    )


def _path(overview: Overview) -> Iterator[Problem]:
    for found in path_problems(overview.path, overview.now, overview.path_facts):
        kind = "names-overdue" if found.stage is Stage.PUBLISHER and overview.path.stalled(overview.now) else ""
        title = f"The path stands still at the {found.stage}"
        yield Problem(
            kind or "path-interrupted", found.stage, title, found.since, (found.stage.value,), (found.what,), found.todo
        )


def _paused(overview: Overview) -> Iterator[Problem]:
    if (pause := overview.pause) is None:
        return
    who = f", by {pause.by}" if pause.by else ""
    line = f"{pause.reason}{who}"
    yield Problem("paused", Stage.PUBLISHER, "Publishing is paused", pause.at, (), (line,), "orgdns resume ends the pause")


def _closed_zones(overview: Overview) -> Iterator[Problem]:
    zones = [zone for zone in overview.zones if zone.zone_id in overview.health.closed_zones]
    lines = [
        f"{overview.domain(zone.zone_id)} since {time(zone.closed_since)}, {zone.closed_names:,} names wait: "
        f"{zone.closed_reason}"
        for zone in zones
    ]
    since = _earliest(zone.closed_since for zone in zones)
    todo = "give the role what the reason names; the names are published within minutes of that"
    yield from _one("zones-closed", Stage.ZONES, "Zones that orgdns may not change", since, _ids(zones), lines, todo)


def _pending(overview: Overview) -> Iterator[Problem]:
    subjects = overview.pending_removals
    names = [overview.name_of(subject) for subject in subjects]
    lines = [_pending_line(overview, subject) for subject in subjects]
    title = "Pending removals that await orgdns approve"
    todo = "find out why so much is missing, then orgdns approve SPOKE or ZONE"
    yield from _one("pending-removals", Stage.SWEEPS, title, NEVER, names, lines, todo)


def _pending_line(overview: Overview, subject: SpokeStatus | ZoneStatus) -> str:
    name, parts = overview.name_of(subject), list[str]()
    if isinstance(subject, SpokeStatus):
        parts += [_pending_names(subject, "instances"), *([TOGETHER] if subject.fault_since else [])]
    else:
        if subject.zone_id in overview.health.pending_zones:
            parts.append(_pending_names(subject, "names"))
        if subject.zone_id in overview.health.pending_vpc_zones:
            vpcs = overview.vpcs_of(subject)
            parts.append(f"{len(vpcs):,} VPCs would lose the zone, {_first(vpcs)}")
    where = name if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
    return f"{where}: {'; '.join(parts)}: orgdns approve {name}"


def _unreachable(overview: Overview) -> Iterator[Problem]:
    lines = [unreachable_line(status) for status in overview.unreachable]
    since = _earliest(status.fault_since for status in overview.unreachable)
    todo = "deploy the rollout again, repair the policy that denies access, or leave the account out"
    names = [str(status.spoke) for status in overview.unreachable]
    yield from _one("spokes-unreachable", Stage.SWEEPS, "Unreachable", since, names, lines, todo)


def unreachable_line(status: SpokeStatus) -> str:
    """Return what is known of an unreachable spoke, and what becomes of its names."""
    names = "its names were withdrawn" if status.withdrawn else f"its {status.names:,} names are kept for now"
    if set(status.pending_removals) - status.approved:
        names = f"its {status.pending_names:,} names are kept until orgdns approve {status.spoke}"
    return f"{status.spoke} since {time(status.fault_since)}, {names}: {status.fault}"


def _failing_looks(overview: Overview) -> Iterator[Problem]:
    found = [status for status in overview.spokes if status.spoke in overview.health.failing_looks]
    lines = [
        f"{status.spoke} since {time(status.failed_look.since)}, events of {status.failed_look.events:,} instances "
        f"wait, {_first(status.failed_look.instances)}: {status.failed_look.reason}"
        for status in found
    ]
    since = _earliest(status.failed_look.since for status in found)
    todo = "repair what the reason names; the events come again within minutes"
    title = "Instances that could not be looked at when an event came"
    yield from _one("looks-failing", Stage.OBSERVER, title, since, [str(each.spoke) for each in found], lines, todo)


def _overdue(overview: Overview) -> Iterator[Problem]:
    kind, log = "sweeps-overdue", "read the log of the sweeper, and run orgdns dead-letters"
    if overview.health.not_scheduled:
        at = overview.cursor.at
        line = f"the schedule ran last at {time(at)}" if at else "the schedule has not run yet"
        todo = "orgdns doctor checks the schedules, the sweeper and its queue"
        yield Problem(kind, Stage.SWEEPS, "Sweeps and audits are not scheduled", at, (), (line,), todo)
    if overview.cursor.row_fault:
        line = f"the row of the schedule, so that sweeps go by the clock: {overview.cursor.row_fault}"
        yield Problem("unreadable", Stage.SWEEPS, "The schedule cannot be read", NEVER, (), (line,), "delete the row")
    lines = [
        f"{status.spoke}, last {time(status.swept_at) if status.swept_at else 'never'}: {status.fault or NO_REASON}"
        for status in overview.overdue
    ]
    since = _earliest(status.swept_at for status in overview.overdue)
    names = [str(status.spoke) for status in overview.overdue]
    yield from _one(kind, Stage.SWEEPS, "No complete sweep for hours", since, names, lines, log)
    zones = overview.overdue_zones
    lines = [f"{overview.domain(zone.zone_id)}: {zone.fault or NO_REASON}" for zone in zones]
    since = _earliest(zone.audited_at for zone in zones)
    yield from _one(kind, Stage.AUDITS, "Zones without a complete audit for days", since, _ids(zones), lines, log)


def _unreadable(overview: Overview) -> Iterator[Problem]:
    lines = list[str]()
    for subject in overview.unreadable:
        of_spoke = isinstance(subject, SpokeStatus)
        where = str(subject.spoke) if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
        if subject.row_fault:
            lines.append(f"{where}: its status: {subject.row_fault}")
            continue
        first = _first([each.removesuffix(".") or "an instance without an id" for each in subject.unreadable_first])
        kind = "instances" if of_spoke else "names"
        lines.append(f"{where}: {subject.unreadable:,} {kind}, {first}; orgdns explain says why")
    names = [overview.name_of(subject) for subject in overview.unreadable]
    todo = "orgdns explain INSTANCE or NAME says what is wrong"
    title = "Cannot be read, and is left as it is"
    yield from _one("unreadable", Stage.LEDGER, title, NEVER, names, lines, todo)


def _contested(overview: Overview) -> Iterator[Problem]:
    found = overview.contested_drifts
    lines = [
        f"{overview.drift_line(zone, drift)}, so repairs wait for audits; see docs/beside.md" for zone, drift in found
    ]
    since = _earliest(drift.since for _, drift in found)
    todo = "let the other tool leave these records alone: docs/beside.md"
    names = sorted({zone.zone_id for zone, _ in found})
    title = "Others keep changing records"
    yield from _one("records-contested", Stage.ZONES, title, since, names, lines, todo)


def _near_limit(overview: Overview) -> Iterator[Problem]:
    accounts = [near for near in overview.near_limit if near.account]
    zones = [near for near in overview.near_limit if not near.account]
    for kind, found, todo in (
        ("zones-near-limit", zones, "request a higher quota from AWS, and enter it in guards"),
        ("accounts-near-limit", accounts, "ask the account's owner, or raise the limit in guards"),
    ):
        lines = [_near_line(overview, near) for near in found]
        names = sorted({near.account or near.zone_id for near in found})
        title = "Near a limit (guards in the configuration)"
        yield from _one(kind, Stage.ZONES, title, NEVER, names, lines, todo)


def _near_line(overview: Overview, near: NearLimit) -> str:
    where = f"the Profile {near.zone_id}" if is_profile(near.zone_id) else overview.domain(near.zone_id)
    subject = where if is_profile(near.zone_id) else f"the zone {where}"
    if near.account:
        subject = f"the account {near.account} in {where}"
    return f"{subject}: {near.used:,} of {near.limit:,} {near.kind}"


def _events(overview: Overview) -> Iterator[Problem]:
    health = overview.health
    lost = [status for status in overview.spokes if status.spoke in health.undelivered]
    lines = [
        f"{status.spoke}: undelivered events cannot be counted: {status.undelivered_fault}"
        if status.undelivered_fault
        else f"{status.spoke}: {status.undelivered_new:,} since the sweep before, {status.undelivered:,} in its queue"
        for status in lost
    ]
    todo = "the messages in the spoke's queue orgdns-undelivered have EventBridge's reason; sweeps find the instances"
    title = "Events that did not reach the hub"
    names = [str(status.spoke) for status in lost]
    yield from _one("events-undelivered", Stage.SPOKES, title, NEVER, names, lines, todo)
    missed = [status for status in overview.spokes if status.spoke in health.missing_events]
    lines = [
        f"{status.spoke}: {status.missed:,} changes by the last sweep, of {status.missed_sweeps:,} sweeps in a row"
        for status in missed
    ]
    todo = "compare the rules and the delivery role of the spoke with those of the rollout; deploy it again"
    title = "Changes that no event reports"
    names = [str(status.spoke) for status in missed]
    yield from _one("events-missed", Stage.SPOKES, title, NEVER, names, lines, todo)


def _unknown_vpcs(overview: Overview) -> Iterator[Problem]:
    found = [status for status in overview.spokes if status.spoke in overview.health.unknown_vpcs]
    lines = [f"{status.spoke} since {time(status.vpc_fault_since)}: {status.vpc_fault}" for status in found]
    since = _earliest(status.vpc_fault_since for status in found)
    names = [str(status.spoke) for status in found]
    todo = "repair what the reason names; the next sweep describes the VPCs"
    title = "VPCs that cannot be described"
    yield from _one("vpcs-unknown", Stage.ASSOCIATIONS, title, since, names, lines, todo)


def _waiting(overview: Overview) -> Iterator[Problem]:
    if not overview.backlog.messages:
        return
    causes = overview.backlog.causes
    lines = tuple(f"{account}: {names:,} names went to the backlog in the last two hours" for account, names in causes)
    title = f"Waiting, in some {overview.backlog.messages:,} messages, because of accounts"
    todo = "an honest burst ends by itself; if it lasts, ask the account's owner what keeps changing names"
    accounts = tuple(account for account, _ in causes)
    none = ("the ledger does not say which",)
    yield Problem("names-deferred", Stage.PUBLISHER, title, NEVER, accounts, lines or none, todo)


def _not_yet(overview: Overview) -> Iterator[Problem]:
    swept = overview.behind
    since = overview.cursor.since
    lines = [f"{status.spoke}{'' if status.swept_at else ', not swept yet'}" for status in swept]
    title, todo = "Spokes that are not on the current policy yet", "wait; a sweep of every spoke takes up to an hour"
    yield from _one("not-swept", Stage.SWEEPS, title, since, [str(each.spoke) for each in swept], lines, todo)
    zones = sorted(overview.health.not_audited)
    lines = [f"{overview.domain(zone_id)}: whether its records are right is not known yet" for zone_id in zones]
    todo = "orgdns audit audits all zones now; the schedule does it once a day"
    yield from _one("not-audited", Stage.AUDITS, "Zones that were not audited yet", NEVER, zones, lines, todo)


def _one(
    kind: str, stage: Stage, title: str, since: Millis, affected: Iterable[str], lines: Sequence[str], todo: str
) -> Iterator[Problem]:
    """Yield the problem if it affects anything."""
    if lines:
        yield Problem(kind, stage, title, since, tuple(affected), tuple(lines), todo)


def _earliest(times: Iterable[Millis]) -> Millis:
    return min((each for each in times if each), default=NEVER)


def _ids(zones: Iterable[ZoneStatus]) -> list[str]:
    return [zone.zone_id for zone in zones]


def _pending_names(subject: SpokeStatus | ZoneStatus, kind: str) -> str:
    removals = [removal.removesuffix(".") for removal in subject.pending_removals]
    return f"{subject.pending_names:,} names of {subject.names:,}; {kind} {_first(removals)}"


def _first(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:_FIRST])}{', ...' if len(texts) > _FIRST else ''}"
