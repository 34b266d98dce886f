"""The effects of a changed policy in numbers, and as a page for a comment on a pull request."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from rich.console import Console

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Millis, Refusal
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.publisher.holders import ClaimStatus
from orgdns.cli.render.documents.plan import plan_document
from orgdns.cli.render.formats.html import html
from orgdns.cli.render.formats.markdown import markdown
from orgdns.cli.render.plan import show_plan
from orgdns.cli.render.plan_page import MAX_CHARACTERS, plan_page
from orgdns.cli.reports.plan.changes import (
    AccountSummary,
    NewRefusal,
    PolicyChange,
    Undecided,
    name_changes,
)
from orgdns.cli.reports.plan.quotas import VpcDemand
from orgdns.cli.reports.plan.totals import totals
from orgdns.cli.reports.plan.vpcs import AssociationChange
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, claim, ref

NAMES = name_changes(
    [claim(1, name="gone"), claim(2, name="moved"), claim(3, name="other", address="10.0.0.1")],
    [claim(4, name="new"), claim(5, name="moved"), claim(3, name="other", address="10.0.0.2")],
)
CHANGE = PolicyChange(
    names=(replace(NAMES[0], blocked="a foreign record"), *NAMES[1:]),
    refused=(NewRefusal(ref(7), Refusal("short-names", "the rule denies '*'", "x.corp.internal.")),),
    lost=(ClaimStatus(claim(8), holds=False, reason="another holds it"),),
    accounts=(AccountSummary(PAYMENTS.id, "payments", created=1, deleted=1),),
    decided=12,
    undecided=Undecided(not_covered=2, without_facts=3),
)


def vpc(number: int) -> VpcRef:
    return VpcRef(PAYMENTS.id, "eu-central-1", f"vpc-{number:017x}")


ASSOCIATION = AssociationChange(CORP_ZONE, CORP, gained=(vpc(1), vpc(2)), lost=(vpc(3),), kept=(), method_changed=())
DEMAND = VpcDemand(CORP, "", vpcs=301, quota=300, accounts=((PAYMENTS.id, 31),), account_quota=30)
UNREADABLE = (Unreadable("name#x", "it has no values"),)


def page(change: PolicyChange = CHANGE, *, everything: bool = False) -> str:
    return markdown(plan_page(change, (ASSOCIATION,), (DEMAND,), UNREADABLE, everything=everything))


def test_summary_counts_everything() -> None:
    """One line says how much would change; numbers that are zero are left out, except those of names."""
    assert str(totals(CHANGE, (ASSOCIATION,), 1)) == (
        "Summary: creates 1, deletes 1, changes 1, hands over 1; 1 of them blocked; 1 newly refused; 1 newly lost; "
        "2 VPCs gain a zone; 1 VPCs lose a zone; 6 unknown"
    )
    nothing = PolicyChange((), (), (), (), 0, Undecided())
    assert str(totals(nothing, (), 0)) == "Summary: creates 0, deletes 0, changes 0, hands over 0"
    assert plan_document(CHANGE, (ASSOCIATION,), (), UNREADABLE)["summary"]["deleted"] == 1


def test_text_ends_with_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever sees the end of a long report sees the numbers."""
    show_plan(Console(soft_wrap=True), CHANGE, (ASSOCIATION,), (DEMAND,), everything=False, unreadable=1)
    assert capsys.readouterr().out.splitlines()[-1].startswith("Summary: creates 1,")


def test_page_has_a_section_for_each_list() -> None:
    """The summary comes first, and every fact of the plan is on the page."""
    text = page()
    assert text.splitlines()[2].startswith("**Summary: creates 1, deletes 1")
    headings = [line for line in text.splitlines() if line.startswith("### ")]
    assert [heading.removeprefix("### ").split(":")[0] for heading in headings] == [
        "Accounts",
        "Names",
        "Newly refused",
        "Claims that newly lose to others",
        "VPCs",
        "VPCs by zone, and the quotas",
        "Rows that cannot be read, which the plan leaves out",
        "Decided",
    ]
    for part in ("`gone.corp.internal`", "`a foreign record`", "`- A 10.0.0.1 TTL 60", "`short-names`", "301 of 300"):
        assert part in text


def test_unchanged_policy_has_a_short_page() -> None:
    """Without a change there are the summary, and how many instances were decided."""
    text = markdown(plan_page(PolicyChange((), (), (), (), 7, Undecided()), (), (), (), everything=False))
    assert [line for line in text.splitlines() if line.startswith("#")] == ["## orgdns plan", "### Decided"]


def test_long_page_fits_into_a_comment_and_says_what_it_leaves_out() -> None:
    """However much would change, the page keeps the numbers and the first entries; with --all, it has everything."""
    long = "l" * 60
    claims = [claim(number, name=f"{long}.{long}.{long}.{number}") for number in range(300)]
    refused = tuple(NewRefusal(ref(number), Refusal("rule", "r" * 600, "x.corp.internal.")) for number in range(300))
    lost = tuple(ClaimStatus(each, holds=False, reason="r" * 600) for each in claims)
    accounts = tuple(AccountSummary(f"{number:012}", "l" * 63, created=1) for number in range(900))
    change = PolicyChange(name_changes([], claims), refused, lost, accounts, 300, Undecided())
    text = page(change)
    assert len(text) <= MAX_CHARACTERS
    assert "creates 300" in text
    assert "more: orgdns plan" in text
    whole = page(change, everything=True)
    assert len(whole) > MAX_CHARACTERS
    assert whole.count("TTL 60") == 300


def test_texts_of_others_cannot_become_markup() -> None:
    """A reason with markup of a tag is shown as it is."""
    hostile = "`|</code><script>alert(1)</script>"
    change = replace(CHANGE, refused=(NewRefusal(ref(7), Refusal("rule", hostile, "")),))
    assert "<script>" not in html(plan_page(change, (), (), (), everything=False))
    assert json.loads(json.dumps(plan_document(change)))["refused"][0]["reason"] == hostile


def test_launch_time_does_not_matter() -> None:
    """The same change gives the same page, so that a pipeline can replace its comment only if something changed."""
    assert page() == page(
        replace(CHANGE, lost=(ClaimStatus(claim(8, launched_at=Millis(9)), holds=False, reason="another holds it"),))
    )
