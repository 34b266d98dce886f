from __future__ import annotations

import pytest

from hub.runtime.contract import GROUP_TAG
from hub.runtime.model.names import (
    ConflictRule,
    InstanceState,
    RecordType,
    Selection,
    WhenStopped,
)
from hub.runtime.policy.draft import Decision
from hub.runtime.policy.rules import TagCondition
from tests.support.build import (
    PAYMENTS,
    SCIENCE,
    ZONE_IDS,
    example_policy,
    instance,
    interface,
)
from tests.support.config.policies import decide, names, policy, reasons, rule


def test_example_gives_each_instance_its_names() -> None:
    """The committed example gives the names that its comments describe."""
    decision = example_policy().decide(instance(name="web"), PAYMENTS, ZONE_IDS, {})
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.corp.internal.",
        "web.eu-central-1.payments.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }
    assert all(claim.values == ((RecordType.A, ("10.0.0.2",)),) for claim in decision.claims)


def test_account_without_the_short_name_rule_gets_none() -> None:
    """A rule for certain accounts gives no name to another account, whatever its instances are called."""
    decision = example_policy().decide(instance(account=SCIENCE.id, name="web"), SCIENCE, ZONE_IDS, {})
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.eu-central-1.data-science.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


class TestStates:
    @pytest.mark.parametrize("state", [InstanceState.STOPPING, InstanceState.STOPPED])
    def test_stopped_instance_keeps_or_withdraws_by_rule(self, state: InstanceState) -> None:
        """A stopped instance keeps its address and its name, unless the rule withdraws the name."""
        assert names(decide(rule(), instance(state=state))) == ["web"]
        assert [claim.running for claim in decide(rule(), instance(state=state)).claims] == [False]
        assert [claim.running for claim in decide(rule(), instance()).claims] == [True]
        withdrawn = decide(rule(stopped=WhenStopped.WITHDRAW), instance(state=state))
        assert not withdrawn.claims
        assert "is stopped" in reasons(withdrawn)

    @pytest.mark.parametrize("state", [InstanceState.PENDING, InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED])
    def test_instance_without_an_address_of_its_own_claims_nothing(self, state: InstanceState) -> None:
        """An instance that does not run yet, or is ending, has no name."""
        assert decide(rule(), instance(state=state)) == Decision()


class TestMeetingRules:
    def test_rules_that_give_one_name_make_one_claim(self) -> None:
        """The claim has the lower TTL, the stricter conflict rule and all addresses of the two rules."""
        subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
        first = rule(name="one", ttl=60, conflict=ConflictRule.SHARE)
        second = rule(name="two", ttl=30, conflict=ConflictRule.OLDEST, addresses=Selection.FURTHER)
        for rules in ((first, second), (second, first)):
            (claim,) = decide(policy(*rules), subject).claims
            assert (claim.rule, claim.ttl, claim.conflict) == (rules[0].name, 30, ConflictRule.OLDEST)
            # One of them gives IPv4 alone.
            values = ((RecordType.A, ("10.1.0.1", "10.1.0.2")), (RecordType.AAAA, ("2001:db8::1",)))
            assert claim.values == values

    def test_policy_knows_what_it_reads(self) -> None:
        """The policy knows which tags its rules read."""
        rules = (
            rule("{name}.{tag:team}.corp.internal", opt_in=TagCondition("in")),
            rule("{alias}.{ou}.corp.internal", aliases="list", opt_out=TagCondition("out", "x")),
            rule("{asg}.corp.internal"),
        )
        assert policy(*rules).tags_read == {"Name", "team", "in", "list", "out", GROUP_TAG}
