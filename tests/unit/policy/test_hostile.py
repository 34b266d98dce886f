"""Any tag: no crash, no name that policy does not give, and a reason for each name that it refuses.

`make test-deep` runs these with ten thousand cases each.
"""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.aws.ledger.rows import observation_of, observation_row
from hub.runtime.model.names import Account, Claim, Instance, Millis
from hub.runtime.model.observation import Observation
from hub.runtime.names.labels import is_reverse
from hub.runtime.names.templates import VARIABLE, Template, matches
from hub.runtime.policy.compiled import from_json, to_json
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.draft import MAX_NAMES, MAX_REFUSALS, Decision
from hub.runtime.policy.rules import Rule
from orgdns.config.checks.collisions import by_any_tag
from tests.support.build import PAYMENTS, SEARCH, covering, example_policy, instance
from tests.support.hostile import ACCOUNTS, TAGS, instances, policies, zone_ids

NAME = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+")
# These variables differ for each account or instance.
_OWN = frozenset({"account_id", "account_name", "instance_id"})


def decided(policy: Policy, subject: Instance, account: Account) -> Decision:
    return policy.decide(subject, account, zone_ids(policy), {})


def forward(decision: Decision) -> list[Claim]:
    return [claim for claim in decision.claims if not is_reverse(claim.key.fqdn)]


def shown(fqdn: str) -> str:
    """A name with its international labels decoded."""
    labels = fqdn.split(".")
    return ".".join(
        label.removeprefix("xn--").encode("ascii").decode("punycode") if label.startswith("xn--") else label
        for label in labels
    )


def could_give(rule: Rule, claim: Claim) -> bool:
    """Whether a rule's templates, read independently as patterns, can give the name."""
    return any(
        re.fullmatch(
            "".join("[^.]+" if n % 2 else re.escape(part) for n, part in enumerate(VARIABLE.split(template.text))),
            shown(claim.key.fqdn),
        )
        for template in rule.templates
    )


@given(TAGS, st.data())
def test_hostile_tags_give_only_what_the_example_gives(tags: dict[str, str], data: st.DataObject) -> None:
    """By the committed example, a name is in its rule's domain, or is refused with a reason that fits a log."""
    policy = example_policy()
    account = data.draw(st.sampled_from(ACCOUNTS))
    subject = data.draw(instances(account, 1, st.just(tags)))
    decision = decided(policy, subject, account)
    region = subject.ref.region
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    places = {
        "everybody": rf"{label}\.{region}\.{account.label}\.corp\.internal\.",
        "short-names": rf"{label}\.corp\.internal\.",
        "by-id": rf"{subject.ref.id}\.instances\.internal\.",
    }
    for claim in decision.claims:
        assert re.fullmatch(places[claim.rule], claim.key.fqdn)
        assert claim.key.fqdn not in {"db.corp.internal.", "wpad.corp.internal."}
        assert claim.rule != "short-names" or account in {PAYMENTS, SEARCH}
    expected = {"everybody", "by-id"} | ({"short-names"} if account in {PAYMENTS, SEARCH} else set())
    assert {claim.rule for claim in decision.claims} | {refusal.rule for refusal in decision.refusals} == expected
    assert all(0 < len(refusal.reason) < 2000 for refusal in decision.refusals)


@given(policies(), TAGS, st.data())
def test_every_rule_that_covers_an_instance_gives_a_name_or_a_reason(
    policy: Policy, tags: dict[str, str], data: st.DataObject
) -> None:
    """Any policy gives valid names in their rules' domains within the limits, or reasons."""
    account = data.draw(st.sampled_from(ACCOUNTS))
    subject = data.draw(instances(account, 1, st.just(tags)))
    decision = decided(policy, subject, account)
    rules = {rule.name: rule for rule in policy.rules}
    for claim in decision.claims:
        assert NAME.fullmatch(claim.key.fqdn)
        assert len(claim.key.fqdn) <= 254
        assert claim.values
    for claim in forward(decision):
        rule = rules[claim.rule]
        assert rule.scope.covers(subject.ref, account)
        assert could_give(rule, claim)
        inner = claim.key.fqdn.removesuffix(".corp.internal.")
        assert not any(matches(pattern, inner) for pattern in rule.deny)
        assert rule.allow is None or any(matches(pattern, inner) for pattern in rule.allow)
    assert len(decision.claims) <= MAX_NAMES
    assert len(decision.refusals) <= MAX_REFUSALS
    answered = {refusal.rule for refusal in decision.refusals} | {claim.rule for claim in decision.claims}
    names = {claim.key.fqdn for claim in decision.claims}
    for rule in policy.rules:
        covered = rule.scope.covers(subject.ref, account) and any(
            rule.scope.covers_interface(interface) for interface in subject.interfaces
        )
        # An earlier rule may give the same name, and a selection may leave no address.
        if covered and rule.interfaces == rule.addresses == "primary" and rule.scope.subnets is rule.scope.vpcs is None:
            again = any(could_give(rule, claim) for claim in decision.claims)
            assert rule.name in answered or again, (rule, names)


@given(policies(), TAGS, st.data())
def test_compiled_and_source_policy_decide_alike(policy: Policy, tags: dict[str, str], data: st.DataObject) -> None:
    """The compiled policy decides like the configured one, for any instance."""
    loaded = from_json(to_json(policy))
    assert loaded == policy
    assert to_json(loaded) == to_json(policy)
    account = data.draw(st.sampled_from(ACCOUNTS))
    subject = data.draw(instances(account, 1, st.just(tags)))
    assert decided(loaded, subject, account) == decided(policy, subject, account)


@given(TAGS, st.data())
def test_ledger_reads_back_what_it_stores(tags: dict[str, str], data: st.DataObject) -> None:
    """Facts, claims and reasons are unchanged after the ledger, and fit into its rows."""
    policy = example_policy()
    subject = data.draw(instances(PAYMENTS, 1, st.just(tags)))
    decision = decided(policy, subject, PAYMENTS)
    kept = Observation(subject.ref, Millis(5), decision.claims, version=1, instance=subject, account=PAYMENTS)
    row = written(observation_row(kept))
    assert observation_of(read(row)) == kept


def _given_by(policy: Policy, claim: Claim) -> list[tuple[Rule, Template]]:
    """The rule of a claim, with each of its templates that can give the name."""
    (rule,) = (rule for rule in policy.rules if rule.name == claim.rule)
    return [(rule, template) for template in rule.templates if could_give(Rule("", (template,), 1), claim)]


def _same_words(first: tuple[Rule, Template], other: tuple[Rule, Template]) -> bool:
    """Whether two rules give a name by the same text, or by other tags to the same accounts."""
    (rule, template), (another, its) = first, other
    alike = (rule.scope.accounts, rule.scope.units) == (another.scope.accounts, another.scope.units)
    return template.text == its.text or (alike and by_any_tag(template) == by_any_tag(its))


@given(policies(), st.data())
def test_no_account_gets_by_its_tags_what_policy_gives_only_to_another(policy: Policy, data: st.DataObject) -> None:
    """Two accounts with any tags get the same name only if policy gives it to both by the same text.

    A name that contains its account or instance belongs to no other one. Any other name that both get comes from rules
    with the same text, or from rules with other tags for exactly the same accounts.
    """
    victim, attacker = data.draw(st.permutations(ACCOUNTS))[:2]
    theirs = forward(decided(policy, data.draw(instances(victim, 1, TAGS)), victim))
    mine = forward(decided(policy, data.draw(instances(attacker, 2, TAGS)), attacker))
    given_to_both = {claim.key for claim in theirs} & {claim.key for claim in mine}
    event(f"meet: {bool(given_to_both)}")
    for key in given_to_both:
        (rival,) = (claim for claim in theirs if claim.key == key)
        (other,) = (claim for claim in mine if claim.key == key)
        pairs = list(product(_given_by(policy, rival), _given_by(policy, other)))
        assert any(_same_words(*pair) for pair in pairs), (rival, other)
        assert not any(_OWN & pair[0][1].variables for pair in pairs if _same_words(*pair)), (rival, other)


@pytest.mark.parametrize("tag", ["i-00000000000000001", "I_00000000000000001 ", "*i.00000000000000001"])
def test_careless_rule_lets_a_tag_take_another_instances_name(tag: str) -> None:
    """By a careless rule alone, a tag can be another instance's id; the checks of the configuration prevent it."""
    domains = example_policy().domains
    careless = Policy(covering(), domains, (Rule("a", (Template.parse("{name}.corp.internal", domains),), 60),))
    (claim,) = decided(careless, instance(2, account=SEARCH.id, name=tag), SEARCH).claims
    assert claim.key.fqdn == "i-00000000000000001.corp.internal."
