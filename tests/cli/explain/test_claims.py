"""What is said of claims, and of the records of a name, beside what `test_explain.py` tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Action, Claim, ConflictRule, Millis, NameState, Published, Withheld
from orgdns.cli.render.documents.explain import names_document
from orgdns.cli.render.text import show_instance, show_name
from orgdns.cli.reports.explain.claims import instance_report, name_report
from tests.support.build import ZONE_IDS, claim, instance, key, record_set
from tests.support.cli.explained import LABELS, folded, observed, report, screen


def test_blocked_claimant_does_not_hold_the_name() -> None:
    """A claimant whose record a foreign record keeps out would hold the name. Others are not concerned."""
    conflict = "a foreign record set is in the way of type A"
    blocked = report(claim(1), claim(2), published=Published(conflict=conflict))
    console = screen()
    show_name(console, blocked)
    assert f"would hold the name, but it is blocked: {conflict}" in folded(console)
    assert " holds the name" not in folded(console).partition("Claimants")[2]
    loser, holder = names_document([blocked])["names"][0]["claimants"]
    assert (holder["holds"], holder["blocked"]) == (True, conflict)
    assert (loser["holds"], loser["blocked"]) == (False, None)


def test_conflict_of_another_holder_blocks_no_one_else() -> None:
    """Of the members of a shared name, those whose records are in the zone hold it."""
    members = [claim(number, conflict=ConflictRule.SHARE) for number in (1, 2)]
    half = report(*members, published=Published((record_set(1),), conflict="Route 53 refused it"))
    assert [half.blocked(status) for status in half.claim_statuses] == ["", "Route 53 refused it"]


def test_name_with_rows_that_cannot_be_read_is_not_published() -> None:
    """The publisher leaves such a name as it is: a claimant without records would hold it."""
    state = NameState(key(), (claim(1),), unreadable=(Unreadable("claim#x", "malformed"),))
    explained = name_report(state, ZONE_IDS, LABELS)
    (status,) = explained.claim_statuses
    assert explained.blocked(status) == "rows of the name cannot be read"


@pytest.mark.parametrize(
    ("recorded_at", "audited_at", "said_of"),
    [
        (0, 0, "no change or audit yet"),
        (5, 0, "the last change, recorded at 1970-01-01T00:00:00.005Z"),
        (5, 4, "the last change, recorded at 1970-01-01T00:00:00.005Z"),
        (5, 6, "the last audit at 1970-01-01T00:00:00.006Z"),
    ],
)
def test_published_records_say_as_of_when(recorded_at: int, audited_at: int, said_of: str) -> None:
    """What the zone holds is known as of the last change or the last audit, and the way to ask the zone is beside."""
    explained = replace(report(claim(1)), recorded_at=Millis(recorded_at), audited_at=Millis(audited_at))
    console = screen()
    show_name(console, explained)
    assert f"{said_of}; orgdns explain --live asks Route 53" in folded(console)
    (document,) = names_document([explained])["names"]
    assert (document["recorded_at"] is None, document["audited_at"] is None) == (not recorded_at, not audited_at)


def test_facts_of_an_instance_say_as_of_when() -> None:
    """They are as of the last description."""
    console = screen()
    show_instance(console, instance_report(observed(instance(1)), {}))
    assert "1970-01-01T00:00:00.005Z; orgdns explain --live asks EC2" in folded(console)


def dry(number: int) -> Claim:
    return replace(claim(number), rule="pilot", publish=False)


def test_claim_in_dry_run_says_so() -> None:
    """It does not hold the name, nothing waits, and what would be created is listed with what is in the way."""
    in_the_way = "a foreign record set is in the way of type A"
    explained = report(dry(1), published=Published(withheld=Withheld((record_set(1),), in_the_way)))
    assert (explained.holders, explained.waiting) == ((), ())
    console = screen()
    show_name(console, explained)
    assert "does not hold it: in dry run; turned on, it would hold it" in folded(console)
    assert f"in the way {in_the_way}" in folded(console)
    (document,) = names_document([explained])["names"]
    assert document["claimants"][0]["in_dry_run"] is True
    assert [change["action"] for change in document["withheld"]["changes"]] == ["CREATE"]
    assert document["withheld"]["blocked"] == in_the_way


def test_claim_beside_a_claim_in_dry_run() -> None:
    """The other instance holds the name now, and would lose it."""
    explained = report(claim(1), dry(2), published=Published((record_set(1),), withheld=Withheld((record_set(2),))))
    assert explained.holders == (claim(1).instance,)
    assert [change.action for change in explained.withheld] == [Action.DELETE, Action.CREATE]
    (named,) = names_document([explained])["names"]
    assert [(each["holds"], each["in_dry_run"]) for each in named["claimants"]] == [(True, False), (False, True)]


def test_claim_that_was_written_before_the_dry_run() -> None:
    """The publisher keeps its record set back, so it does not wait."""
    explained = report(claim(1), published=Published(withheld=Withheld((record_set(1),))))
    assert (explained.in_dry_run, explained.waiting) == (frozenset({claim(1).instance}), ())


def test_instance_in_dry_run() -> None:
    """Each of its names says that it is in dry run."""
    named = report(dry(1), published=Published(withheld=Withheld((record_set(1),))))
    console = screen()
    show_instance(console, instance_report(observed(instance(1), dry(1)), {key(): named}))
    assert "holds it no: in dry run; turned on, it would hold it" in folded(console)
    assert "in dry run + A 10.0.0.1" in folded(console)


def test_records_that_a_dry_run_leaves() -> None:
    """Those of an ended instance stay, so nothing waits."""
    explained = report(published=Published((record_set(1),), withheld=Withheld()))
    assert (explained.waiting, [change.action for change in explained.withheld]) == ((), [Action.DELETE])


def test_name_that_nothing_concerns() -> None:
    """Without a dry run, nothing is said of one."""
    assert names_document([report(claim(1))])["names"][0]["withheld"] is None
