"""The effects of a changed policy as text: the summary first, then the names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from hub.runtime.publisher.batches import changes
from orgdns.cli.render.layout import record, show_line, show_lines, show_table
from orgdns.cli.render.text import BAD, GOOD, QUIET, change_line, visible
from orgdns.cli.reports.plan.changes import Kind
from orgdns.cli.reports.plan.totals import totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from orgdns.cli.reports.plan.changes import NameDifference, PolicyChange
    from orgdns.cli.reports.plan.quotas import VpcDemand
    from orgdns.cli.reports.plan.vpcs import AssociationChange

SHOWN: Final = 40
# A shared name can have a hundred members.
_LINES_A_NAME: Final = 6
_STYLES: Final = {Kind.CREATED: GOOD, Kind.DELETED: BAD, Kind.HANDED_OVER: "yellow", Kind.CHANGED: "yellow"}
_HEADINGS: Final = ("account", "created", "deleted", "given", "taken", "changed", "refused", "lost")


def show_plan(
    console: Console,
    change: PolicyChange,
    associations: Sequence[AssociationChange] = (),
    demands: Sequence[VpcDemand] = (),
    *,
    everything: bool,
    unreadable: int = 0,
) -> None:
    """Show the numbers by account, then names, refusals, losses and VPCs: all of them, or the first of each.

    The totals come last. They count the rows that are `unreadable`, too.
    """
    if change.accounts:
        _show_accounts(console, change)
    _show_names(console, change.names, everything=everything)
    refused = [
        _with_reason(console, f"{new.instance} by {new.refusal.rule}", new.refusal.reason or new.refusal.name)
        for new in change.refused
    ]
    _show_list(console, "Newly refused:", refused, everything=everything)
    lost = [
        _with_reason(console, f"{status.claim.key.fqdn.removesuffix('.')} for {status.claim.instance}", status.reason)
        for status in change.lost
    ]
    _show_list(console, "Claims that newly lose to others:", lost, everything=everything)
    if not change.any:
        console.print("No name would change.")
    for association in associations:
        _show_vpcs(console, association, everything=everything)
    _show_list(console, "VPCs by zone, and the quotas:", list(_demand_lines(demands)), everything=everything)
    _show_notes(console, change)
    show_line(console, visible(str(totals(change, associations, unreadable)), "bold"))


def _show_vpcs(console: Console, change: AssociationChange, *, everything: bool) -> None:
    zone = change.domain.removesuffix(".")
    for refs, effect, style in (
        (change.gained, f"would newly resolve {zone}", GOOD),
        (change.lost, f"would no longer resolve {zone}", BAD),
        (change.kept, f"are no longer selected for {zone}, and keep their association", "yellow"),
        (change.method_changed, f"would resolve {zone} by another method", "yellow"),
    ):
        lines = [visible(str(ref), style) for ref in refs]
        _show_list(console, f"VPCs that {effect}: {len(refs):,}", lines, everything=everything)


def _demand_lines(demands: Sequence[VpcDemand]) -> Iterator[Text]:
    for demand in demands:
        shown = demand.domain.removesuffix(".") or f"the Profile in {demand.region}"
        key = "guards.profile_vpcs" if demand.region else "guards.zone_vpcs"
        text = f"{shown}: {demand.vpcs:,} of {demand.quota:,} VPCs ({key})"
        if demand.left_out:
            text += f"; {demand.left_out:,} default VPCs are left out: 'default: true' selects them"
        yield visible(text, BAD if demand.too_many else "yellow" if demand.near else QUIET)
        if demand.too_many:
            instead = "select fewer VPCs" if demand.region else "use 'by: profile', or select fewer VPCs"
            yield visible(f"  {demand.too_many:,} VPCs would be refused: {instead}", BAD)
        for account, vpcs in demand.accounts:
            refused = f"{vpcs:,} VPCs, and {demand.account_quota:,} are allowed (guards.account_vpcs)"
            yield visible(f"  the account {account} has {refused}", BAD)


def _show_accounts(console: Console, change: PolicyChange) -> None:
    rows: list[tuple[Text, list[str]]] = []
    for summary in change.accounts:
        label = [visible(summary.label, QUIET)] if summary.label else []
        account = Text(" ").join([visible(summary.account), *label])
        numbers = (
            summary.created,
            summary.deleted,
            summary.handed_to,
            summary.handed_from,
            summary.changed,
            summary.refused,
            summary.lost,
        )
        rows.append((account, [str(number) if number else "-" for number in numbers]))
    show_table(console, _HEADINGS, rows)
    show_line(console, visible("given, taken: names handed over to the account, and from it to others", QUIET))


def _show_names(console: Console, names: Sequence[NameDifference], *, everything: bool) -> None:
    shown = names if everything else names[:SHOWN]
    for name in shown:
        console.print()
        console.print(
            Text.assemble(
                visible(f"{name.kind:<12}", _STYLES[name.kind]), visible(name.key.fqdn.removesuffix("."), "bold")
            )
        )
        lines = [change_line(part) for part in changes(name.before, name.after)]
        show_lines(console, lines if everything else lines[:_LINES_A_NAME])
        if not everything and len(lines) > _LINES_A_NAME:
            show_lines(console, [visible(f"and {len(lines) - _LINES_A_NAME} more (--all shows them)", QUIET)])
        if name.blocked:
            show_lines(console, [visible(f"blocked: {name.blocked}", BAD)])
    _show_rest(console, len(names) - len(shown), "more names")


def _show_list(console: Console, heading: str, entries: Sequence[Text], *, everything: bool) -> None:
    if not entries:
        return
    console.print(f"\n{heading}")
    shown = entries if everything else entries[:SHOWN]
    show_lines(console, shown)
    _show_rest(console, len(entries) - len(shown), "more")


def _show_rest(console: Console, remaining: int, noun: str) -> None:
    if remaining:
        console.print(f"\n{remaining:,} {noun}: --all shows them, --json has everything.")


def _show_notes(console: Console, change: PolicyChange) -> None:
    undecided = change.undecided
    counted = [
        ("Instances decided by their last known facts", change.decided),
        (
            "Instances that the configuration does not cover: they lose their names after the grace period",
            undecided.not_covered,
        ),
        ("Instances that the ledger has no facts about yet, so their names are unknown", undecided.without_facts),
    ]
    notes = [f"{text}: {number:,}." for text, number in counted if number]
    if change.any:
        notes.append("After deployment, sweeps of all spokes apply the policy; orgdns status shows the progress.")
    console.print()
    for note in notes:
        show_line(console, visible(note, QUIET))


def _with_reason(console: Console, subject: str, reason: str) -> Text:
    return record(console, [visible(subject), visible(reason, BAD)])
