from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.claims import MAX_SHARED, conflict_rule, desired_record_sets, holders
from hub.runtime.model import Claim, ConflictRule
from tests.build import claim

CLAIMS = st.lists(
    st.builds(
        claim,
        st.integers(1, 40),
        conflict=st.sampled_from(ConflictRule),
        ttl=st.integers(1, 300),
        launched_at=st.integers(0, 5),
    ),
    unique_by=lambda one: one.instance,
    max_size=12,
)


@given(CLAIMS, st.randoms())
def test_outcome_depends_on_the_set_alone(claims: list[Claim], random: Random) -> None:
    """Whatever order claims came in, the same ones hold the name."""
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
def test_losers_end_changes_nothing(claims: list[Claim]) -> None:
    """The end of an instance that does not hold the name takes nothing away."""
    held = holders(claims)
    for loser in set(claims) - set(held):
        rest = [one for one in claims if one != loser]
        if conflict_rule(rest) == conflict_rule(claims):
            assert holders(rest) == held


def test_recreation_hands_the_name_over() -> None:
    """The newer of two holds the name, and keeps it when the older one ends."""
    old, new = claim(1), claim(2)
    assert holders([old, new]) == (new,) == holders([new])


def test_oldest_keeps_the_name() -> None:
    """First come, first served, until it goes."""
    old, new = (claim(number, conflict=ConflictRule.OLDEST) for number in (1, 2))
    assert holders([new, old]) == (old,)
    assert holders([new]) == (new,)


def test_shared_name_is_cut_at_route_53s_limit() -> None:
    """A shared name has at most 100 members, the oldest ones."""
    many = [claim(number, conflict=ConflictRule.SHARE) for number in range(1, 151)]
    assert holders(many) == tuple(many[:MAX_SHARED])


def test_strictest_rule_decides_where_rules_disagree() -> None:
    """A name that one rule would share is not shared with one who was told that it is his."""
    shared, own = claim(1, conflict=ConflictRule.SHARE), claim(2, conflict=ConflictRule.OLDEST)
    assert holders([shared, own]) == (shared,)


@given(CLAIMS)
def test_one_ttl_a_name(claims: list[Claim]) -> None:
    """All record sets of a name carry one TTL, the lowest of its holders."""
    ttls = {record_set.ttl for record_set in desired_record_sets(claims)}
    assert ttls == ({min(one.ttl for one in holders(claims))} if claims else set())
