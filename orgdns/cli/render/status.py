"""The state of spokes and zones for a person: troubles first, each with what to do, then the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.drift import contested
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.model.vpcs import is_profile
from orgdns.cli.render.documents.fields import time
from orgdns.cli.render.layout import show_lines
from orgdns.cli.render.text import BAD, GOOD, QUIET, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.text import Text

    from hub.runtime.model.drift import ZoneDrift
    from hub.runtime.model.near_limit import NearLimit
    from orgdns.cli.reports.status import Overview

SHOWN: Final = 10
_FIRST: Final = 3
_NO_REASON: Final = "no reason is known; see the log of the sweeper"
_TOGETHER: Final = "unreachable for too long, like more than a tenth of the spokes"


def show_status(console: Console, overview: Overview, *, everything: bool) -> None:
    """Show what needs a person, and then the progress of sweeps and audits."""
    if overview.paused is not None:
        console.print(visible(f"Publishing is paused: {overview.paused}. To end the pause, run orgdns resume.", BAD))
    most = None if everything else SHOWN
    for heading, lines in (
        ("The ledger is not published", [visible(fault) for fault in overview.stream_faults]),
        ("Pending removals that await orgdns approve", _pending_lines(overview)),
        ("Unreachable", [_unreachable(status) for status in overview.unreachable]),
        ("No complete sweep for hours", [_overdue(status) for status in overview.overdue]),
        ("Zones without a complete audit for days", [_zone_fault(overview, zone) for zone in overview.overdue_zones]),
        ("Cannot be read, and is left as it is", _unreadable_lines(overview)),
        (
            "Others keep changing records",
            [_drift(overview, *each) for each in overview.drifts if _contested(overview, each)],
        ),
        (f"Waiting, in some {overview.backlog.messages:,} messages, because of accounts", _waiting_lines(overview)),
        ("Near a limit (guards in the configuration)", [_near(overview, near) for near in overview.near_limit]),
    ):
        _show_list(console, f"{heading}: {len(lines):,}", lines, most, BAD)
    reached = len(overview.reached)
    current = reached - len(overview.behind)
    since = f", in use since {time(overview.cursor.since)}" if overview.cursor.since else ""
    text = f"{current:,} of {reached:,} spokes are on the current policy{since}."
    console.print(visible(text, GOOD if current == reached else ""))
    _show_list(
        console,
        f"Missed events, found by sweeps: {sum(status.missed_ever for status in overview.missing):,}",
        [
            visible(f"{status.spoke}: {status.missed_ever:,}, {status.missed:,} by the last sweep")
            for status in overview.missing
        ],
        most,
    )
    _show_list(
        console,
        "Damped, because they keep changing",
        [
            visible(f"account {each.account}: {each.instances:,} instances, {each.vpcs:,} VPCs")
            for each in overview.damped
        ],
        most,
    )
    _show_list(
        console,
        "Records that others changed, and that orgdns repaired",
        [_drift(overview, *each) for each in overview.drifts if not _contested(overview, each)],
        most,
    )
    _show_list(console, "Zones", [_zone(overview, zone) for zone in overview.zones], most)
    closed = [_unreachable(status) for status in overview.closed]
    _show_list(console, f"Closed for too long, nothing is left to do: {len(closed):,}", closed, most, QUIET)
    if overview.well:
        console.print(visible("All is well.", GOOD))


def show_pending_removals(
    console: Console,
    overview: Overview,
    subject: SpokeStatus | ZoneStatus,
    names_of: Callable[[str], str],
    *,
    all_of: bool,
) -> None:
    """Show the pending removals of a spoke or a zone; `names_of` returns the names of an instance."""
    # The names of each instance take a read of the ledger.
    shown = subject.pending_removals if all_of else subject.pending_removals[: 2 * SHOWN]
    lines = [
        visible(f"{removal}  {names_of(removal)}" if isinstance(subject, SpokeStatus) else removal.removesuffix("."))
        for removal in shown
    ]
    where = str(subject.spoke) if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
    heading = f"{where}: {subject.pending_names:,} names would be removed"
    if isinstance(subject, SpokeStatus) and subject.fault_since:
        heading += f", because the spoke is {_TOGETHER}: {subject.fault}"
    if lines:
        _show_list(console, heading, lines, None)
    vpcs = overview.vpcs_of(subject)
    heading = f"{where}: {len(vpcs):,} VPCs would no longer resolve it"
    _show_list(console, heading, [visible(vpc) for vpc in vpcs], None if all_of else 2 * SHOWN)
    if len(subject.pending_removals) > len(shown):
        console.print(f"{len(subject.pending_removals) - len(shown):,} more: --all shows them, --json has everything.")


def _waiting_lines(overview: Overview) -> list[Text]:
    """A line for each account because of which names wait."""
    if overview.backlog.messages and not overview.backlog.causes:
        return [visible("the ledger does not say which")]
    return [
        visible(f"{account}: {names:,} names went to the backlog in the last two hours")
        for account, names in overview.backlog.causes
    ]


def _pending_lines(overview: Overview) -> list[Text]:
    """A line for each spoke and zone in which something awaits approval."""
    health = overview.health
    lines: list[Text] = []
    for subject in overview.pending_removals:
        name = overview.name_of(subject)
        parts: list[str] = []
        if isinstance(subject, SpokeStatus):
            parts.append(_pending_names(subject, "instances"))
            if subject.fault_since:
                parts.append(_TOGETHER)
        else:
            if subject.zone_id in health.pending_zones:
                parts.append(_pending_names(subject, "names"))
            if subject.zone_id in health.pending_vpc_zones:
                vpcs = overview.vpcs_of(subject)
                parts.append(f"{len(vpcs):,} VPCs would lose the zone, {_first(vpcs)}")
        where = name if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
        lines.append(visible(f"{where}: {'; '.join(parts)}: orgdns approve {name}"))
    return lines


def _unreadable_lines(overview: Overview) -> list[Text]:
    """A line for each spoke and zone of which something cannot be read, and for the row of the schedule."""
    cursor = overview.cursor.row_fault
    lines = [f"the row of the schedule, so that sweeps go by the clock: {cursor}"] if cursor else []
    for subject in overview.unreadable:
        of_spoke = isinstance(subject, SpokeStatus)
        where = str(subject.spoke) if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
        if subject.row_fault:
            lines.append(f"{where}: its status: {subject.row_fault}")
            continue
        first = _first([each.removesuffix(".") or "an instance without an id" for each in subject.unreadable_first])
        kind = "instances" if of_spoke else "names"
        lines.append(f"{where}: {subject.unreadable:,} {kind}, {first}; orgdns explain says why")
    return [visible(line) for line in lines]


def _pending_names(subject: SpokeStatus | ZoneStatus, kind: str) -> str:
    removals = [removal.removesuffix(".") for removal in subject.pending_removals]
    return f"{subject.pending_names:,} names of {subject.names:,}; {kind} {_first(removals)}"


def _first(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:_FIRST])}{', ...' if len(texts) > _FIRST else ''}"


def _unreachable(status: SpokeStatus) -> Text:
    names = "its names were withdrawn" if status.withdrawn else f"its {status.names:,} names are kept for now"
    if set(status.pending_removals) - status.approved:
        names = f"its {status.pending_names:,} names are kept until orgdns approve {status.spoke}"
    return visible(f"{status.spoke} since {time(status.fault_since)}, {names}: {status.fault}")


def _overdue(status: SpokeStatus) -> Text:
    last = f"last {time(status.swept_at)}" if status.swept_at else "never"
    return visible(f"{status.spoke}, {last}: {status.fault or _NO_REASON}")


def _zone_fault(overview: Overview, zone: ZoneStatus) -> Text:
    return visible(f"{overview.domain(zone.zone_id)}: {zone.fault or _NO_REASON}")


def _contested(overview: Overview, each: tuple[ZoneStatus, ZoneDrift]) -> bool:
    zone, drift = each
    return contested([drift], zone.audited_at, overview.now)


def _drift(overview: Overview, zone: ZoneStatus, drift: ZoneDrift) -> Text:
    text = (
        f"{overview.domain(zone.zone_id)}: {drift.by} changed names {drift.changes:,} times since {time(drift.since)}"
    )
    waits = ", so repairs wait for audits; see docs/beside.md" if _contested(overview, (zone, drift)) else ""
    return visible(f"{text}, last at {time(drift.at)}{waits}")


def _near(overview: Overview, near: NearLimit) -> Text:
    where = f"the Profile {near.zone_id}" if is_profile(near.zone_id) else overview.domain(near.zone_id)
    subject = where if is_profile(near.zone_id) else f"the zone {where}"
    if near.account:
        subject = f"the account {near.account} in {where}"
    return visible(f"{subject}: {near.used:,} of {near.limit:,} {near.kind}")


def _zone(overview: Overview, zone: ZoneStatus) -> Text:
    domain = overview.domain(zone.zone_id)
    if not zone.audited_at:
        return visible(f"{domain}: not audited yet. {zone.fault}", QUIET)
    differences = ", ".join(f"{number:,} {kind}" for kind, number in zone.differences) or "no difference"
    repaired = "".join(f", {number:,} {kind} in the ledger" for kind, number in zone.repaired)
    fault = f"; the last audit failed: {zone.fault}" if zone.fault else ""
    return visible(f"{domain}: {zone.names:,} names, audited {time(zone.audited_at)}, {differences}{repaired}{fault}")


def _show_list(console: Console, heading: str, lines: Sequence[Text], most: int | None, style: str = "") -> None:
    if not lines:
        return
    console.print(visible(heading, f"bold {style}".strip()))
    shown = lines[:most]
    show_lines(console, shown)
    if len(lines) > len(shown):
        console.print(f"{len(lines) - len(shown):,} more: --all shows them, --json has everything.")
