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
from hub.runtime.policy.decide import Decision
from hub.runtime.policy.rules import Scope, TagCondition
from tests.support.build import (
    PAYMENTS,
    RESEARCH,
    SCIENCE,
    ZONE_IDS,
    example_policy,
    instance,
    interface,
)
from tests.support.policies import decide, names, policy, reasons, rule


def test_example_gives_each_instance_its_names() -> None:
    """The committed example means what its comments say."""
    decision = example_policy().decide(instance(name="web"), PAYMENTS, ZONE_IDS)
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.corp.internal.",
        "web.eu-central-1.payments.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }
    assert all(claim.values == ((RecordType.A, ("10.0.0.2",)),) for claim in decision.claims)


def test_account_without_the_short_name_rule_gets_none() -> None:
    """A rule for named accounts gives nothing to another, whatever its instances are called."""
    decision = example_policy().decide(instance(account=SCIENCE.id, name="web"), SCIENCE, ZONE_IDS)
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.eu-central-1.data-science.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


class TestStates:
    @pytest.mark.parametrize("state", [InstanceState.STOPPING, InstanceState.STOPPED])
    def test_stopped_instance_keeps_or_withdraws_by_rule(self, state: InstanceState) -> None:
        """The address survives a stop and so does the name, unless the rule withdraws it then."""
        assert names(decide(rule(), instance(state=state))) == ["web"]
        withdrawn = decide(rule(stopped=WhenStopped.WITHDRAW), instance(state=state))
        assert not withdrawn.claims
        assert "is stopped" in reasons(withdrawn)

    @pytest.mark.parametrize("state", [InstanceState.PENDING, InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED])
    def test_instance_that_is_not_there_claims_nothing(self, state: InstanceState) -> None:
        """What does not run yet, or never will again, has no name."""
        assert decide(rule(), instance(state=state)) == Decision()


class TestMeetingRules:
    def test_rules_that_meet_at_one_name_make_one_claim(self) -> None:
        """Two rules that give one name make one claim: the lower TTL, the stricter way, all addresses."""
        subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
        one = rule(name="one", ttl=60, conflict=ConflictRule.SHARE)
        two = rule(name="two", ttl=30, conflict=ConflictRule.OLDEST, addresses=Selection.FURTHER)
        for rules in ((one, two), (two, one)):
            (claim,) = decide(policy(*rules), subject).claims
            assert (claim.rule, claim.ttl, claim.conflict) == (rules[0].name, 30, ConflictRule.OLDEST)
            # One of them gives IPv4 alone.
            values = ((RecordType.A, ("10.1.0.1", "10.1.0.2")), (RecordType.AAAA, ("2001:db8::1",)))
            assert claim.values == values

    def test_what_policy_reads_is_known(self) -> None:
        """The tags that decide anything, and whether units and stops do, are read off the rules."""
        rules = (
            rule("{name}.{tag:team}.corp.internal", opt_in=TagCondition("in")),
            rule("{alias}.{ou}.corp.internal", aliases="list", opt_out=TagCondition("out", "x")),
            rule("{asg}.corp.internal"),
        )
        assert policy(*rules).tags_read == {"Name", "team", "in", "list", "out", GROUP_TAG}
        assert policy(*rules).reads_units
        assert not policy(rule()).reads_units
        assert policy(rule(scope=Scope(units=frozenset({RESEARCH})))).reads_units
        assert not policy(*rules).withdraws_when_stopped
        assert policy(rule(stopped=WhenStopped.WITHDRAW)).withdraws_when_stopped
