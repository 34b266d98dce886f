"""The order in which a run works on spokes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import Spoke
from hub.runtime.observer.spoke_order import PATIENCE_SECONDS, SpokeOrder

A, B, C = "444444444444", "555555555555", "666666666666"
NEAR, FAR = "eu-central-1", "us-east-1"


def order_of(spokes: list[Spoke], hints: dict[str, int], takes: dict[Spoke, float]) -> list[Spoke]:
    """The order of the turns, if each spoke takes so many seconds."""
    left = {"seconds": 1_000.0}
    came: list[Spoke] = []
    for spoke in SpokeOrder(hints).each(spokes, Deadline(lambda: left["seconds"])):
        came.append(spoke)
        left["seconds"] -= takes.get(spoke, 0.2)
    return came


def test_account_with_few_hints_comes_first() -> None:
    """Whatever the regions of the others; of accounts with as many, the order is that of the list."""
    spokes = [Spoke(A, FAR), Spoke(A, NEAR), Spoke(B, NEAR), Spoke(C, NEAR)]
    assert order_of(spokes, {A: 90, B: 1, C: 1}, {}) == [Spoke(B, NEAR), Spoke(C, NEAR), Spoke(A, FAR), Spoke(A, NEAR)]


def test_spokes_of_an_account_that_does_not_answer_come_last() -> None:
    """An account with few hints, of which no spoke answers, takes one turn before the others, and no more."""
    spokes = [Spoke(A, FAR), Spoke(A, NEAR), Spoke(B, NEAR), Spoke(C, NEAR)]
    came = order_of(spokes, {A: 2, B: 50, C: 50}, {Spoke(A, FAR): 19})
    assert came == [Spoke(A, FAR), Spoke(B, NEAR), Spoke(C, NEAR), Spoke(A, NEAR)]


def test_spokes_of_a_region_that_does_not_answer_come_last() -> None:
    """A region that fails for one account may fail for all: the others are served before that is tried again."""
    spokes = [Spoke(A, FAR), Spoke(B, FAR), Spoke(C, NEAR)]
    came = order_of(spokes, {A: 1, B: 1, C: 90}, {Spoke(A, FAR): 19})
    assert came == [Spoke(A, FAR), Spoke(C, NEAR), Spoke(B, FAR)]


def test_busy_region_is_not_slow() -> None:
    """Many quick answers of a region are no reason to leave it to the end."""
    accounts = [f"{number:012}" for number in range(40)]
    spokes = [*(Spoke(account, NEAR) for account in accounts), Spoke(A, NEAR), Spoke(A, FAR)]
    came = order_of(spokes, {**dict.fromkeys(accounts, 1), A: 40}, {})
    assert came == spokes


@given(
    st.lists(
        st.builds(Spoke, st.sampled_from([A, B, C]), st.sampled_from([NEAR, FAR, "r3", "r4"])), unique=True, max_size=12
    ),
    st.dictionaries(st.sampled_from([A, B, C]), st.integers(1, 100)),
    st.sets(st.sampled_from([A, B, C]), max_size=1),
)
def test_account_that_never_answers_takes_one_turn_before_the_others(
    spokes: list[Spoke], hints: dict[str, int], hanging: set[str]
) -> None:
    """Every spoke has its turn once. An account whose spokes all hang delays each other account by one of them."""
    came = order_of(spokes, hints, {spoke: PATIENCE_SECONDS for spoke in spokes if spoke.account in hanging})
    assert Counter(came) == Counter(spokes)
    for account in {spoke.account for spoke in spokes} - hanging:
        first = next(number for number, spoke in enumerate(came) if spoke.account == account)
        outside = [spoke for spoke in spokes if spoke.account == account]
        slow_regions = {spoke.region for spoke in came[:first] if spoke.account in hanging}
        if any(spoke.region not in slow_regions for spoke in outside):
            assert sum(spoke.account in hanging for spoke in came[:first]) <= 1
