"""The labels of accounts: which claims depend on them, and which names they keep from other accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import ConflictRule, Fqdn
from hub.runtime.policy.rules import ReverseZone
from tests.support.build import PAYMENTS, SCIENCE, SEARCH, instance, interface
from tests.support.config.policies import REVERSE, decide, names, policy, reasons, rule

LABELS = {"payments": PAYMENTS.id, "search": SEARCH.id}


class TestLabelOfAClaim:
    def test_claim_has_the_label_that_its_name_depends_on(self) -> None:
        """A claim under the account's label says so; other claims have no label."""
        whole = policy(rule("{name}.{account_name}.corp.internal"), rule("{name}.corp.internal"))
        found = {claim.key.fqdn: claim.label for claim in decide(whole).claims}
        assert found == {"web.payments.corp.internal.": "payments", "web.corp.internal.": ""}

    def test_pointer_has_the_label_of_the_name_that_it_leads_to(self) -> None:
        """A PTR record must not lead to a name under a label that the account no longer has."""
        for template, label in (("{name}.{account_name}", "payments"), ("{name}.{account_id}", "")):
            whole = policy(
                rule(f"{template}.corp.internal", reverse=ConflictRule.OLDEST), reverse_zones=(ReverseZone(REVERSE),)
            )
            claims = decide(whole, instance(interfaces=(interface("10.1.0.1"),))).claims
            assert [claim.label for claim in claims] == [label, label]

    def test_fallback_without_the_label_has_none(self) -> None:
        """Only the template that gives the name counts."""
        fallback = rule("{tag:team}.{account_name}.corp.internal", "{name}.corp.internal")
        assert [claim.label for claim in decide(fallback).claims] == [""]
        account = replace(PAYMENTS, label=None, reason="taken")
        other = rule("{name}.{account_name}.corp.internal", "{name}.corp.internal")
        assert [claim.label for claim in decide(other, account=account).claims] == [""]

    def test_claim_of_two_rules_has_the_label_of_either(self) -> None:
        """A name that two rules give depends on the label if one of them does."""
        by_label, by_choice = rule("{account_name}.corp.internal"), rule("{name}.corp.internal")
        for rules in ((by_label, by_choice), (by_choice, by_label)):
            (claim,) = decide(policy(*rules), instance(name="payments")).claims
            assert claim.label == "payments"


class TestReservedLabels:
    """Directly below a zone, a name of another account's label would pass for that account's."""

    @pytest.mark.parametrize("name", ["payments", "Payments", "payments!"])
    def test_label_of_another_account_cannot_be_chosen(self, name: str) -> None:
        """The refusal names the account."""
        decision = decide(rule(), instance(account=SCIENCE.id, name=name), SCIENCE, LABELS)
        assert not decision.claims
        assert f"'payments' is the label of the account {PAYMENTS.id}" in reasons(decision)
        (refusal,) = decision.refusals
        assert refusal.name == "payments.corp.internal."

    @pytest.mark.parametrize("template", ["{alias}", "{tag:role}", "{asg}", "{tag:role}ments"])
    def test_every_way_to_choose_it_is_closed(self, template: str) -> None:
        """It does not matter which tag, or which part of the label, gives it."""
        tags = {"role": "pay" if "ments" in template else "payments", "aws:autoscaling:groupName": "payments"}
        subject = instance(account=SCIENCE.id, tags=tags | {"list": "payments"})
        aliases = "list" if "alias" in template else None
        chosen = rule(f"{template}.corp.internal", aliases=aliases)
        assert names(decide(chosen, subject, SCIENCE)) == ["payments"]
        assert not decide(chosen, subject, SCIENCE, LABELS).claims

    def test_account_may_choose_its_own_label(self) -> None:
        """The account's own instances may have the name."""
        assert names(decide(rule(), instance(name="payments"), PAYMENTS, LABELS)) == ["payments"]
        assert names(decide(rule("{account_name}.corp.internal"), None, PAYMENTS, LABELS)) == ["payments"]

    def test_other_names_are_free(self) -> None:
        """Longer names, deeper names and literal names are not the label."""
        subject = instance(account=SCIENCE.id, name="payments", tags={"team": "x"})
        for template, name in (
            ("{name}-1", "payments-1"),
            ("x{name}", "xpayments"),
            ("{name}.{account_id}", f"payments.{SCIENCE.id}"),
            ("{tag:team}.{name}", "x.payments"),
            ("payments", "payments"),
        ):
            assert names(decide(rule(f"{template}.corp.internal"), subject, SCIENCE, LABELS)) == [name]

    def test_rule_with_a_fallback_gives_no_other_name(self) -> None:
        """As with reserved names, a refused name is not replaced by another one."""
        chosen = rule("{name}.corp.internal", "{instance_id}.corp.internal")
        assert not decide(chosen, instance(account=SCIENCE.id, name="search"), SCIENCE, LABELS).claims

    def test_nested_zone_counts_from_its_own_name(self) -> None:
        """The label is reserved directly below each zone."""
        inner = Fqdn("lab.corp.internal.")
        whole = replace(policy(rule("{name}.corp.internal")), domains=(Fqdn("corp.internal."), inner))
        subject = instance(account=SCIENCE.id, name="payments")
        assert "label of the account" in reasons(decide(whole, subject, SCIENCE, LABELS))
