from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Claim, ConflictRule, RecordType
from hub.runtime.policy.rules import Scope
from hub.runtime.publisher.batches import MAX_CHARACTERS, MAX_ELEMENTS, NameChange, changes
from hub.runtime.publisher.holders import (
    MAX_SHARED,
    ClaimStatus,
    claim_statuses,
    conflict_rule,
    desired_record_sets,
    holders,
    left_out,
)
from tests.support.build import PAYMENTS, VPC, ZONE_IDS, claim, instance, interface, key, ref
from tests.support.config.policies import policy, rule

CLAIMS = st.lists(
    st.builds(
        claim,
        st.integers(1, 40),
        conflict=st.sampled_from(ConflictRule),
        ttl=st.integers(1, 300),
        launched_at=st.integers(0, 5),
        running=st.booleans(),
    ),
    unique_by=lambda claim: claim.instance,
    max_size=12,
)


@given(CLAIMS, st.randoms())
def test_holders_do_not_depend_on_the_order_of_claims(claims: list[Claim], random: Random) -> None:
    """The order of the claims does not change the holders."""
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert holders(shuffled) == holders(claims)
    assert desired_record_sets(shuffled) == desired_record_sets(claims)


@given(CLAIMS)
def test_a_name_that_is_claimed_is_held(claims: list[Claim]) -> None:
    """A claimed name always answers, and only by claimants."""
    held = holders(claims)
    assert bool(held) == bool(claims)
    assert set(held) <= set(claims)


@given(CLAIMS)
def test_end_of_a_loser_changes_nothing(claims: list[Claim]) -> None:
    """The end of an instance that does not hold the name changes nothing."""
    held = holders(claims)
    for loser in set(claims) - set(held):
        rest = [claim for claim in claims if claim != loser]
        if conflict_rule(rest) == conflict_rule(claims):
            assert holders(rest) == held


def test_recreation_hands_the_name_over() -> None:
    """The newer of two holds the name, and keeps it when the older one ends."""
    old, new = claim(1), claim(2)
    assert holders([old, new]) == (new,) == holders([new])


def test_oldest_keeps_the_name() -> None:
    """The oldest claimant holds the name until it ends."""
    old, new = (claim(number, conflict=ConflictRule.OLDEST) for number in (1, 2))
    assert holders([new, old]) == (old,)
    assert holders([new]) == (new,)


def test_shared_name_is_cut_at_route_53s_limit() -> None:
    """A shared name has at most 100 members, the oldest ones."""
    many = [claim(number, conflict=ConflictRule.SHARE) for number in range(1, 151)]
    assert holders(many) == tuple(many[:MAX_SHARED])


def test_shared_name_is_cut_where_it_would_not_fit_a_batch() -> None:
    """All changes of a name fit into one batch: the more addresses a member has, the fewer members."""
    addresses = tuple(f"2001:db8:1111:2222:3333:4444:5555:{n:04x}" for n in range(100))
    values = ((RecordType.AAAA, addresses),)
    many = [replace(claim(number, conflict=ConflictRule.SHARE), values=values) for number in range(1, 20)]
    held = holders(many)
    assert held == tuple(many[: len(held)])
    change = NameChange(key(), (), changes(desired_record_sets(many), desired_record_sets(many[1:])))
    everything = NameChange(key(), (), changes(desired_record_sets(many), ()))
    assert 0 < 2 * everything.size[1] <= MAX_CHARACTERS
    assert change.size[0] <= MAX_ELEMENTS
    assert left_out(many) == len(many) - len(held)


def test_shared_name_is_cut_at_what_it_may_change_in_one_batch() -> None:
    """All record sets of a name can be replaced in one batch, so it has at most 500 values or 16,000 characters."""
    short = ((RecordType.A, tuple(f"10.1.0.{number}" for number in range(1, 101))),)
    many = [replace(claim(number, conflict=ConflictRule.SHARE), values=short) for number in range(1, 8)]
    assert holders(many) == tuple(many[:5])
    texts = tuple(f"2001:db8:1111:2222:3333:4444:{number:03x}" for number in range(10))
    assert {len(text) for text in texts} == {32}
    full = [
        replace(claim(number, conflict=ConflictRule.SHARE), values=((RecordType.AAAA, texts),))
        for number in range(1, 52)
    ]
    assert holders(full) == tuple(full[:50])


@given(CLAIMS)
def test_every_claim_has_a_status_and_a_loser_a_reason(claims: list[Claim]) -> None:
    """Each claim has a status, with a reason if it does not hold the name; the holders are those that are published."""
    statuses = claim_statuses(claims)
    assert {status.claim for status in statuses} == set(claims)
    assert tuple(status.claim for status in statuses if status.holds) == holders(claims)
    assert all(status.holds != bool(status.reason) for status in statuses)


def test_reason_names_the_holder() -> None:
    """The reason names the holder and why it won; for a shared name it says that the name is full."""
    lost = {status.claim: status.reason for status in claim_statuses([claim(1), claim(2)])}
    assert lost[claim(1)] == f"{claim(2).instance} holds it, as the newer instance"
    older = [claim(number, conflict=ConflictRule.OLDEST) for number in (1, 2)]
    assert claim_statuses(older) == (
        ClaimStatus(older[0], holds=True),
        ClaimStatus(older[1], holds=False, reason=f"{claim(1).instance} holds it, as the older instance"),
    )
    members = [claim(number, conflict=ConflictRule.SHARE) for number in range(1, 102)]
    assert claim_statuses(members)[-1].reason == "the name is full: the 100 oldest of 101 members hold it"
    assert left_out(members) == 1
    assert left_out([claim(1), claim(2)]) == left_out([]) == 0


def test_strictest_rule_decides_where_rules_disagree() -> None:
    """A name is shared only if the rules of all claims share it."""
    shared, own = claim(1, conflict=ConflictRule.SHARE), claim(2, conflict=ConflictRule.OLDEST)
    assert holders([shared, own]) == (shared,)
    newest, oldest = claim(2, conflict=ConflictRule.NEWEST), claim(1, conflict=ConflictRule.OLDEST)
    assert holders([newest, oldest]) == (oldest,)
    assert holders([claim(1, conflict=ConflictRule.SHARE), newest]) == (newest,)


@given(CLAIMS)
def test_name_has_one_ttl(claims: list[Claim]) -> None:
    """All record sets of a name have one TTL, the lowest of its holders."""
    ttls = {record_set.ttl for record_set in desired_record_sets(claims)}
    assert ttls == ({min(claim.ttl for claim in holders(claims))} if claims else set())


class TestStopped:
    """Case n2: a warm pool starts and stops `web`, while another `web` runs."""

    def test_n2_a_running_claimant_goes_before_a_stopped_one(self) -> None:
        """By every conflict rule the running claimant holds the name, whether it is the older or the newer one."""
        for conflict in ConflictRule:
            for first, second in ((True, False), (False, True)):
                older, newer = (
                    claim(number, conflict=conflict, running=running) for number, running in ((1, first), (2, second))
                )
                assert holders([older, newer]) == ((older,) if first else (newer,))

    def test_n2_a_stopped_claimant_alone_keeps_its_name(self) -> None:
        """If no claimant runs, the conflict rule decides as among running ones."""
        for conflict in ConflictRule:
            alone = claim(1, conflict=conflict, running=False)
            assert holders([alone]) == (alone,)
            stopped = [claim(number, conflict=conflict, running=False) for number in (1, 2)]
            running = [replace(each, running=True) for each in stopped]
            assert [held.instance for held in holders(stopped)] == [held.instance for held in holders(running)]

    def test_n2_reason_says_that_the_holder_runs(self) -> None:
        """The reason says that the holder runs, or why it comes first of those that run."""
        older, newer = claim(1), claim(2, running=False)
        lost = claim_statuses([older, newer])[1]
        assert lost.reason == f"{ref(1)} holds it, because it runs, and this instance is stopped"
        statuses = claim_statuses([claim(1), claim(2), claim(3, running=False)])
        assert [status.reason for status in statuses] == [
            f"{ref(2)} holds it, as the newer instance",
            "",
            f"{ref(2)} holds it, because it runs, and this instance is stopped",
        ]
        member, stopped = claim(1, conflict=ConflictRule.SHARE), claim(2, conflict=ConflictRule.SHARE, running=False)
        reason = "the members that run hold it, and this instance is stopped"
        assert claim_statuses([member, stopped])[1].reason == reason
        assert left_out([member, stopped]) == 0

    def test_n2_stopped_members_take_no_place_in_a_shared_name(self) -> None:
        """Of a full shared name the oldest members that run hold it, and the stopped ones are not counted."""
        claims = [claim(number, conflict=ConflictRule.SHARE, running=number > 20) for number in range(1, 151)]
        assert holders(claims) == tuple(claims[20:120])
        assert left_out(claims) == 30
        assert claim_statuses(claims)[-1].reason == "the name is full: the 100 oldest of 130 members hold it"

    def test_n2_a_stopped_claim_still_says_how_conflicts_are_settled(self) -> None:
        """The strictest rule of all claims decides, so that a stop of its instance does not change the rule."""
        first, second = claim(1), claim(2)
        strict = claim(3, conflict=ConflictRule.OLDEST, running=False)
        assert holders([first, second, strict]) == (first,)

    @given(CLAIMS)
    def test_n2_only_running_claims_decide_if_there_are_any(self, claims: list[Claim]) -> None:
        """The holders run if any claimant runs, and are those that would hold the name without the stopped ones."""
        running = [claim for claim in claims if claim.running]
        if running:
            assert all(held.running for held in holders(claims))
            if conflict_rule(running) == conflict_rule(claims):
                assert holders(claims) == holders(running)

    @given(CLAIMS, st.data())
    def test_n2_a_stop_and_a_start_restore_the_holders(self, claims: list[Claim], data: st.DataObject) -> None:
        """After any instance stopped and started again, the name has the same holders, and never none between."""
        if claims:
            number = data.draw(st.integers(0, len(claims) - 1))
            flipped = [*claims]
            flipped[number] = replace(claims[number], running=not claims[number].running)
            assert holders(flipped)
            flipped[number] = claims[number]
            assert holders(flipped) == holders(claims)


def test_n5_a_rule_protects_a_server_from_its_restored_copy() -> None:
    """Under `newest` a restored copy takes the name. `oldest` keeps it at the server, and `vpcs` bars copies elsewhere.

    If the server is stopped, a copy that the rule covers takes over.
    """
    server, copy = instance(1), instance(2)
    elsewhere = instance(3, interfaces=(interface("10.9.0.4", vpc_id="vpc-99999999999999999"),))
    for conflict, holder in ((ConflictRule.NEWEST, copy), (ConflictRule.OLDEST, server)):
        rules = policy(rule(conflict=conflict, scope=Scope(vpcs=frozenset({VPC}))))
        claims = [
            each for shown in (server, copy, elsewhere) for each in rules.decide(shown, PAYMENTS, ZONE_IDS, {}).claims
        ]
        assert {each.instance for each in claims} == {server.ref, copy.ref}
        assert [held.instance for held in holders(claims)] == [holder.ref]
    stopped = [replace(each, running=each.instance != server.ref) for each in claims]
    assert [held.instance for held in holders(stopped)] == [copy.ref]
