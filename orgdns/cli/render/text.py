"""Reports as text, in any width. Nothing is truncated, and text from tags is shown safely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from hub.runtime.model.names import Action, ConflictRule
from orgdns.cli.render.documents.fields import damping_text
from orgdns.cli.render.export.printable import printable
from orgdns.cli.render.layout import record, show_line, show_lines, show_pairs
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from hub.runtime.model.names import Change, Claim, RecordSet, Refusal
    from hub.runtime.model.observation import Observation
    from hub.runtime.publisher.holders import ClaimStatus
    from orgdns.cli.reports.explain.claims import ClaimReport, InstanceReport, NameReport

GOOD, BAD, QUIET = "green", "red", "dim"

CONFLICT_RULES = {
    ConflictRule.NEWEST: "newest: the instance launched last holds the name",
    ConflictRule.OLDEST: "oldest: the instance launched first holds the name",
    ConflictRule.SHARE: "share: all claimants hold the name; if it is full, the oldest do",
}


def visible(text: str, style: str = "") -> Text:
    """The text with non-printable characters, such as control characters, replaced by Python's escapes.

    Brackets in the text are not markup.
    """
    return Text(printable(text), style=style, overflow="fold")


def show_instance(console: Console, report: InstanceReport) -> None:
    """Show the facts about an instance, the names it claims, and the names it did not get."""
    observation = report.observation
    show_line(console, visible(str(observation.ref), "bold"))
    _show_facts(console, _facts(observation))
    if report.fault:
        show_line(console, visible(f"{report.fault}. Nothing that belongs to it is changed.", BAD))
    if damped := damping_text(observation.damping):
        show_line(console, visible(f"It is {damped}.", BAD))
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


def _facts(observation: Observation) -> list[tuple[str, Text]]:
    """The facts about an instance, as last described."""
    instance, account = observation.instance, observation.account
    label = account.label if account else None
    facts: list[tuple[str, Text]] = []
    facts.append(("account", visible(f"{observation.ref.account} ({label})" if label else observation.ref.account)))
    if account and account.label is None:
        facts.append(("", visible(f"its name is not a valid label: {account.reason}", BAD)))
    facts.append(("region", visible(observation.ref.region)))
    if instance:
        addresses = [address for interface in instance.interfaces for address in (*interface.ipv4, *interface.ipv6)]
        facts.append(("state", visible(instance.state.value)))
        facts.append(("launched", visible(time(instance.launched_at))))
        facts.append(("addresses", visible(", ".join(addresses) or "none")))
        name = instance.tag("Name")
        facts.append(("tag Name", visible(name) if name is not None else visible("not set", QUIET)))
    if observation.observed_at:
        as_of = f"{time(observation.observed_at)}; orgdns explain --live asks EC2"
        facts.append(("as of", visible(as_of)))
    return facts


def show_name(console: Console, report: NameReport) -> None:
    """Show the claims on a name, its holders, and what is published."""
    show_line(console, visible(report.key.fqdn.removesuffix("."), "bold"))
    facts: list[tuple[str, Text]] = []
    facts.append(("zone", _zone(report)))
    if report.conflict_rule:
        facts.append(("conflict rule", visible(CONFLICT_RULES[report.conflict_rule])))
    _add_zone_state(facts, report)
    _show_facts(console, facts)
    if report.unreadable:
        show_line(console, visible("orgdns leaves the name as it is, because rows of it cannot be read:", BAD))
        show_lines(console, [visible(str(fault), BAD) for fault in report.unreadable], 2)
    if not report.claim_statuses:
        console.print(
            "No instance claims it. If an instance should, run orgdns explain on the instance: a rule may refuse the "
            "name, a tag may decline it, or no event has reported the instance yet."
        )
        return
    console.print("\nClaimants, oldest first:")
    width = len(str(len(report.claim_statuses)))
    for number, status in enumerate(report.claim_statuses, start=1):
        show_line(console, record(console, _claimant(report, status)), Text(f"  {number:>{width}}  "), width + 4)


def _claimant(report: NameReport, status: ClaimStatus) -> list[Text]:
    """The parts of the record of a claimant."""
    claim = status.claim
    label = report.labels.get(claim.instance.account)
    launched = f"launched {time(claim.launched_at)}{'' if claim.running else ', stopped'}"
    return [
        visible(f"{claim.instance}{f' ({label})' if label else ''}"),
        visible(launched, QUIET),
        _values(claim, ", ") + visible(f" by the rule {claim.rule}"),
        *([visible(claim.note, QUIET)] if claim.note else []),
        _holding(report, status),
    ]


def _holding(report: NameReport, status: ClaimStatus) -> Text:
    """Whether a claimant holds the name."""
    if blocked := report.blocked(status):
        return visible(f"would hold the name, but it is blocked: {blocked}", BAD)
    if status.claim.instance in report.in_dry_run:
        return visible(f"does not hold it: {status.reason}", "yellow")
    return Text("holds the name", GOOD) if status.holds else visible(f"does not hold it: {status.reason}", BAD)


def change_line(change: Change) -> Text:
    """A change of a record set, as a line of a diff."""
    sign, style = ("+", GOOD) if change.action is Action.CREATE else ("-", BAD)
    return visible(f"{sign} {_record_set(change.record_set)}", style)


def _show_claim(console: Console, report: ClaimReport) -> None:
    claim, status, name = report.claim, report.status, report.name
    console.print()
    show_line(console, visible(claim.key.fqdn.removesuffix("."), "bold"))
    facts: list[tuple[str, Text]] = []
    if status is None:
        facts.append(("holds it", visible("the claim is being written or withdrawn", "yellow")))
    elif blocked := name.blocked(status):
        facts.append(("holds it", visible(f"it would by policy, but the name is blocked: {blocked}", BAD)))
    elif status.holds:
        facts.append(("holds it", visible("yes", GOOD)))
    elif claim.instance in name.in_dry_run:
        facts.append(("holds it", visible(f"no: {status.reason}", "yellow")))
    else:
        facts.append(("holds it", visible(f"no: {status.reason}", BAD)))
    facts.append(("values", _values(claim, ", ")))
    facts.append(("TTL", visible(f"{claim.ttl} s")))
    facts.append(("rule", visible(claim.rule)))
    if claim.note:
        facts.append(("note", visible(claim.note)))
    facts.append(("zone", _zone(name)))
    _add_zone_state(facts, name)
    _show_facts(console, facts)


def _add_zone_state(facts: list[tuple[str, Text]], report: NameReport) -> None:
    """Add the published records of the name, the changes that are not made yet, and the conflict."""
    published = report.published
    for number, record_set in enumerate(published.record_sets):
        facts.append(("" if number else "published", visible(_record_set(record_set))))
    if not published.record_sets:
        facts.append(("published", visible("nothing", QUIET)))
    facts.append(("as of", visible(f"{_known_as_of(report)}; orgdns explain --live asks Route 53", QUIET)))
    if published.pending:
        facts.append(("pending", visible("a change was sent; its outcome is not recorded yet", "yellow")))
    if published.conflict:
        facts.append(("conflict", visible(published.conflict, BAD)))
    if drift := report.drift:
        facts.append(("changed by", visible(f"{drift.by} at {time(drift.at)}", BAD if report.repair_waits else "")))
        facts.append(("", _repair(report, len(drift.repaired_at))))
    for number, change in enumerate(report.waiting):
        facts.append(("" if number else ("blocked" if published.conflict else "waiting"), change_line(change)))
    for number, change in enumerate(report.withheld):
        facts.append(("" if number else "in dry run", change_line(change)))
    if report.withheld and report.blocked_when_turned_on:
        facts.append(("in the way", visible(report.blocked_when_turned_on, BAD)))


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
    rows: list[tuple[str, Text]] = []
    for refusal in refusals:
        # Some reasons already begin with the name.
        reason = (
            refusal.reason if refusal.name.removesuffix(".") in refusal.reason else f"{refusal.name} {refusal.reason}"
        )
        rows.append((visible(refusal.rule).plain, visible(reason, style)))
    if rows:
        console.print(f"\n{heading}")
        _show_facts(console, rows)


def _zone(report: NameReport) -> Text:
    if report.domain is None:
        return visible(f"{report.key.zone_id}: not in the deployed policy", "yellow")
    return visible(f"{report.domain.removesuffix('.')} ({report.key.zone_id})")


def _values(claim: Claim, separator: str) -> Text:
    return Text(separator).join(
        visible(f"{record_type} {value}") for record_type, values in claim.values for value in values
    )


def _record_set(record_set: RecordSet) -> str:
    of = record_set.holder or "another tool"
    return f"{record_set.type} {', '.join(record_set.values)} TTL {record_set.ttl} of {of}"


def _show_facts(console: Console, facts: list[tuple[str, Text]]) -> None:
    show_pairs(console, facts, style=QUIET)
