"""When calls cause sweeps: soon after the call, and never more than a bounded part of the time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.call_sweeps import (
    AT_ONCE,
    LONGEST_MILLIS,
    MILLIS_A_SWEEP,
    MILLIS_AN_INSTANCE,
    SETTLE_MILLIS,
    CallSweeps,
)
from hub.runtime.model.names import Millis

NOW = Millis(1_000_000_000)


def after(sweeps: CallSweeps, called_at: int, now: int, instances: int = 0) -> CallSweeps | None:
    return sweeps.after(Millis(called_at), instances, Millis(now))


def test_sweep_begins_when_ec2_shows_the_change() -> None:
    """A sweep begins five seconds after the call, or at once if the event took longer."""
    early, late = after(CallSweeps(), NOW, NOW), after(CallSweeps(), NOW - 60_000, NOW)
    assert early
    assert late
    assert (early.begins_at, late.begins_at) == (NOW + SETTLE_MILLIS, NOW)


def test_sweep_covers_the_calls_before_it() -> None:
    """A call needs no sweep of its own if one begins late enough, also if that one is still to begin."""
    first = after(CallSweeps(), NOW, NOW)
    assert first
    assert after(first, NOW - 1, NOW + 1) is None
    assert after(first, NOW, NOW + 60_000) is None
    assert after(first, NOW + 1, NOW + 1) is not None


def test_a_failover_has_its_sweeps_at_once() -> None:
    """An interface that is detached and attached a little later causes a sweep for each, without a wait."""
    detached = after(CallSweeps(), NOW, NOW)
    assert detached
    attached = after(detached, NOW + 8_000, NOW + 8_000)
    assert attached
    assert attached.begins_at == NOW + 8_000 + SETTLE_MILLIS


def test_time_in_the_future_counts_as_now() -> None:
    """The time of an event may be that of another clock."""
    sweeps = after(CallSweeps(), NOW + 10**9, NOW)
    assert sweeps
    assert sweeps.begins_at == NOW + SETTLE_MILLIS


CALLS = st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 30_000)), min_size=1, max_size=60)


@given(CALLS, st.sampled_from([0, 50, 20_000]))
def test_every_call_is_covered_and_sweeps_are_bounded(calls: list[tuple[int, int]], instances: int) -> None:
    """Whatever the calls are, each has a sweep that begins after it, and no later than the spoke's share allows.

    In any time, a spoke has at most a few sweeps more than one for each minute, and fewer if it has many instances.
    """
    sweeps, now, begun = CallSweeps(), int(NOW), []
    for pause, age in calls:
        now += pause
        following = after(sweeps, now - age, now, instances)
        if following is not None:
            assert following.begins_at > sweeps.begins_at
            begun.append(following.begins_at)
            sweeps = following
        assert now - age + SETTLE_MILLIS <= sweeps.begins_at <= now + LONGEST_MILLIS
    cost = min(MILLIS_A_SWEEP + instances * MILLIS_AN_INSTANCE, LONGEST_MILLIS)
    for number, first in enumerate(begun):
        for later, last in enumerate(begun[number:]):
            assert later <= AT_ONCE + (last - first) / cost
