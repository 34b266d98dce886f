"""Which names keep the publisher from going on, and since when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Millis
from hub.runtime.model.path import Stall
from hub.runtime.publisher.health.stalls import stall_of
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameOutcome, NameResult
from tests.support.build import key

NOW = Millis(1_800_000_000_000)


def test_oldest_name_gives_the_reason() -> None:
    """The reason and the time are those of the name that waits longest; all that wait are counted."""
    ages = {"a": PATIENCE_MILLIS, "b": PATIENCE_MILLIS + 5, "c": PATIENCE_MILLIS - 1}
    outcomes = [NameOutcome(key(name), NameResult.RETRY, f"why {name}") for name in ages]
    changed_at = {key(name): Millis(NOW - age) for name, age in ages.items()}
    assert stall_of(outcomes, changed_at, NOW) == Stall("why b", changed_at[key("b")], 2)


@pytest.mark.parametrize("result", [result for result in NameResult if result is not NameResult.RETRY])
def test_only_names_that_come_again_wait(result: NameResult) -> None:
    """Whatever is decided keeps nothing waiting, however old it is."""
    assert stall_of([NameOutcome(key(), result, "x")], {key(): Millis(0)}, NOW) is None


@given(st.lists(st.tuples(st.sampled_from(NameResult), st.integers(-1_000, 3 * PATIENCE_MILLIS)), max_size=6))
def test_stall_counts_the_names_that_wait_for_two_minutes(names: list[tuple[NameResult, int]]) -> None:
    """There is a stall exactly if such a name waits; it is as old as the oldest of them."""
    outcomes = [NameOutcome(key(f"n{place}"), result, f"r{place}") for place, (result, _) in enumerate(names)]
    changed_at = {key(f"n{place}"): Millis(NOW - age) for place, (_, age) in enumerate(names)}
    waiting = [age for result, age in names if result is NameResult.RETRY and age >= PATIENCE_MILLIS]
    found = stall_of(outcomes, changed_at, NOW)
    assert (found.names if found else 0) == len(waiting)
    assert found is None or found.since == NOW - max(waiting)
