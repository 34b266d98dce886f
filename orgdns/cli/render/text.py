"""Reports for a person, in 80 columns or more: nothing is cut, and a stranger's text cannot play tricks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.runtime.model.names import Action, ConflictRule, InstanceRef
from orgdns.cli.render.documents.fields import time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from hub.runtime.model.names import Change, Claim, RecordSet, Refusal
    from orgdns.cli.reports.explain import ClaimReport, InstanceReport, NameReport

GOOD, BAD, QUIET = "green", "red", "dim"

_SETTLED = {
    ConflictRule.NEWEST: "newest: the instance launched last holds the name",
    ConflictRule.OLDEST: "oldest: the instance launched first holds the name",
    ConflictRule.SHARE: "share: all claimants hold the name, the oldest ones when it is full",
}


def visible(text: str, style: str = "") -> Text:
    """A text in which all that has no shape of its own, such as control characters, is shown as Python's escape.

    It is no markup, whatever brackets it has.
    """
    shown = (one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
    return Text("".join(shown), style=style, overflow="fold")


def show_instance(console: Console, report: InstanceReport) -> None:
    """Show what was seen of an instance, what it claims, and what it did not get."""
    seen = report.seen
    instance, account = seen.instance, seen.account
    label = account.label if account else None
    console.print(visible(str(seen.ref), "bold"))
    facts = _pairs()
    facts.add_row("account", visible(f"{seen.ref.account} ({label})" if label else seen.ref.account))
    if account and account.label is None:
        facts.add_row("", visible(f"its name is no label: {account.reason}", BAD))
    facts.add_row("region", visible(seen.ref.region))
    if instance:
        addresses = [one for interface in instance.interfaces for one in (*interface.ipv4, *interface.ipv6)]
        facts.add_row("state", visible(instance.state.value))
        facts.add_row("launched", time(instance.launched_at))
        facts.add_row("addresses", visible(", ".join(addresses) or "none"))
        name = instance.tag("Name")
        facts.add_row("tag Name", visible(name) if name is not None else visible("not there", QUIET))
    facts.add_row("last seen", time(seen.observed_at))
    console.print(_indented(facts))
    if seen.ended:
        console.print("It has ended: it claims no names any more.")
        return
    if instance is None and seen.settled and not seen.claims and seen.refusals:
        console.print("Its names were withdrawn by a sweep, until it is seen again:")
    elif instance is None:
        console.print("Its row holds no facts yet: they come with its next event.")
    if not seen.settled:
        console.print("Its claims are being written right now.")
    if not (report.claims or report.refused or report.declined):
        console.print("No rule of the policy speaks for it: it claims no name.")
    for claimed in report.claims:
        _show_claim(console, claimed)
    _show_refusals(console, "Refused:", report.refused, BAD)
    _show_refusals(console, "Not asked for:", report.declined, QUIET)


def show_name(console: Console, report: NameReport) -> None:
    """Show who claims a name, who holds it, and what is published."""
    console.print(visible(report.key.fqdn.removesuffix("."), "bold"))
    facts = _pairs()
    facts.add_row("zone", _zone(report))
    if report.conflict_rule:
        facts.add_row("settled by", _SETTLED[report.conflict_rule])
    _add_zone_state(facts, report)
    console.print(_indented(facts))
    if not report.claim_statuses:
        console.print(
            "Nobody claims it. If an instance should, explain the instance: it may be refused the name, not ask for "
            "it, or be one that no event has told of yet."
        )
        return
    console.print("\nClaimants, the oldest first:")
    claimants = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for heading in ("#", "claimant", "rule", "values"):
        claimants.add_column(heading, overflow="fold")
    for number, standing in enumerate(report.claim_statuses, start=1):
        claim = standing.claim
        label = report.labels.get(claim.instance.account)
        who = Text("\n").join(
            [
                visible(claim.instance.id),
                visible(f"{claim.instance.account}{f' ({label})' if label else ''} {claim.instance.region}"),
                Text(f"launched {time(claim.launched_at)}", QUIET),
                *([visible(claim.note, QUIET)] if claim.note else []),
                Text("holds the name", GOOD)
                if standing.holds
                else visible(f"does not hold it: {standing.reason}", BAD),
            ]
        )
        claimants.add_row(str(number), who, visible(claim.rule), _values(claim, "\n"))
    console.print(claimants)


def change_line(change: Change) -> Text:
    """A change of a record set, as a difference shows it."""
    sign, style = ("+", GOOD) if change.action is Action.CREATE else ("-", BAD)
    return visible(f"{sign} {_record_set(change.record_set)}", style)


def _show_claim(console: Console, report: ClaimReport) -> None:
    claim, standing, name = report.claim, report.standing, report.name
    console.print()
    console.print(visible(claim.key.fqdn.removesuffix("."), "bold"))
    facts = _pairs()
    if standing is None:
        facts.add_row("holds it", visible("the claim is being written or withdrawn", "yellow"))
    elif standing.holds and name.published.conflict:
        facts.add_row("holds it", visible("yes by policy, but something in the zone is in the way", BAD))
    elif standing.holds:
        facts.add_row("holds it", visible("yes", GOOD))
    else:
        facts.add_row("holds it", visible(f"no: {standing.reason}", BAD))
    facts.add_row("values", _values(claim, ", "))
    facts.add_row("TTL", f"{claim.ttl} s")
    facts.add_row("rule", visible(claim.rule))
    if claim.note:
        facts.add_row("note", visible(claim.note))
    facts.add_row("zone", _zone(name))
    _add_zone_state(facts, name)
    console.print(_indented(facts))


def _add_zone_state(facts: Table, report: NameReport) -> None:
    """What the zone holds of the name, what does not show there yet, and what is in the way."""
    published = report.published
    for number, record_set in enumerate(published.record_sets):
        facts.add_row("" if number else "published", visible(_record_set(record_set)))
    if not published.record_sets:
        facts.add_row("published", visible("nothing", QUIET))
    if published.pending:
        facts.add_row("pending", visible("a change was sent, and its outcome is not noted yet", "yellow"))
    if published.conflict:
        facts.add_row("conflict", visible(published.conflict, BAD))
    for number, change in enumerate(report.waiting):
        facts.add_row("" if number else ("blocked" if published.conflict else "waiting"), change_line(change))


def _show_refusals(console: Console, heading: str, refusals: Iterable[Refusal], style: str) -> None:
    rows = _pairs()
    for refusal in refusals:
        # The reason of a name that was barred begins with it.
        told = (
            refusal.reason if refusal.name.removesuffix(".") in refusal.reason else f"{refusal.name} {refusal.reason}"
        )
        rows.add_row(visible(refusal.rule), visible(told, style))
    if rows.row_count:
        console.print(f"\n{heading}")
        console.print(_indented(rows))


def _zone(report: NameReport) -> Text:
    if report.domain is None:
        return visible(f"{report.key.zone_id}: not one of the deployed policy", "yellow")
    return visible(f"{report.domain.removesuffix('.')} ({report.key.zone_id})")


def _values(claim: Claim, between: str) -> Text:
    return Text(between).join(visible(f"{kind} {value}") for kind, of_type in claim.values for value in of_type)


def _record_set(one: RecordSet) -> str:
    owner = InstanceRef.of_set_identifier(one.set_identifier)
    return f"{one.type} {', '.join(one.values)} TTL {one.ttl} of {owner or 'another tool'}"


def _pairs() -> Table:
    pairs = Table.grid(padding=(0, 2, 0, 0))
    pairs.add_column(style=QUIET, overflow="fold")
    pairs.add_column(overflow="fold")
    return pairs


def _indented(table: Table) -> Padding:
    return Padding(table, (0, 0, 0, 2))
