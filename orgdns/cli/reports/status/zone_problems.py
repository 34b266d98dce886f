"""Problems of zones, of sweeps and audits, and of limits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.health.path import Stage
from hub.runtime.model.names import NEVER
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.vpcs import is_profile
from orgdns.cli.reports.status.problem import Problem, earliest, first, one, zone_ids_of
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.health.near_limit import NearLimit
    from orgdns.cli.reports.status.overview import Overview

NO_REASON: Final = "no reason is known; see the log of the sweeper"


def closed_zones(overview: Overview) -> Iterator[Problem]:
    """Zones that the writer role may not change."""
    zones = [zone for zone in overview.zones if zone.zone_id in overview.health.closed_zones]
    lines = [
        f"{overview.domain(zone.zone_id)} since {time(zone.closed_since)}, {zone.closed_names:,} names wait: "
        f"{zone.closed_reason}"
        for zone in zones
    ]
    since = earliest(zone.closed_since for zone in zones)
    todo = "give the role what the reason names; the names are published within minutes of that"
    yield from one(
        "zones-closed", Stage.ZONES, "Zones that orgdns may not change", since, zone_ids_of(zones), lines, todo
    )


def overdue(overview: Overview) -> Iterator[Problem]:
    """Spokes and zones without a complete sweep or audit in time, and a schedule that does not run."""
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
    since = earliest(status.swept_at for status in overview.overdue)
    names = [str(status.spoke) for status in overview.overdue]
    yield from one(kind, Stage.SWEEPS, "No complete sweep for hours", since, names, lines, log)
    zones = overview.overdue_zones
    lines = [f"{overview.domain(zone.zone_id)}: {zone.fault or NO_REASON}" for zone in zones]
    since = earliest(zone.audited_at for zone in zones)
    yield from one(kind, Stage.AUDITS, "Zones without a complete audit for days", since, zone_ids_of(zones), lines, log)


def unreadable(overview: Overview) -> Iterator[Problem]:
    """Spokes and zones of which something cannot be read."""
    lines = list[str]()
    for subject in overview.unreadable:
        of_spoke = isinstance(subject, SpokeStatus)
        where = str(subject.spoke) if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
        if subject.row_fault:
            lines.append(f"{where}: its status: {subject.row_fault}")
            continue
        some = first([each.removesuffix(".") or "an instance without an id" for each in subject.unreadable_first])
        kind = "instances" if of_spoke else "names"
        lines.append(f"{where}: {subject.unreadable:,} {kind}, {some}; orgdns explain says why")
    names = [overview.name_of(subject) for subject in overview.unreadable]
    todo = "orgdns explain INSTANCE or NAME says what is wrong"
    title = "Cannot be read, and is left as it is"
    yield from one("unreadable", Stage.LEDGER, title, NEVER, names, lines, todo)


def contested(overview: Overview) -> Iterator[Problem]:
    """Zones in which others keep changing records."""
    found = overview.contested_drifts
    lines = [
        f"{overview.drift_line(zone, drift)}, so repairs wait for audits; see docs/beside.md" for zone, drift in found
    ]
    since = earliest(drift.since for _, drift in found)
    todo = "let the other tool leave these records alone: docs/beside.md"
    names = sorted({zone.zone_id for zone, _ in found})
    title = "Others keep changing records"
    yield from one("records-contested", Stage.ZONES, title, since, names, lines, todo)


def near_limit(overview: Overview) -> Iterator[Problem]:
    """Zones, and accounts in zones, that use most of a limit."""
    accounts = [near for near in overview.near_limit if near.account]
    zones = [near for near in overview.near_limit if not near.account]
    for kind, found, todo in (
        ("zones-near-limit", zones, "request a higher quota from AWS, and enter it in guards"),
        ("accounts-near-limit", accounts, "ask the account's owner, or raise the limit in guards"),
    ):
        lines = [_near_line(overview, near) for near in found]
        names = sorted({near.account or near.zone_id for near in found})
        title = "Near a limit (guards in the configuration)"
        yield from one(kind, Stage.ZONES, title, NEVER, names, lines, todo)


def _near_line(overview: Overview, near: NearLimit) -> str:
    where = f"the Profile {near.zone_id}" if is_profile(near.zone_id) else overview.domain(near.zone_id)
    subject = where if is_profile(near.zone_id) else f"the zone {where}"
    if near.account:
        subject = f"the account {near.account} in {where}"
    return f"{subject}: {near.used:,} of {near.limit:,} {near.kind}"
