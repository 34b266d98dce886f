"""What a changed policy would do, for a person: the summary first, then the names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from hub.runtime.publisher.batches import changes
from orgdns.cli.render.text import BAD, GOOD, QUIET, change_line, visible
from orgdns.cli.reports.plan import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from orgdns.cli.reports.plan import NameDifference, PolicyChange
    from orgdns.cli.reports.plan_vpcs import AssociationChange

SHOWN: Final = 40
# A shared name may have a hundred members.
_LINES_A_NAME: Final = 6
_STYLES: Final = {Kind.CREATED: GOOD, Kind.DELETED: BAD, Kind.HANDED_OVER: "yellow", Kind.CHANGED: "yellow"}
_COUNTED: Final = ("created", "deleted", "handed_to", "handed_from", "changed", "refused", "lost")
_HEADINGS: Final = ("created", "deleted", "given", "taken", "changed", "refused", "lost")


def show_plan(
    console: Console, change: PolicyChange, of_vpcs: Sequence[AssociationChange] = (), *, everything: bool
) -> None:
    """Show the summary by account, then names, refusals, losses and VPCs: all of them, or the first ones of each."""
    if change.accounts:
        _show_accounts(console, change)
    _show_names(console, change.names, everything=everything)
    refused = [
        _two_lines(f"{new.instance} by {new.refusal.rule}", new.refusal.reason or new.refusal.name)
        for new in change.refused
    ]
    _show_list(console, "Newly refused:", refused, everything=everything)
    lost = [
        _two_lines(f"{one.claim.key.fqdn.removesuffix('.')} for {one.claim.instance}", one.reason)
        for one in change.lost
    ]
    _show_list(console, "Claims that lose to others:", lost, everything=everything)
    if not change.any:
        console.print("No name would change.")
    for one in of_vpcs:
        _show_vpcs(console, one, everything=everything)
    _show_notes(console, change)


def _show_vpcs(console: Console, change: AssociationChange, *, everything: bool) -> None:
    zone = change.domain.removesuffix(".")
    for refs, what, style in (
        (change.gained, f"come to resolve {zone}", GOOD),
        (change.lost, f"do not resolve {zone} any more", BAD),
        (change.left, f"are not wanted to resolve {zone} any more, and left as they are", "yellow"),
        (change.by_other_means, f"resolve {zone} by other means", "yellow"),
    ):
        lines = [visible(str(ref), style) for ref in refs]
        _show_list(console, f"VPCs that {what}: {len(refs):,}", lines, everything=everything)


def _show_accounts(console: Console, change: PolicyChange) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("account", overflow="fold", min_width=12)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for summary in change.accounts:
        who = Text("\n").join([visible(summary.account), *([visible(summary.label, QUIET)] if summary.label else [])])
        numbers = (getattr(summary, counted) for counted in _COUNTED)
        table.add_row(who, *(str(number) if number else "-" for number in numbers))
    console.print(table)
    console.print(visible("given, taken: names handed over to the account, and from it to others", QUIET))


def _show_names(console: Console, names: Sequence[NameDifference], *, everything: bool) -> None:
    shown = names if everything else names[:SHOWN]
    for one in shown:
        console.print()
        console.print(
            Text.assemble(
                visible(f"{one.kind:<12}", _STYLES[one.kind]), visible(one.key.fqdn.removesuffix("."), "bold")
            )
        )
        lines = [change_line(part) for part in changes(one.before, one.after)]
        table = _indented_lines(lines if everything else lines[:_LINES_A_NAME])
        if not everything and len(lines) > _LINES_A_NAME:
            table.add_row("", visible(f"and {len(lines) - _LINES_A_NAME} more (--all shows them)", QUIET))
        if one.blocked:
            table.add_row("", visible(f"blocked: {one.blocked}", BAD))
        console.print(table)
    _show_rest(console, len(names) - len(shown), "more names")


def _show_list(console: Console, heading: str, entries: Sequence[Text], *, everything: bool) -> None:
    if not entries:
        return
    console.print(f"\n{heading}")
    shown = entries if everything else entries[:SHOWN]
    console.print(_indented_lines(shown))
    _show_rest(console, len(entries) - len(shown), "more")


def _show_rest(console: Console, left: int, what: str) -> None:
    if left:
        console.print(f"\n{left:,} {what}: --all shows them, --json has everything.")


def _show_notes(console: Console, change: PolicyChange) -> None:
    undecided = change.undecided
    nobody_knows = "so that nobody knows what they would get"
    unplaced = "organizational units were never recorded, as the deployed policy does not ask for them"
    counted = [
        ("Instances decided anew, by what was last seen of them", change.decided),
        ("Instances in regions that the configuration does not cover, which keep what they have", undecided.outside),
        (f"Instances of which the ledger holds no facts yet, {nobody_knows}", undecided.unseen),
        (f"Instances whose {unplaced}, {nobody_knows}", undecided.unplaced),
    ]
    notes = [f"{what}: {number:,}." for what, number in counted if number]
    if change.any:
        notes.append("Once deployed, the policy takes effect with a sweep of every spoke; orgdns status tells how far.")
    console.print()
    for note in notes:
        console.print(visible(note, QUIET))


def _two_lines(subject: str, reason: str) -> Text:
    return Text("\n").join([visible(subject), visible(reason, BAD)])


def _indented_lines(lines: Sequence[Text]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row("", line)
    return table
