"""The coverage for a person: troubles first, each with what to do, then the numbers or the details of some spokes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.cli.render.documents.fields import damping_text
from orgdns.cli.render.layout import INDENT, show_line, show_lines, show_pairs
from orgdns.cli.render.text import BAD, GOOD, QUIET, visible
from orgdns.cli.reports.coverage import record_in
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from hub.runtime.model.names import Millis
    from hub.runtime.model.vpcs import VpcRow, ZoneInVpc
    from orgdns.cli.reports.coverage import Coverage, SpokeCoverage, ZoneCoverage
    from orgdns.cli.reports.instance_vpcs import InstanceVpcs, UnresolvedNames

SHOWN: Final = 10


def show_coverage(console: Console, coverage: Coverage, *, details: bool, everything: bool) -> None:
    """Show what is wrong and the zones; with `details`, show each spoke with its VPCs, too."""
    if coverage.paused is not None:
        text = f"Publishing is paused ({coverage.paused}): no association is made or ended until orgdns resume."
        console.print(visible(text, BAD))
    troubled = coverage.troubled
    if troubled:
        show_line(console, visible(f"Accounts and regions with troubles: {len(troubled):,}", f"bold {BAD}"))
        shown = troubled if everything else troubled[:SHOWN]
        for found in shown:
            show_line(console, visible(str(found.spoke), "bold"))
            _show_lines(console, [visible(trouble, BAD) for trouble in found.troubles], everything=everything)
        if len(troubled) > len(shown):
            console.print(f"{len(troubled) - len(shown):,} more: --all shows them, --json has everything.")
    if details:
        for found in coverage.spokes:
            _show_spoke(console, found)
    if coverage.zones:
        show_line(console, visible("Zones, by the VPCs that resolve them", "bold"))
        _show_lines(console, [_zone_line(zone) for zone in coverage.zones], everything=True)
    if coverage.closed:
        heading = f"Closed for too long, nothing is left to do: {len(coverage.closed):,}"
        show_line(console, visible(heading, f"bold {QUIET}"))
        lines = [visible(f"{found.spoke}: {found.closed}", QUIET) for found in coverage.closed]
        _show_lines(console, lines, everything=everything)
    _show_instances(console, coverage.instances, everything=everything)
    vpcs = sum(len(found.vpcs) for found in coverage.spokes)
    well = len(coverage.spokes) - len(troubled)
    text = f"{well:,} of {len(coverage.spokes):,} accounts and regions have no troubles. VPCs in all: {vpcs:,}."
    show_line(console, visible(text, "" if troubled else GOOD))


def _show_instances(console: Console, instances: InstanceVpcs, *, everything: bool) -> None:
    """Show the VPCs in which instances run that have names which do not resolve there."""
    if instances.unresolved:
        show_line(console, visible("Names that do not resolve where their instances run", "bold"))
        lines = [_unresolved_line(found) for found in instances.unresolved]
        _show_lines(console, lines, everything=everything)
        if instances.more:
            console.print(f"   and {instances.more:,} more VPCs")
    if instances.unreadable:
        text = f"Instances whose rows this version cannot read: {instances.unreadable:,}. Use the deployed version."
        show_line(console, visible(text, BAD))


def _unresolved_line(found: UnresolvedNames) -> Text:
    owner = f" of {found.owner}" if found.owner else ""
    text = (
        f"{found.vpc_id}{owner} in {found.region}: {found.names:,} names of {found.instances:,} instances of "
        f"{', '.join(found.accounts)} in {', '.join(found.zones)}, such as {found.example}: {found.reason}"
    )
    return visible(text, BAD if found.trouble else QUIET)


def _show_spoke(console: Console, found: SpokeCoverage) -> None:
    show_line(console, visible(str(found.spoke), "bold"))
    status, vpcs_status = found.status, found.vpcs_status
    facts = [
        ("stack", found.stack.status if found.stack else "none"),
        ("last event", _when(status.event_at if status else None)),
        ("last sweep", _when(status.swept_at if status else None)),
        ("VPCs read", _when(vpcs_status.seen_at if vpcs_status else None)),
    ]
    show_pairs(console, [(name, visible(value)) for name, value in facts], INDENT)
    for row in found.vpcs:
        _show_vpc(console, row)


def _show_vpc(console: Console, row: VpcRow) -> None:
    vpc = row.vpc
    if vpc is None:
        return
    name = vpc.tag("Name")
    show_line(console, visible(f"  {row.ref.id}{f' {name}' if name else ''}  {' '.join(vpc.cidrs)}"))
    lines: list[Text] = []
    if damped := damping_text(row.damping):
        lines.append(visible(damped, BAD))
    for zone in row.zones:
        lines.append(_vpc_zone_line(zone))
        lines += [visible(f"  {note}", QUIET) for note in zone.notes]
        record = record_in(row, zone)
        if record.removed_by_others:
            ended = (
                f"  others ended the association, {record.removed_by_others:,} times, last {time(record.removed_at)}"
            )
            lines.append(visible(ended, QUIET))
    own = {zone.zone_id for zone in row.zones}
    if vpc.other_servers or not vpc.dns_servers:
        servers = ", ".join(vpc.dns_servers) or "DNS servers that orgdns does not know"
        lines.append(visible(f"instances ask {servers} (DHCP options set {vpc.dhcp_options})", QUIET))
    lines += [visible(reason, QUIET) for reason in vpc.unknown]
    lines += [
        visible(f"{zone.domain.removesuffix('.')}: {zone.id} of {zone.owner}", QUIET)
        for zone in vpc.zones
        if zone.id not in own
    ]
    _show_lines(console, lines, everything=True, indent=INDENT + 2)


def _vpc_zone_line(zone: ZoneInVpc) -> Text:
    domain = zone.domain.removesuffix(".")
    by = f"by {zone.method}{', managed' if zone.managed else ', made by others'}" if zone.method else "not resolved"
    if zone.blocked:
        return visible(f"{domain}: {by}: {zone.blocked}", BAD)
    if zone.wanted is None:
        return visible(f"{domain}: {by}; policy does not want this", QUIET)
    return visible(f"{domain}: {by}", GOOD)


def _zone_line(zone: ZoneCoverage) -> Text:
    method = f"{zone.associated:,} associated, {zone.by_profile:,} by profile"
    text = f"{zone.domain} ({zone.zone_id}): {zone.resolving:,} of {zone.wanted:,} wanted; {method}"
    if zone.default:
        text += f"; {zone.default:,} default VPCs left out"
    if zone.zone_nearly_full:
        text += f"; the quota is {zone.quota:,} VPCs (guards.zone_vpcs): resolve the zone by profile"
    elif zone.nearly_full:
        text += (
            f"; {zone.fullest_profile:,} VPCs of a region use the Profile, and its quota is {zone.profile_quota:,} "
            "(guards.profile_vpcs): request a higher quota, or select fewer VPCs"
        )
    if zone.removed:
        text += (
            f"; others ended the associations of {zone.removed:,} VPCs, {zone.removals:,} times in all, last "
            f"{time(zone.removed_at)}; orgdns makes them again: see 'Other tools' in docs/vpcs.md"
        )
    good = zone.resolving == zone.wanted and not zone.nearly_full and not zone.removed
    return visible(text, GOOD if good else BAD)


def _show_lines(console: Console, lines: list[Text], *, everything: bool, indent: int = INDENT) -> None:
    show_lines(console, lines if everything else lines[:SHOWN], indent)
    if not everything and len(lines) > SHOWN:
        console.print(f"   and {len(lines) - SHOWN:,} more")


def _when(millis: Millis | None) -> str:
    return time(millis) if millis else "never"
