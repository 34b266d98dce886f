from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import (
    Account,
    Claim,
    ConflictRule,
    Instance,
    Millis,
    NameKey,
    NameState,
    Published,
    Refusal,
)
from hub.runtime.model.observation import Observation
from hub.runtime.names.templates import Template
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import Rule, Scope, TagCondition
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.reports.plan.changes import AccountSummary, Kind, PolicyChange, name_changes, newly_lost, policy_change
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, claim, covering, instance, key, ref

SHARE = ConflictRule.SHARE
ACCOUNTS = {PAYMENTS.id: PAYMENTS, SEARCH.id: SEARCH}
ZONE_IDS = {CORP: CORP_ZONE}


def policy(
    template: str = "{name}.corp.internal", *, regions: Iterable[str] = ("eu-central-1",), **terms: object
) -> Policy:
    rule = Rule("names", (Template.parse(template, [CORP]),), ttl=60)
    # Each term is one of the rule's fields, as its test names it.
    return Policy(covering(*regions), (CORP,), (replace(rule, **terms),))  # type: ignore[arg-type]


def observed(subject: Instance, by: Policy, account: Account | None = None) -> Observation:
    """The row that the observer would have written."""
    account = account or ACCOUNTS[subject.ref.account]
    decision = by.decide(subject, account, ZONE_IDS, {})
    return Observation(
        subject.ref,
        Millis(1),
        decision.claims,
        instance=subject,
        account=account,
        refusals=decision.refusals,
        version=2,
    )


def states(observations: Iterable[Observation], conflicts: dict[NameKey, str] | None = None) -> list[NameState]:
    by_name: dict[NameKey, list[Claim]] = {}
    for observation in observations:
        for claimed in observation.claims:
            by_name.setdefault(claimed.key, []).append(claimed)
    return [
        NameState(name_key, tuple(claims), Published(conflict=(conflicts or {}).get(name_key)))
        for name_key, claims in by_name.items()
    ]


def change(
    observations: list[Observation],
    then: Policy,
    conflicts: dict[NameKey, str] | None = None,
    held: Collection[HeldLabel] = (),
) -> PolicyChange:
    return policy_change(observations, states(observations, conflicts), then, ZONE_IDS, held)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ([], [claim(1)], Kind.CREATED),
        ([claim(1)], [], Kind.DELETED),
        ([claim(1)], [claim(2)], Kind.HANDED_OVER),
        ([claim(1)], [claim(1), claim(2)], Kind.HANDED_OVER),
        ([claim(1)], [claim(1, ttl=30)], Kind.CHANGED),
        ([claim(1)], [claim(1, address="10.9.9.9")], Kind.CHANGED),
        ([claim(1, conflict=SHARE)], [claim(1, conflict=SHARE), claim(2, conflict=SHARE)], Kind.CHANGED),
        ([claim(1)], [claim(1)], None),
        # A claim that loses does not change the name.
        ([claim(2)], [claim(1), claim(2)], None),
        # Neither does another rule or note with the same result.
        ([claim(1)], [replace(claim(1), rule="other", note="in lower case")], None),
    ],
)
def test_kind_of_change(before: list[Claim], after: list[Claim], kind: Kind | None) -> None:
    """A name changes by its holders before and after. It is not listed if its record sets stay."""
    differences = name_changes(before, after)
    assert [difference.kind for difference in differences] == ([kind] if kind else [])
    for difference in differences:
        assert (difference.before, difference.after) == (desired_record_sets(before), desired_record_sets(after))


claims = st.lists(
    st.builds(
        claim,
        st.integers(1, 5),
        name=st.sampled_from(["web", "db", "api"]),
        conflict=st.sampled_from(ConflictRule),
        ttl=st.sampled_from([30, 60]),
    ),
    unique_by=lambda claim: (claim.key, claim.instance),
)


@given(claims, claims, st.randoms(use_true_random=False))
def test_order_of_claims_does_not_matter(before: list[Claim], after: list[Claim], chance: random.Random) -> None:
    """Exactly the names whose record sets differ are listed, sorted, once each, whatever the order of claims."""
    changed = name_changes(before, after)

    def wanted(name_key: NameKey, among: list[Claim]) -> object:
        return desired_record_sets([claim for claim in among if claim.key == name_key])

    every = {claim.key for claim in (*before, *after)}
    assert [difference.key for difference in changed] == sorted(
        name_key for name_key in every if wanted(name_key, before) != wanted(name_key, after)
    )
    again, then = (chance.sample(among, len(among)) for among in (before, after))
    assert name_changes(again, then) == changed
    assert newly_lost(again, then) == newly_lost(before, after)


def test_newly_lost_claims() -> None:
    """A claim is newly lost if it is new and holds nothing, or held before. Claims that lost before are not listed."""
    assert [status.claim for status in newly_lost([claim(2)], [claim(1), claim(2)])] == [claim(1)]
    (lost,) = newly_lost([claim(1)], [claim(1), claim(2)])
    assert (lost.claim, lost.reason) == (claim(1), f"{ref(2)} holds it, as the newer instance")
    assert newly_lost([claim(1), claim(2)], [claim(1, ttl=30), claim(2, ttl=30)]) == ()


def test_same_policy_changes_nothing() -> None:
    """Observed instances keep what they have: no claim, refusal or loss is new."""
    observations = [
        observed(instance(number, name=name), policy()) for number, name in enumerate(["web", "web", "", "db"], 1)
    ]
    same = change(observations, policy())
    assert not same.any
    assert same.decided == 4


def test_name_that_moves_to_another_account() -> None:
    """Both accounts are counted, and the lost claim is listed."""
    observations = [observed(instance(1), policy()), observed(instance(2, account=SEARCH.id), policy())]
    oldest = change(observations, policy(conflict=ConflictRule.OLDEST))
    (moved,) = oldest.names
    assert moved.kind is Kind.HANDED_OVER
    assert [status.claim.instance for status in oldest.lost] == [ref(2, SEARCH.id)]
    assert oldest.accounts == (
        AccountSummary(PAYMENTS.id, "payments", handed_to=1),
        AccountSummary(SEARCH.id, "search", handed_from=1, lost=1),
    )


def test_created_and_deleted_names_count_by_account() -> None:
    """Another template deletes the old names and creates the new ones, each for its holder's account."""
    observations = [observed(instance(1), policy()), observed(instance(2, name="db", account=SEARCH.id), policy())]
    other = change(observations, policy("{name}.{account_name}.corp.internal"))
    assert [(difference.key.fqdn, difference.kind) for difference in other.names] == [
        ("db.corp.internal.", Kind.DELETED),
        ("db.search.corp.internal.", Kind.CREATED),
        ("web.corp.internal.", Kind.DELETED),
        ("web.payments.corp.internal.", Kind.CREATED),
    ]
    assert [(summary.account, summary.created, summary.deleted) for summary in other.accounts] == [
        (PAYMENTS.id, 1, 1),
        (SEARCH.id, 1, 1),
    ]


def test_shared_name_counts_for_changed_members() -> None:
    """An account that joins a shared name is counted; an account whose members stay is not."""
    old = policy(conflict=SHARE, scope=Scope(accounts=frozenset({PAYMENTS.id})))
    observations = [observed(instance(1), old), observed(instance(2, account=SEARCH.id), old)]
    shared = change(observations, policy(conflict=SHARE))
    assert [difference.kind for difference in shared.names] == [Kind.CHANGED]
    assert shared.accounts == (AccountSummary(SEARCH.id, "search", changed=1),)


def test_only_new_refusals_are_listed() -> None:
    """A newly denied name has its reason. Earlier refusals and declined names are not listed."""
    observations = [observed(instance(1), policy()), observed(instance(2, name=None), policy())]
    denied = change(observations, policy(deny=("web",)))
    (new,) = denied.refused
    assert (new.instance, new.refusal) == (
        ref(1),
        Refusal("names", "web.corp.internal: the rule denies 'web'", "web.corp.internal."),
    )
    assert denied.accounts == (AccountSummary(PAYMENTS.id, "payments", deleted=1, refused=1),)


def test_limits_of_accounts_stay() -> None:
    """A name that a limit refuses now is not created, and a name without a refused record type stays as it is."""
    row = observed(instance(1), policy())
    refusal = Refusal("names", "the account has reached its limit", key("web").fqdn, limited=True)
    refused = replace(row, claims=(), refusals=(refusal,))
    assert not policy_change([refused], [], policy(), ZONE_IDS, ()).names
    assert policy_change([replace(refused, refusals=())], [], policy(), ZONE_IDS, ()).names
    lower = replace(row.claims[0], ttl=1)
    cut = replace(row, claims=(lower,), refusals=(refusal,))
    assert not policy_change([cut], states([cut]), policy(), ZONE_IDS, ()).names


def test_name_with_a_conflict_is_blocked() -> None:
    """The recorded conflict is part of the name's change."""
    observations = [observed(instance(1), policy())]
    (difference,) = change(observations, policy(ttl=30), {key("web"): "a record made by hand"}).names
    assert difference.blocked == "a record made by hand"


def test_undecided_instances_keep_their_names() -> None:
    """Instances that are not covered or without facts are counted, and their names do not change yet."""
    outside = observed(instance(1, region="us-east-1"), policy(regions=["us-east-1"]))
    unseen = replace(observed(instance(2, name="old"), policy()), instance=None, account=None)
    then = policy("{name}.x.corp.internal", scope=Scope(units=frozenset({"ou-ab12-workload"})))
    result = change([outside, unseen], then)
    assert (result.names, result.refused, result.lost, result.decided) == ((), (), (), 0)
    assert (result.undecided.not_covered, result.undecided.without_facts) == (1, 1)
    # Instances that are not covered lose their names later; for the other the result is unknown.
    assert change([outside], then).any
    assert not change([replace(outside, claims=())], then).any
    assert change([unseen], then).any


def test_account_that_is_no_longer_covered_loses_its_names_later() -> None:
    """An excluded account counts as not covered, and so does one outside the units; nothing changes at once."""
    observations = [observed(instance(1), policy())]
    for coverage in (
        replace(policy().coverage, excluded=frozenset({PAYMENTS.id})),
        replace(policy().coverage, units=frozenset({"ou-ab12-elsewhere"})),
    ):
        result = change(observations, replace(policy(), coverage=coverage))
        assert (result.names, result.decided, result.undecided.not_covered) == ((), 0, 1)


def test_declined_name_is_not_refused() -> None:
    """A rule that newly requires a tag removes the name, but refuses nothing."""
    changed = change([observed(instance(1), policy())], policy(opt_in=TagCondition("dns")))
    assert [difference.kind for difference in changed.names] == [Kind.DELETED]
    assert changed.refused == ()


def test_ended_instances_are_ignored() -> None:
    """An ended instance loses its names anyway, not because of the policy. Its rival keeps the name."""
    ended = Observation(ref(2), Millis(1), ended=True)
    observations = [observed(instance(1), policy()), ended]
    left_behind = NameState(key("web"), (*observations[0].claims, claim(2)))
    assert not policy_change(observations, [left_behind], policy(), ZONE_IDS, ()).any
    (difference,) = policy_change(observations, [left_behind], policy(ttl=30), ZONE_IDS, ()).names
    assert [record_set.holder for record_set in (*difference.before, *difference.after)] == [str(ref(1))] * 2


class TestAccountLabels:
    """A changed configuration changes the labels of accounts, and so their names."""

    TEMPLATE = "{name}.{account_name}.corp.internal"

    def pinned(self, **labels: str) -> Policy:
        return replace(policy(self.TEMPLATE), account_labels=((PAYMENTS.id, labels["payments"]),))

    def test_label_of_the_configuration_takes_the_place_of_the_names(self) -> None:
        """The account's names are under the new label."""
        rows = [observed(instance(1), policy(self.TEMPLATE))]
        created, deleted = change(rows, self.pinned(payments="treasury")).names
        assert {created.key.fqdn, deleted.key.fqdn} == {"web.treasury.corp.internal.", "web.payments.corp.internal."}

    @pytest.mark.parametrize("held", [(), (HeldLabel("search", SEARCH.id),)])
    def test_label_that_another_account_has_gives_no_name_yet(self, held: tuple[HeldLabel, ...]) -> None:
        """The other account loses its names under the label first."""
        rows = [
            observed(instance(1), policy(self.TEMPLATE)),
            observed(instance(2, account=SEARCH.id), policy(self.TEMPLATE)),
        ]
        found = change(rows, self.pinned(payments="search"), held=held)
        assert [new.instance.account for new in found.refused] == [PAYMENTS.id, SEARCH.id][0 if held else 1 :]

    def test_label_of_another_account_is_refused_as_a_choice(self) -> None:
        """The plan refuses what the functions refuse."""
        rows = [observed(instance(1, name="search"), policy())]
        assert not change(rows, policy(ttl=60), held=()).any
        (new,) = change(rows, policy(ttl=60), held=(HeldLabel("search", SEARCH.id),)).refused
        assert SEARCH.id in new.refusal.reason
