"""The state of spokes and zones for a person: troubles first, each with what to do, then the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.status import SpokeStatus, ZoneStatus
from orgdns.cli.render.layout import INDENT, show_line, show_lines
from orgdns.cli.render.text import BAD, GOOD, QUIET, visible
from orgdns.cli.reports.status.problems import problems
from orgdns.cli.reports.status.spoke_problems import TOGETHER, unreachable_line
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console
    from rich.text import Text

    from orgdns.cli.reports.status.overview import Overview

SHOWN: Final = 10


def show_status(console: Console, overview: Overview, *, everything: bool) -> None:
    """Show the problems, worst first, and then the progress of sweeps and audits."""
    most = None if everything else SHOWN
    found = problems(overview)
    for problem in found:
        since = f", since {time(problem.since)}" if problem.since else ""
        number = f": {len(problem.lines):,}" if problem.affected else ""
        _show_list(console, f"{problem.title}{number}{since}", map(visible, problem.lines), most, BAD)
        if problem.todo:
            todo = f"What to do: {problem.todo.rstrip('.')}. See docs/runbook/{problem.kind}.md."
            show_line(console, visible(todo, QUIET), indent=INDENT)
    reached = len(overview.reached)
    current = reached - len(overview.behind)
    since = f", in use since {time(overview.cursor.since)}" if overview.cursor.since else ""
    text = f"{current:,} of {reached:,} spokes are on the current policy{since}."
    console.print(visible(text, GOOD if current == reached else ""))
    if version := overview.cursor.version:
        text = f"The functions are orgdns {version}, and write rows of schema {overview.cursor.schema} to the ledger."
        console.print(visible(text))
    if answered := overview.path.answered_at:
        seconds = (answered - overview.path.answered) / 1_000
        text = f"The last heartbeat took the whole path at {time(answered)}, in {seconds:,.1f} s."
        console.print(visible(text))
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
    _show_list(console, "In dry run; orgdns pending shows what is kept back", map(visible, overview.dry_run), most)
    contested = overview.contested_drifts
    lines = [visible(overview.drift_line(*each)) for each in overview.drifts if each not in contested]
    _show_list(console, "Records that others changed, and that orgdns repaired", lines, most)
    _show_list(console, "Approved, and made with the next sweep or audit", map(_approval, overview.approved), most)
    _show_list(console, "Zones", [_zone(overview, zone) for zone in overview.zones], most)
    closed = [visible(unreachable_line(status)) for status in overview.closed]
    _show_list(console, f"Closed for too long, nothing is left to do: {len(closed):,}", closed, most, QUIET)
    if not found:
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
        heading += f", because the spoke is {TOGETHER}: {subject.fault}"
    if lines:
        _show_list(console, heading, lines, None)
    vpcs = overview.vpcs_of(subject)
    heading = f"{where}: {len(vpcs):,} VPCs would no longer resolve it"
    _show_list(console, heading, [visible(vpc) for vpc in vpcs], None if all_of else 2 * SHOWN)
    if len(subject.pending_removals) > len(shown):
        console.print(f"{len(subject.pending_removals) - len(shown):,} more: --all shows them, --json has everything.")


def _approval(subject: SpokeStatus | ZoneStatus) -> Text:
    where = str(subject.spoke) if isinstance(subject, SpokeStatus) else subject.zone_id
    by = subject.approved_by or "someone"
    return visible(f"{where}: {len(subject.approved):,} removals, by {by} at {time(subject.approved_at)}")


def _zone(overview: Overview, zone: ZoneStatus) -> Text:
    domain = overview.domain(zone.zone_id)
    if not zone.audited_at:
        return visible(f"{domain}: not audited yet. {zone.fault}", QUIET)
    differences = ", ".join(f"{number:,} {kind}" for kind, number in zone.differences) or "no difference"
    repaired = "".join(f", {number:,} {kind} in the ledger" for kind, number in zone.repaired)
    fault = f"; the last audit failed: {zone.fault}" if zone.fault else ""
    return visible(f"{domain}: {zone.names:,} names, audited {time(zone.audited_at)}, {differences}{repaired}{fault}")


def _show_list(console: Console, heading: str, found: Iterable[Text], most: int | None, style: str = "") -> None:
    lines = list(found)
    if not lines:
        return
    console.print(visible(heading, f"bold {style}".strip()))
    shown = lines[:most]
    show_lines(console, shown)
    if len(lines) > len(shown):
        console.print(f"{len(lines) - len(shown):,} more: --all shows them, --json has everything.")
