from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from hub.runtime.model.names import (
    Action,
    Change,
    Claim,
    ConflictRule,
    Fqdn,
    Instance,
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
from orgdns.cli.reports.explain import NameReport, instance_report, name_report
from orgdns.cli.reports.plan import NewRefusal, PolicyChange, Undecided, name_changes
from tests.support.build import CORP, PAYMENTS, SEARCH, ZONE_IDS, claim, instance, key, record_set, ref

HOSTILE = "[red]x[/]\x1b[31m\u202e\n[link=http://evil]:bomb:"
Show = Callable[[Console], None]
LABELS = {PAYMENTS.id: "payments", SEARCH.id: "search"}


def report(*claims: Claim, published: Published | None = None) -> NameReport:
    return name_report(NameState(key(), claims, published or Published()), ZONE_IDS, LABELS)


def observed(one: Instance, *claims: Claim, refusals: tuple[Refusal, ...] = ()) -> Observation:
    return Observation(one.ref, Millis(5), claims, instance=one, account=PAYMENTS, refusals=refusals)


def screen(*, terminal: bool = False) -> Console:
    return Console(
        file=StringIO(), width=80, force_terminal=terminal, highlight=False, markup=False, emoji=False,
        color_system="standard" if terminal else None,
    )  # fmt: skip


def said(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def folded(console: Console) -> str:
    """What was said, whatever lines it stands on."""
    return " ".join(said(console).split())


@pytest.mark.parametrize("conflict", ConflictRule)
def test_a_name_says_what_decides(conflict: ConflictRule) -> None:
    """Its claimants stand as the code that publishes has them, in its order and with its reasons."""
    claims = [claim(number, conflict=conflict) for number in (3, 1, 2)]
    told = report(*claims)
    assert told.claim_statuses == claim_statuses(claims)
    assert told.conflict_rule is conflict
    assert told.holders == tuple(one.claim.instance for one in claim_statuses(claims) if one.holds)
    assert told.domain == CORP


def test_what_the_zone_lacks_is_told() -> None:
    """What is published and what is claimed differ by what the publisher has yet to do, and by nothing once it has."""
    held = Published((record_set(1),))
    assert report(claim(1), published=held).waiting == ()
    assert report(claim(1), claim(2), published=held).waiting == (
        Change(Action.DELETE, record_set(1)),
        Change(Action.CREATE, record_set(2)),
    )


def test_the_most_specific_zone_answers() -> None:
    """Of nested zones the inner one comes first; a name that only ends alike lies in none."""
    inner = Fqdn("eu.corp.internal.")
    zones = {CORP: "Z1", inner: "Z2"}
    assert enclosing(Fqdn("web.eu.corp.internal."), zones) == (inner, CORP)
    assert enclosing(inner, zones) == (inner, CORP)
    assert enclosing(Fqdn("notcorp.internal."), zones) == ()


def test_an_instance_says_who_holds_its_name_instead() -> None:
    """A claim that lost names its rule, the reason, and the holder; refusals and what was declined stand apart."""
    refused, declined = Refusal("a", "too long"), Refusal("b", "the rule waits", declined=True)
    seen = observed(instance(1), claim(1), refusals=(refused, declined))
    told = instance_report(seen, {key(): report(claim(1), claim(2))})
    (lost,) = told.claims
    assert lost.standing is not None
    assert (lost.standing.holds, lost.standing.reason) == (False, f"{ref(2)} holds it, as the newer instance")
    assert lost.name.holders == (ref(2),)
    assert (told.refused, told.declined) == ((refused,), (declined,))


def test_a_claim_on_its_way_is_told_as_such() -> None:
    """The instance's row names it, the name's partition does not have it: it neither holds nor loses."""
    told = instance_report(observed(instance(1), claim(1)), {key(): report()})
    assert told.claims[0].standing is None
    console = screen()
    show_instance(console, told)
    assert "holds it   the claim is being written or withdrawn" in said(console)
    (document,) = instances_document([told])["instances"]
    assert document["claims"][0]["holds"] is None


def test_an_ended_instance_claims_nothing() -> None:
    """It is told to have ended, and nothing else is made up about it."""
    console = screen()
    show_instance(console, instance_report(Observation(ref(1), Millis(5), ended=True), {}))
    assert "It has ended" in said(console)
    assert "state" not in said(console)


def test_a_conflict_is_told_to_a_holder() -> None:
    """Who holds a name by policy is told that something is in the way, and what waits for it."""
    told = report(claim(1), published=Published(conflict="a foreign record set is in the way of type A"))
    console = screen()
    show_instance(console, instance_report(observed(instance(1), claim(1)), {key(): told}))
    text = said(console)
    assert "holds it   yes by policy, but something in the zone is in the way" in text
    assert "conflict   a foreign record set is in the way of type A" in text
    assert f"blocked + A 10.0.0.1 TTL 60 of {ref(1)}" in folded(console)


def test_a_pending_change_is_told() -> None:
    """A change whose outcome is unknown shows, for a name and for an instance."""
    told = report(claim(1), published=Published(pending=True))
    console = screen()
    show_name(console, told)
    assert "pending" in said(console)
    assert names_document([told])["names"][0]["pending"] is True


def test_a_name_that_nobody_claims() -> None:
    """It is said so, with what may be the reason."""
    console = screen()
    show_name(console, report())
    assert "Nobody claims it." in said(console)
    assert names_document([report()])["names"][0]["claimants"] == []


def test_nothing_is_cut_in_80_columns() -> None:
    """A name as long as DNS allows and a long rule fold, and every character of them is there."""
    long = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 47])
    one = replace(claim(1), key=key(long), rule="r" * 63, note="n" * 200)
    told = name_report(NameState(one.key, (one,), Published((record_set(1, name=long),))), ZONE_IDS, LABELS)
    shows: list[Show] = [
        lambda console: show_name(console, told),
        lambda console: show_instance(console, instance_report(observed(instance(1), one), {one.key: told})),
        lambda console: show_plan(console, plan([], [one]), everything=True),
    ]
    for show in shows:
        console = screen()
        show(console)
        text = said(console)
        assert max(map(len, text.splitlines())) <= 80
        for letter, times in (("b", 63), ("c", 63)):
            assert text.count(letter) >= times
        assert "…" not in text


def test_a_strangers_text_is_shown_and_does_nothing() -> None:
    """Markup, emoji codes, control characters and changes of the writing direction are all shown as what they are."""
    hostile = instance(1, name=HOSTILE)
    refusal = Refusal(HOSTILE, HOSTILE)
    one = replace(claim(1), rule=HOSTILE, note=HOSTILE)
    seen = replace(observed(hostile, one, refusals=(refusal,)), account=replace(PAYMENTS, label=None, reason=HOSTILE))
    name = name_report(NameState(key(), (one, claim(2)), Published(conflict=HOSTILE)), ZONE_IDS, {PAYMENTS.id: HOSTILE})
    change = replace(plan([], [one]), refused=(NewRefusal(ref(1), refusal),))
    change = replace(change, names=tuple(replace(of, blocked=HOSTILE) for of in change.names))
    shows: list[Show] = [
        lambda console: show_instance(console, instance_report(seen, {key(): name})),
        lambda console: show_name(console, name),
        lambda console: show_plan(console, change, everything=False),
    ]
    for show in shows:
        plain, coloured = screen(), screen(terminal=True)
        show(plain)
        show(coloured)
        assert all(character.isprintable() or character == "\n" for character in said(plain))
        assert "[red]x[/]\\x1b[31m\\u202e\\n" in said(plain).replace("\n", "").replace(" ", "")
        # The colours are ours: whatever begins a sequence is followed by a code of a style that we use.
        assert {part.split("m")[0] for part in said(coloured).split("\x1b[")[1:]} <= {"0", "1", "2", "31", "32", "33"}
    for document in (instances_document([instance_report(seen, {key(): name})]), plan_document(change)):
        written = to_json(document)
        assert all(" " <= character <= "~" or character == "\n" for character in written)
        assert json.loads(written) == document


def test_visible_text_is_unchanged_where_it_can_be() -> None:
    """Letters of any language stay; what has no shape is written as an escape."""
    assert visible("Zürich 東京").plain == "Zürich 東京"
    assert visible("a\x00\x7f\x9b\u200b\ufeff").plain == "a\\x00\\x7f\\x9b\\u200b\\ufeff"


def plan(before: list[Claim], after: list[Claim]) -> PolicyChange:
    return PolicyChange(name_changes(before, after), (), (), (), 0, Undecided())


def test_a_plan_shows_the_first_names_and_says_how_many_more() -> None:
    """Beyond forty names the rest is counted, and shown when asked for."""
    many = plan([], [claim(number, name=f"n{number}") for number in range(1, SHOWN + 4)])
    console = screen()
    show_plan(console, many, everything=False)
    assert said(console).count("created") == SHOWN
    assert "3 more names: --all shows them" in said(console)
    console = screen()
    show_plan(console, many, everything=True)
    assert said(console).count("created") == SHOWN + 3
    assert "more names" not in said(console)


def test_a_large_shared_name_is_cut_unless_asked_for() -> None:
    """Of a name with many members the first changes are shown, and the rest is counted."""
    members = [claim(number, conflict=ConflictRule.SHARE) for number in range(1, 21)]
    console = screen()
    show_plan(console, plan([], members), everything=False)
    assert said(console).count("+ A") == 6
    assert "and 14 more" in said(console)
    console = screen()
    show_plan(console, plan([], members), everything=True)
    assert said(console).count("+ A") == 20


def test_what_cannot_be_known_is_told() -> None:
    """Each kind of instance that is left as it is has its note."""
    console = screen()
    show_plan(console, replace(plan([], []), undecided=Undecided(1, 2, 3)), everything=False)
    text = folded(console)
    assert "does not cover, which keep what they have: 1." in text
    assert "holds no facts yet, so that nobody knows what they would get: 2." in text
    assert "does not ask for them, so that nobody knows what they would get: 3." in text


def test_a_simple_record_set_is_nobodys() -> None:
    """What another tool left is not said to be one of our instances'."""
    simple = RecordSet(key().fqdn, record_set(1).type, 60, ("10.0.0.1",), "")
    console = screen()
    show_name(console, report(published=Published((simple,))))
    assert "of another tool" in said(console)
