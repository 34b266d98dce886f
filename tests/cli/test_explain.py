from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from hub.runtime.model.names import (
    Action,
    Change,
    Claim,
    ConflictRule,
    Fqdn,
    Millis,
    NameState,
    Published,
    RecordSet,
    Refusal,
)
from hub.runtime.model.observation import Observation
from hub.runtime.names.labels import enclosing
from hub.runtime.publisher.holders import claim_statuses
from orgdns.cli.render.documents.explain import instances_document, names_document
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.documents.plan import plan_document
from orgdns.cli.render.plan import SHOWN, show_plan
from orgdns.cli.render.text import show_instance, show_name, visible
from orgdns.cli.reports.explain.claims import instance_report, name_report
from orgdns.cli.reports.plan.changes import NewRefusal, PolicyChange, Undecided, name_changes
from tests.support.build import CORP, PAYMENTS, ZONE_IDS, claim, instance, key, record_set, ref
from tests.support.cli.explained import LABELS, folded, observed, report, said, screen

HOSTILE = "[red]x[/]\x1b[31m\u202e\n[link=http://evil]:bomb:"
Show = Callable[[Console], None]


@pytest.mark.parametrize("conflict", ConflictRule)
def test_name_report_agrees_with_the_publisher(conflict: ConflictRule) -> None:
    """The report has the claims in the order and with the reasons of the code that publishes."""
    claims = [claim(number, conflict=conflict) for number in (3, 1, 2)]
    explained = report(*claims)
    assert explained.claim_statuses == claim_statuses(claims)
    assert explained.conflict_rule is conflict
    assert explained.holders == tuple(status.claim.instance for status in claim_statuses(claims) if status.holds)
    assert explained.domain == CORP


def test_report_has_the_waiting_changes() -> None:
    """The waiting changes are those that the publisher has yet to make; afterwards there are none."""
    current = Published((record_set(1),))
    assert report(claim(1), published=current).waiting == ()
    assert report(claim(1), claim(2), published=current).waiting == (
        Change(Action.DELETE, record_set(1)),
        Change(Action.CREATE, record_set(2)),
    )


def test_most_specific_zone_comes_first() -> None:
    """Of nested zones the inner zone comes first. A name that only ends alike is in no zone."""
    inner = Fqdn("eu.corp.internal.")
    zones = {CORP: "Z1", inner: "Z2"}
    assert enclosing(Fqdn("web.eu.corp.internal."), zones) == (inner, CORP)
    assert enclosing(inner, zones) == (inner, CORP)
    assert enclosing(Fqdn("notcorp.internal."), zones) == ()


def test_lost_claim_names_the_holder() -> None:
    """A lost claim has the reason and the holder. Refused and declined names are separate."""
    refused, declined = Refusal("a", "too long"), Refusal("b", "the rule waits", declined=True)
    observation = observed(instance(1), claim(1), refusals=(refused, declined))
    explained = instance_report(observation, {key(): report(claim(1), claim(2))})
    (lost,) = explained.claims
    assert lost.status is not None
    assert (lost.status.holds, lost.status.reason) == (False, f"{ref(2)} holds it, as the newer instance")
    assert lost.name.holders == (ref(2),)
    assert (explained.refused, explained.declined) == ((refused,), (declined,))


def test_claim_being_written_neither_holds_nor_loses() -> None:
    """The instance's row has the claim, but the rows of the name do not have it yet."""
    explained = instance_report(observed(instance(1), claim(1)), {key(): report()})
    assert explained.claims[0].status is None
    console = screen()
    show_instance(console, explained)
    assert "holds it   the claim is being written or withdrawn" in said(console)
    (document,) = instances_document([explained])["instances"]
    assert document["claims"][0]["holds"] is None


def test_ended_instance_claims_nothing() -> None:
    """The report says only that the instance has ended."""
    console = screen()
    show_instance(console, instance_report(Observation(ref(1), Millis(5), ended=True), {}))
    assert "It has ended" in said(console)
    assert "state" not in said(console)


def test_holder_sees_the_conflict() -> None:
    """The report on a holder shows the conflict and the changes that it blocks."""
    explained = report(claim(1), published=Published(conflict="a foreign record set is in the way of type A"))
    console = screen()
    show_instance(console, instance_report(observed(instance(1), claim(1)), {key(): explained}))
    text = said(console)
    assert "holds it   it would by policy, but the name is blocked: a foreign record set" in text
    assert "conflict   a foreign record set is in the way of type A" in text
    assert f"blocked + A 10.0.0.1 TTL 60 of {ref(1)}" in folded(console)


def test_pending_change_is_shown() -> None:
    """A change with an unknown outcome is shown for the name, as text and as JSON."""
    explained = report(claim(1), published=Published(pending=True))
    console = screen()
    show_name(console, explained)
    assert "pending" in said(console)
    assert names_document([explained])["names"][0]["pending"] is True


def test_name_without_claims() -> None:
    """The report says so, with likely reasons."""
    console = screen()
    show_name(console, report())
    assert "No instance claims it." in said(console)
    assert names_document([report()])["names"][0]["claimants"] == []


def test_nothing_is_truncated_in_80_columns() -> None:
    """A name of maximum length and a long rule wrap, and every character is shown."""
    long = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 47])
    long_claim = replace(claim(1), key=key(long), rule="r" * 63, note="n" * 200)
    explained = name_report(
        NameState(long_claim.key, (long_claim,), Published((record_set(1, name=long),))), ZONE_IDS, LABELS
    )
    shows: list[Show] = [
        lambda console: show_name(console, explained),
        lambda console: show_instance(
            console, instance_report(observed(instance(1), long_claim), {long_claim.key: explained})
        ),
        lambda console: show_plan(console, plan([], [long_claim]), everything=True),
    ]
    for show in shows:
        console = screen()
        show(console)
        text = said(console)
        assert max(map(len, text.splitlines())) <= 80
        for letter, times in (("b", 63), ("c", 63)):
            assert text.count(letter) >= times
        assert "…" not in text


def test_hostile_text_is_shown_safely() -> None:
    """Markup, emoji codes, control characters and bidirectional overrides are shown as escapes."""
    hostile = instance(1, name=HOSTILE)
    refusal = Refusal(HOSTILE, HOSTILE)
    hostile_claim = replace(claim(1), rule=HOSTILE, note=HOSTILE)
    observation = replace(
        observed(hostile, hostile_claim, refusals=(refusal,)), account=replace(PAYMENTS, label=None, reason=HOSTILE)
    )
    name = name_report(
        NameState(key(), (hostile_claim, claim(2)), Published(conflict=HOSTILE)), ZONE_IDS, {PAYMENTS.id: HOSTILE}
    )
    change = replace(plan([], [hostile_claim]), refused=(NewRefusal(ref(1), refusal),))
    change = replace(change, names=tuple(replace(difference, blocked=HOSTILE) for difference in change.names))
    shows: list[Show] = [
        lambda console: show_instance(console, instance_report(observation, {key(): name})),
        lambda console: show_name(console, name),
        lambda console: show_plan(console, change, everything=False),
    ]
    for show in shows:
        plain, colored = screen(), screen(terminal=True)
        show(plain)
        show(colored)
        assert all(character.isprintable() or character == "\n" for character in said(plain))
        assert "[red]x[/]\\x1b[31m\\u202e\\n" in said(plain).replace("\n", "").replace(" ", "")
        # The colors are ours: whatever begins a sequence is followed by a code of a style that we use.
        assert {part.split("m")[0] for part in said(colored).split("\x1b[")[1:]} <= {"0", "1", "2", "31", "32", "33"}
    for document in (instances_document([instance_report(observation, {key(): name})]), plan_document(change)):
        written = to_json(document)
        assert all(" " <= character <= "~" or character == "\n" for character in written)
        assert json.loads(written) == document


def test_printable_text_is_unchanged() -> None:
    """Letters of any language stay; non-printable characters become escapes."""
    assert visible("Zürich 東京").plain == "Zürich 東京"
    assert visible("a\x00\x7f\x9b\u200b\ufeff").plain == "a\\x00\\x7f\\x9b\\u200b\\ufeff"


def plan(before: list[Claim], after: list[Claim]) -> PolicyChange:
    return PolicyChange(name_changes(before, after), (), (), (), 0, Undecided())


def test_long_plan_is_shortened_unless_all_is_set() -> None:
    """After forty names, only the number of further names is shown."""
    many = plan([], [claim(number, name=f"n{number}") for number in range(1, SHOWN + 4)])
    console = screen()
    show_plan(console, many, everything=False)
    assert said(console).count("created") == SHOWN
    assert "3 more names: --all shows them" in said(console)
    console = screen()
    show_plan(console, many, everything=True)
    assert said(console).count("created") == SHOWN + 3
    assert "more names" not in said(console)


def test_large_shared_name_is_shortened_unless_all_is_set() -> None:
    """The first changes of the members are shown, and the rest is counted."""
    members = [claim(number, conflict=ConflictRule.SHARE) for number in range(1, 21)]
    console = screen()
    show_plan(console, plan([], members), everything=False)
    assert said(console).count("+ A") == 6
    assert "and 14 more" in said(console)
    console = screen()
    show_plan(console, plan([], members), everything=True)
    assert said(console).count("+ A") == 20


def test_undecided_instances_are_counted() -> None:
    """Each kind of instance that stays as it is has a note."""
    console = screen()
    show_plan(console, replace(plan([], []), undecided=Undecided(1, 2)), everything=False)
    text = folded(console)
    assert "does not cover: they lose their names after the grace period: 1." in text
    assert "has no facts about yet, so their names are unknown: 2." in text


def test_simple_record_set_belongs_to_another_tool() -> None:
    """A record set without a SetIdentifier is not attributed to an instance."""
    simple = RecordSet(key().fqdn, record_set(1).type, 60, ("10.0.0.1",), "")
    console = screen()
    show_name(console, report(published=Published((simple,))))
    assert "of another tool" in said(console)
