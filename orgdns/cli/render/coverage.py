"""Coverage for a person: what is wrong first, each with what to do; then the numbers, or all of some spokes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table

from orgdns.cli.render.documents import time
from orgdns.cli.render.text import BAD, GOOD, QUIET, visible
from orgdns.cli.reports.coverage import VPCS_A_ZONE

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from hub.runtime.model.names import Millis
    from hub.runtime.model.vpcs import VpcRow, ZoneInVpc
    from orgdns.cli.reports.coverage import Coverage, SpokeCoverage, ZoneCoverage

SHOWN: Final = 10


def show_coverage(console: Console, seen: Coverage, *, details: bool, everything: bool) -> None:
    """Show what is wrong, and the zones; with `details` each spoke with its VPCs."""
    troubled = seen.troubled
    if troubled:
        console.print(visible(f"Accounts and regions with which something is wrong: {len(troubled):,}", f"bold {BAD}"))
        shown = troubled if everything else troubled[:SHOWN]
        for one in shown:
            console.print(visible(str(one.spoke), "bold"))
            _show_lines(console, [visible(trouble, BAD) for trouble in one.troubles], everything=everything)
        if len(troubled) > len(shown):
            console.print(f"{len(troubled) - len(shown):,} more: --all shows them, --json has everything.")
    if details:
        for one in seen.spokes:
            _show_spoke(console, one)
    if seen.zones:
        console.print(visible("Zones, by the VPCs that resolve them", "bold"))
        _show_lines(console, [_zone_line(zone) for zone in seen.zones], everything=True)
    vpcs = sum(len(one.vpcs) for one in seen.spokes)
    well = len(seen.spokes) - len(troubled)
    text = f"{well:,} of {len(seen.spokes):,} accounts and regions are well, with {vpcs:,} VPCs in all."
    console.print(visible(text, "" if troubled else GOOD))


def _show_spoke(console: Console, one: SpokeCoverage) -> None:
    console.print(visible(str(one.spoke), "bold"))
    status, vpcs_status = one.status, one.vpcs_status
    facts = [
        ("stack", one.stack.status if one.stack else "none"),
        ("last event", _when(status.event_at if status else None)),
        ("last sweep", _when(status.swept_at if status else None)),
        ("VPCs seen", _when(vpcs_status.seen_at if vpcs_status else None)),
    ]
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2)
    table.add_column(width=11)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row("", name, visible(value))
    console.print(table)
    for row in one.vpcs:
        _show_vpc(console, row)


def _show_vpc(console: Console, row: VpcRow) -> None:
    vpc = row.vpc
    if vpc is None:
        return
    name = vpc.tag("Name")
    console.print(visible(f"  {row.ref.id}{f' {name}' if name else ''}  {' '.join(vpc.cidrs)}"))
    lines: list[Text] = []
    for zone in row.zones:
        lines.append(_vpc_zone_line(zone))
        lines += [visible(f"  {note}", QUIET) for note in zone.notes]
    own = {zone.zone_id for zone in row.zones}
    lines += [
        visible(f"{zone.domain.removesuffix('.')}: {zone.id} of {zone.owner}", QUIET)
        for zone in vpc.zones
        if zone.id not in own
    ]
    _show_lines(console, lines, everything=True, width=4)


def _vpc_zone_line(zone: ZoneInVpc) -> Text:
    domain = zone.domain.removesuffix(".")
    by = f"by {zone.method}{', managed' if zone.managed else ', made by others'}" if zone.method else "not resolved"
    if zone.blocked:
        return visible(f"{domain}: {by}: {zone.blocked}", BAD)
    if zone.wanted is None:
        return visible(f"{domain}: {by}; policy does not want it here", QUIET)
    return visible(f"{domain}: {by}", GOOD)


def _zone_line(zone: ZoneCoverage) -> Text:
    method = f"{zone.associated:,} associated, {zone.by_profile:,} by profile"
    text = f"{zone.domain} ({zone.zone_id}): {zone.resolving:,} of {zone.wanted:,} wanted; {method}"
    if zone.nearly_full:
        text += f"; a zone takes {VPCS_A_ZONE} VPCs unless AWS raised that: resolve it by profile"
    return visible(text, GOOD if zone.resolving == zone.wanted and not zone.nearly_full else BAD)


def _show_lines(console: Console, lines: list[Text], *, everything: bool, width: int = 2) -> None:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=width)
    table.add_column(overflow="fold")
    for line in lines if everything else lines[:SHOWN]:
        table.add_row("", line)
    console.print(table)
    if not everything and len(lines) > SHOWN:
        console.print(f"   and {len(lines) - SHOWN:,} more")


def _when(millis: Millis | None) -> str:
    return time(millis) if millis else "never"
