from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.contract import NAME_TAG
from hub.runtime.model import Account, ConflictRule, RecordType
from hub.runtime.naming import Template
from hub.runtime.policy import Policy, Rule
from tests.build import CORP, PAYMENTS, SEARCH, ZONE_IDS, example_policy, instance

OTHER = Account("666666666666", "data-science")


def rule(
    template: str = "{name}.corp.internal",
    *,
    name: str = "rule",
    ttl: int = 60,
    conflict: ConflictRule = ConflictRule.NEWEST,
    accounts: frozenset[str] | None = None,
    regions: frozenset[str] | None = None,
) -> Rule:
    return Rule(name, Template.parse(template, [CORP]), ttl, conflict, accounts, regions)


def policy(*rules: Rule) -> Policy:
    return Policy(frozenset({"eu-central-1"}), (CORP,), rules)


def test_compiled_policy_reads_back_the_same() -> None:
    """What the runtime loads is what was compiled."""
    compiled = example_policy()
    assert Policy.from_json(compiled.to_json()) == compiled


@given(
    st.lists(
        st.builds(
            rule,
            st.sampled_from(["{name}.corp.internal", "{instance_id}.{region}.corp.internal"]),
            name=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
            ttl=st.integers(1, 86400),
            conflict=st.sampled_from(ConflictRule),
            accounts=st.none() | st.frozensets(st.sampled_from([PAYMENTS.id, SEARCH.id]), min_size=1),
            regions=st.none() | st.frozensets(st.sampled_from(["eu-central-1", "us-east-1"]), min_size=1),
        ),
        max_size=5,
    ),
    st.sampled_from([PAYMENTS, SEARCH, OTHER]),
)
def test_compiled_and_source_policy_decide_alike(rules: list[Rule], account: Account) -> None:
    """Whatever the policy, its compiled form gives every instance the same claims and refusals."""
    source = policy(*rules)
    subject = instance(account=account.id)
    assert Policy.from_json(source.to_json()).decide(subject, account, ZONE_IDS) == source.decide(
        subject, account, ZONE_IDS
    )


def test_compiled_policy_is_plain_json() -> None:
    """The package's policy needs no YAML and no validation library to be read."""
    assert json.loads(example_policy().to_json())["version"] == 1


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
    decision = example_policy().decide(instance(account=OTHER.id, name="web"), OTHER, ZONE_IDS)
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.eu-central-1.data-science.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


@given(st.text(max_size=300), st.text(max_size=60))
def test_no_tag_gives_an_account_a_name_outside_its_rules(tag: str, account_name: str) -> None:
    """An account never gets a name by choosing its tags that policy gives only to another account."""
    theirs = Account(OTHER.id, account_name)
    given_to_payments = example_policy().decide(instance(name=tag), PAYMENTS, ZONE_IDS)
    short = {claim.key for claim in given_to_payments.claims if claim.rule == "short-names"}
    got = example_policy().decide(instance(2, account=theirs.id, name=tag), theirs, ZONE_IDS)
    assert not short & {claim.key for claim in got.claims}


def test_missing_name_tag_is_a_refusal_with_its_reason() -> None:
    """Without the tag there is no name by it, and the reason says so; other rules still give theirs."""
    decision = example_policy().decide(instance(name=None), PAYMENTS, ZONE_IDS)
    assert [claim.rule for claim in decision.claims] == ["by-id"]
    assert {(refusal.rule, refusal.reason) for refusal in decision.refusals} == {
        ("everybody", f"the instance has no tag {NAME_TAG!r}"),
        ("short-names", f"the instance has no tag {NAME_TAG!r}"),
    }


def test_instance_without_address_claims_nothing() -> None:
    """A name without an address would answer nothing."""
    decision = example_policy().decide(instance(address=None), PAYMENTS, ZONE_IDS)
    assert not decision.claims
    assert decision.refusals[0].reason == "the instance has no private address"


def test_rules_that_meet_at_one_name_make_one_claim() -> None:
    """Two rules that give one name make one claim, by the first rule, with the lower TTL."""
    for first, second in ((60, 30), (30, 60)):
        rules = (
            rule(name="first", ttl=first, conflict=ConflictRule.OLDEST),
            rule(name="second", ttl=second, conflict=ConflictRule.SHARE),
        )
        (claimed,) = policy(*rules).decide(instance(), PAYMENTS, ZONE_IDS).claims
        assert (claimed.rule, claimed.ttl, claimed.conflict) == ("first", 30, ConflictRule.OLDEST)


def test_rule_for_other_regions_stays_silent() -> None:
    """A rule that does not speak for the region neither gives nor refuses."""
    decision = policy(rule(regions=frozenset({"us-east-1"}))).decide(instance(), PAYMENTS, ZONE_IDS)
    assert (decision.claims, decision.refusals) == ((), ())
