"""How all is, for a person: troubles first, each with what to do; of what is well, the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

from hub.runtime.model.status import SpokeStatus, ZoneStatus
from orgdns.cli.render.documents import time
from orgdns.cli.render.text import BAD, GOOD, QUIET, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.text import Text

    from orgdns.cli.reports.status import Overview

SHOWN: Final = 10


def show_status(console: Console, seen: Overview, *, everything: bool) -> None:
    """Show what needs a person, and then how far sweeps and audits have come."""
    if seen.paused is not None:
        console.print(visible(f"Publishing is paused: {seen.paused}. orgdns resume ends it.", BAD))
    most = None if everything else SHOWN
    for heading, lines in (
        ("Removals that wait for orgdns approve", [_pending_line(seen, one) for one in seen.pending_removals]),
        ("Out of reach", [_unreachable(one) for one in seen.unreachable]),
        ("Not swept for hours", [_overdue(one) for one in seen.overdue]),
        ("Zones not audited for days", [_zone_fault(seen, one) for one in seen.overdue_zones]),
    ):
        _show_list(console, f"{heading}: {len(lines):,}", lines, most, BAD)
    done, within = len(seen.reached) - len(seen.behind), len(seen.reached)
    since = f" since {time(seen.cursor.since)}" if seen.cursor.since else ""
    text = f"Swept by the deployed policy{since}: {done:,} of {within:,} spokes."
    console.print(visible(text, GOOD if done == within else ""))
    _show_list(
        console,
        f"Events missed, as sweeps found: {sum(one.missed_ever for one in seen.missing):,}",
        [visible(f"{one.spoke}: {one.missed_ever:,}, {one.missed:,} by the last sweep") for one in seen.missing],
        most,
    )
    _show_list(console, "Zones", [_zone(seen, one) for one in seen.zones], most)
    if seen.well:
        console.print(visible("All is well.", GOOD))


def show_held(
    console: Console, seen: Overview, subject: SpokeStatus | ZoneStatus, names_of: Callable[[str], str], *, all_of: bool
) -> None:
    """Show what waits in a spoke or a zone; `names_of` tells of an instance's names."""
    # Asking for the names of each takes a while.
    shown = subject.pending_removals if all_of else subject.pending_removals[: 2 * SHOWN]
    lines = [
        visible(f"{one}  {names_of(one)}" if isinstance(subject, SpokeStatus) else one.removesuffix("."))
        for one in shown
    ]
    where = str(subject.spoke) if isinstance(subject, SpokeStatus) else seen.domain(subject.zone_id)
    heading = f"{where}: {subject.pending_names:,} names would be removed"
    if lines:
        _show_list(console, heading, lines, None)
    vpcs = seen.vpcs_of(subject)
    heading = f"{where}: {len(vpcs):,} VPCs would not resolve it any more"
    _show_list(console, heading, [visible(vpc) for vpc in vpcs], None if all_of else 2 * SHOWN)
    if len(subject.pending_removals) > len(shown):
        console.print(f"{len(subject.pending_removals) - len(shown):,} more: --all shows them, --json has everything.")


def _pending_line(seen: Overview, one: SpokeStatus | ZoneStatus) -> Text:
    name = seen.name_of(one)
    if vpcs := seen.vpcs_of(one):
        told = f"{len(vpcs):,} VPCs would lose the zone, {', '.join(vpcs[:3])}{', ...' if len(vpcs) > 3 else ''}"  # noqa: PLR2004 - enough to see
        return visible(f"{seen.domain(name)}: {told}: orgdns approve {name}")
    of = "instances" if isinstance(one, SpokeStatus) else "names"
    first = ", ".join(text.removesuffix(".") for text in one.pending_removals[:3])
    more = ", ..." if len(one.pending_removals) > len(one.pending_removals[:3]) else ""
    return visible(f"{name}: {one.pending_names:,} names of {one.names:,}; {of} {first}{more}: orgdns approve {name}")


def _unreachable(one: SpokeStatus) -> Text:
    names = "its names were withdrawn" if one.withdrawn else f"its {one.names:,} names are kept for now"
    return visible(f"{one.spoke} since {time(one.fault_since)}, {names}: {one.fault}")


def _overdue(one: SpokeStatus) -> Text:
    last = f"last {time(one.swept_at)}" if one.swept_at else "never"
    return visible(f"{one.spoke}, {last}: {one.fault or 'no reason is known; look at the sweeper log'}")


def _zone_fault(seen: Overview, one: ZoneStatus) -> Text:
    return visible(f"{seen.domain(one.zone_id)}: {one.fault or 'no reason is known; look at the sweeper log'}")


def _zone(seen: Overview, one: ZoneStatus) -> Text:
    if not one.audited_at:
        return visible(f"{seen.domain(one.zone_id)}: not audited yet. {one.fault}", QUIET)
    found = ", ".join(f"{number:,} {kind}" for kind, number in one.differences) or "no difference"
    fault = f"; the last audit failed: {one.fault}" if one.fault else ""
    return visible(f"{seen.domain(one.zone_id)}: {one.names:,} names, audited {time(one.audited_at)}, {found}{fault}")


def _show_list(console: Console, heading: str, lines: Sequence[Text], most: int | None, style: str = "") -> None:
    if not lines:
        return
    console.print(visible(heading, f"bold {style}".strip()))
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2)
    table.add_column(overflow="fold")
    shown = lines[:most]
    for line in shown:
        table.add_row("", line)
    console.print(table)
    if len(lines) > len(shown):
        console.print(f"{len(lines) - len(shown):,} more: --all shows them, --json has everything.")
