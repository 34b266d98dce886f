"""Reports as text, in 80 columns or more. Nothing is truncated, and text from tags is shown safely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.runtime.model.names import Action, ConflictRule, InstanceRef
from orgdns.cli.render.documents.fields import damping_text, time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from hub.runtime.model.names import Change, Claim, RecordSet, Refusal
    from hub.runtime.model.observation import Observation
    from hub.runtime.publisher.holders import ClaimStatus
    from orgdns.cli.reports.explain.claims import ClaimReport, InstanceReport, NameReport

GOOD, BAD, QUIET = "green", "red", "dim"

_CONFLICT_RULES = {
    ConflictRule.NEWEST: "newest: the instance launched last holds the name",
    ConflictRule.OLDEST: "oldest: the instance launched first holds the name",
    ConflictRule.SHARE: "share: all claimants hold the name; if it is full, the oldest do",
}


def visible(text: str, style: str = "") -> Text:
    """The text with non-printable characters, such as control characters, replaced by Python's escapes.

    Brackets in the text are not markup.
    """
    shown = (
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
    return Text("".join(shown), style=style, overflow="fold")


def show_instance(console: Console, report: InstanceReport) -> None:
    """Show the facts about an instance, the names it claims, and the names it did not get."""
    observation = report.observation
    console.print(visible(str(observation.ref), "bold"))
    console.print(_indented(_facts(observation)))
    if report.fault:
        console.print(visible(f"{report.fault}. Nothing that belongs to it is changed.", BAD))
    if damped := damping_text(observation.damping):
        console.print(visible(f"It is {damped}.", BAD))
    if observation.ended:
        console.print("It has ended and no longer claims any names.")
        return
    if observation.instance is None and observation.settled and not observation.claims and observation.refusals:
        console.print("A sweep withdrew its names until it is seen again:")
    elif observation.instance is None and not report.fault:
        console.print("The ledger has no facts about it yet. Its next event brings them.")
    if not observation.settled:
        console.print("Its claims are being written now.")
    if not (report.claims or report.refused or report.declined or report.fault):
        console.print("No rule of the policy applies to it, so it claims no names.")
    for claimed in report.claims:
        _show_claim(console, claimed)
    _show_refusals(console, "Refused:", report.refused, BAD)
    _show_refusals(console, "Declined:", report.declined, QUIET)


def _facts(observation: Observation) -> Table:
    """The facts about an instance, as last described."""
    instance, account = observation.instance, observation.account
    label = account.label if account else None
    facts = _pairs()
    facts.add_row("account", visible(f"{observation.ref.account} ({label})" if label else observation.ref.account))
    if account and account.label is None:
        facts.add_row("", visible(f"its name is not a valid label: {account.reason}", BAD))
    facts.add_row("region", visible(observation.ref.region))
    if instance:
        addresses = [address for interface in instance.interfaces for address in (*interface.ipv4, *interface.ipv6)]
        facts.add_row("state", visible(instance.state.value))
        facts.add_row("launched", time(instance.launched_at))
        facts.add_row("addresses", visible(", ".join(addresses) or "none"))
        name = instance.tag("Name")
        facts.add_row("tag Name", visible(name) if name is not None else visible("not set", QUIET))
    if observation.observed_at:
        facts.add_row("as of", f"{time(observation.observed_at)}; orgdns explain --live asks EC2")
    return facts


def show_name(console: Console, report: NameReport) -> None:
    """Show the claims on a name, its holders, and what is published."""
    console.print(visible(report.key.fqdn.removesuffix("."), "bold"))
    facts = _pairs()
    facts.add_row("zone", _zone(report))
    if report.conflict_rule:
        facts.add_row("conflict rule", _CONFLICT_RULES[report.conflict_rule])
    _add_zone_state(facts, report)
    console.print(_indented(facts))
    if report.unreadable:
        console.print(visible("orgdns leaves the name as it is, because rows of it cannot be read:", BAD))
        for fault in report.unreadable:
            console.print(visible(f"  {fault}", BAD))
    if not report.claim_statuses:
        console.print(
            "No instance claims it. If an instance should, run orgdns explain on the instance: a rule may refuse the "
            "name, a tag may decline it, or no event has reported the instance yet."
        )
        return
    console.print("\nClaimants, oldest first:")
    claimants = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for heading in ("#", "claimant", "rule", "values"):
        claimants.add_column(heading, overflow="fold")
    for number, status in enumerate(report.claim_statuses, start=1):
        claim = status.claim
        label = report.labels.get(claim.instance.account)
        claimant = Text("\n").join(
            [
                visible(claim.instance.id),
                visible(f"{claim.instance.account}{f' ({label})' if label else ''} {claim.instance.region}"),
                Text(f"launched {time(claim.launched_at)}", QUIET),
                *([] if claim.running else [Text("stopped", QUIET)]),
                *([visible(claim.note, QUIET)] if claim.note else []),
                _holding(report, status),
            ]
        )
        claimants.add_row(str(number), claimant, visible(claim.rule), _values(claim, "\n"))
    console.print(claimants)


def _holding(report: NameReport, status: ClaimStatus) -> Text:
    """Whether a claimant holds the name."""
    if blocked := report.blocked(status):
        return visible(f"would hold the name, but it is blocked: {blocked}", BAD)
    return Text("holds the name", GOOD) if status.holds else visible(f"does not hold it: {status.reason}", BAD)


def change_line(change: Change) -> Text:
    """A change of a record set, as a line of a diff."""
    sign, style = ("+", GOOD) if change.action is Action.CREATE else ("-", BAD)
    return visible(f"{sign} {_record_set(change.record_set)}", style)


def _show_claim(console: Console, report: ClaimReport) -> None:
    claim, status, name = report.claim, report.status, report.name
    console.print()
    console.print(visible(claim.key.fqdn.removesuffix("."), "bold"))
    facts = _pairs()
    if status is None:
        facts.add_row("holds it", visible("the claim is being written or withdrawn", "yellow"))
    elif blocked := name.blocked(status):
        facts.add_row("holds it", visible(f"it would by policy, but the name is blocked: {blocked}", BAD))
    elif status.holds:
        facts.add_row("holds it", visible("yes", GOOD))
    else:
        facts.add_row("holds it", visible(f"no: {status.reason}", BAD))
    facts.add_row("values", _values(claim, ", "))
    facts.add_row("TTL", f"{claim.ttl} s")
    facts.add_row("rule", visible(claim.rule))
    if claim.note:
        facts.add_row("note", visible(claim.note))
    facts.add_row("zone", _zone(name))
    _add_zone_state(facts, name)
    console.print(_indented(facts))


def _add_zone_state(facts: Table, report: NameReport) -> None:
    """Add the published records of the name, the changes that are not made yet, and the conflict."""
    published = report.published
    for number, record_set in enumerate(published.record_sets):
        facts.add_row("" if number else "published", visible(_record_set(record_set)))
    if not published.record_sets:
        facts.add_row("published", visible("nothing", QUIET))
    facts.add_row("as of", visible(f"{_known_as_of(report)}; orgdns explain --live asks Route 53", QUIET))
    if published.pending:
        facts.add_row("pending", visible("a change was sent; its outcome is not recorded yet", "yellow"))
    if published.conflict:
        facts.add_row("conflict", visible(published.conflict, BAD))
    if drift := report.drift:
        facts.add_row("changed by", visible(f"{drift.by} at {time(drift.at)}", BAD if report.repair_waits else ""))
        facts.add_row("", _repair(report, len(drift.repaired_at)))
    for number, change in enumerate(report.waiting):
        facts.add_row("" if number else ("blocked" if published.conflict else "waiting"), change_line(change))


def _known_as_of(report: NameReport) -> str:
    """As of when it is known what the zone holds under a name."""
    if report.audited_at > report.recorded_at:
        return f"the last audit at {time(report.audited_at)}"
    return (
        f"the last change, recorded at {time(report.recorded_at)}" if report.recorded_at else "no change or audit yet"
    )


def _repair(report: NameReport, repairs: int) -> Text:
    """What became of a change that someone else made to the records of the name."""
    if report.repair_waits:
        return visible(f"after {repairs} repairs in an hour, the repair waits for the next audit of the zone", BAD)
    if report.published.conflict:
        return visible("the conflict is why orgdns has not repaired it")
    return visible("the repair is in progress" if report.waiting else "orgdns repaired it")


def _show_refusals(console: Console, heading: str, refusals: Iterable[Refusal], style: str) -> None:
    rows = _pairs()
    for refusal in refusals:
        # Some reasons already begin with the name.
        reason = (
            refusal.reason if refusal.name.removesuffix(".") in refusal.reason else f"{refusal.name} {refusal.reason}"
        )
        rows.add_row(visible(refusal.rule), visible(reason, style))
    if rows.row_count:
        console.print(f"\n{heading}")
        console.print(_indented(rows))


def _zone(report: NameReport) -> Text:
    if report.domain is None:
        return visible(f"{report.key.zone_id}: not in the deployed policy", "yellow")
    return visible(f"{report.domain.removesuffix('.')} ({report.key.zone_id})")


def _values(claim: Claim, separator: str) -> Text:
    return Text(separator).join(
        visible(f"{record_type} {value}") for record_type, values in claim.values for value in values
    )


def _record_set(record_set: RecordSet) -> str:
    owner = InstanceRef.of_set_identifier(record_set.set_identifier)
    return f"{record_set.type} {', '.join(record_set.values)} TTL {record_set.ttl} of {owner or 'another tool'}"


def _pairs() -> Table:
    pairs = Table.grid(padding=(0, 2, 0, 0))
    pairs.add_column(style=QUIET, overflow="fold")
    pairs.add_column(overflow="fold")
    return pairs


def _indented(table: Table) -> Padding:
    return Padding(table, (0, 0, 0, 2))
