"""What an instance would get, as text: the facts, those that were assumed, the names, and what it does not get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.layout import record, show_line, show_lines, show_pairs
from orgdns.cli.render.text import BAD, CONFLICT_RULES, QUIET, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.text import Text

    from hub.runtime.model.names import Claim
    from orgdns.trial.decision import Outcome, Refused
    from orgdns.trial.given import Default
    from orgdns.trial.running import Trial


def show_trial(console: Console, trial: Trial) -> None:
    """Show what an instance would get, and why it gets no more."""
    outcome = trial.outcome
    show_line(console, visible(str(outcome.instance.ref), "bold"))
    show_pairs(console, list(_facts(outcome)), style=QUIET)
    _show_list(console, "Assumed, because it was not given:", [_default(each) for each in trial.defaults])
    if outcome.nothing:
        console.print()
        show_line(console, visible(f"orgdns gives it no names: {outcome.nothing}.", BAD))
        return
    for claim in outcome.decision.claims:
        _show_claim(console, claim)
    if not outcome.decision.claims:
        console.print("\nIt gets no names.")
    refused = [each for each in outcome.refused if not each.refusal.declined]
    declined = [each for each in outcome.refused if each.refusal.declined]
    _show_list(console, "Refused:", [_refused(console, each, BAD) for each in refused])
    _show_list(console, "Declined:", [_refused(console, each, "") for each in declined])
    silent = [visible(f"{each.rule}: {each.reason}", QUIET) for each in outcome.silent]
    _show_list(console, "Rules that are not for it:", silent)


def _facts(outcome: Outcome) -> Iterable[tuple[str, Text]]:
    instance, account = outcome.instance, outcome.account
    label = f" ({account.label})" if account.label else ""
    yield "account", visible(f"{account.id}{label}")
    if account.label is None:
        yield "", visible(f"it has no label: {account.reason}", BAD)
    if account.units:
        yield "units", visible(", ".join(account.units))
    yield "region", visible(instance.ref.region)
    yield "state", visible(instance.state)
    for number, interface in enumerate(instance.interfaces):
        addresses = ", ".join((*interface.ipv4, *interface.ipv6)) or "no address"
        yield f"interface {number}", visible(f"{addresses} in {interface.subnet_id} of {interface.vpc_id}")
    for key, value in instance.tags:
        yield f"tag {visible(key).plain}", visible(value)


def _default(default: Default) -> Text:
    reason = f" ({default.reason})" if default.reason else ""
    return visible(f"{default.fact}: {default.value}{reason}", QUIET)


def _show_claim(console: Console, claim: Claim) -> None:
    console.print()
    show_line(console, visible(claim.key.fqdn.removesuffix("."), "bold"))
    values = [f"{record_type} {value}" for record_type, of_type in claim.values for value in of_type]
    created = claim.key.zone_id.endswith(".")
    facts = [
        ("values", visible(", ".join(values))),
        ("TTL", visible(f"{claim.ttl} s")),
        ("rule", visible(claim.rule)),
        (
            "zone",
            visible(
                f"{claim.key.zone_id.removesuffix('.')}, which the network stack creates"
                if created
                else claim.key.zone_id
            ),
        ),
        ("if others claim it", visible(CONFLICT_RULES[claim.conflict])),
    ]
    if not claim.publish:
        facts.append(("dry run", visible("it is decided and stored, and not written: see 'publish' in the file", BAD)))
    elif claim.turned_on:
        facts.append(("dry run", visible("a rule that gives the name, too, is not published: see 'publish'", BAD)))
    if claim.note:
        facts.append(("note", visible(claim.note)))
    show_pairs(console, facts, style=QUIET)


def _refused(console: Console, refused: Refused, style: str) -> Text:
    refusal = refused.refusal
    name = refusal.name.removesuffix(".")
    reason = refusal.reason if not name or name in refusal.reason else f"{name}: {refusal.reason}"
    rule = "the policy" if refusal.rule == "*" else refusal.rule
    parts = [visible(f"{rule}: {reason}", style)]
    if refused.remedy:
        parts.append(visible(f"to get the name: {refused.remedy}"))
    return record(console, parts)


def _show_list(console: Console, heading: str, lines: list[Text]) -> None:
    if lines:
        console.print(f"\n{heading}")
        show_lines(console, lines, 2)
