"""Calls cause sweeps soon, and a bounded number of them. Events change something a bounded number of times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.damping import (
    AT_ONCE,
    INSTANCE_CHANGES,
    LONGEST_MILLIS,
    MILLIS_A_SWEEP,
    MILLIS_AN_INSTANCE,
    SETTLE_MILLIS,
    VPC_CHANGES,
    Allowance,
    CallSweeps,
    Damping,
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


ALLOWANCES = pytest.mark.parametrize("allowance", [INSTANCE_CHANGES, VPC_CHANGES], ids=["instance", "VPC"])
MINUTE = 60_000


def changes(times: list[int], allowance: Allowance) -> list[int]:
    """The times, of these, at which an event may change something."""
    damping, made = Damping(), []
    for now in times:
        if damping.passed(Millis(now)).damps(Millis(now)):
            continue
        following = damping.changed(allowance, Millis(now))
        if following is None:
            damping = damping.begun(allowance)
            assert damping.damps(Millis(now))
            assert damping.until <= now + allowance.interval or damping.counted_at > now
        else:
            made.append(now)
            damping = following
            assert not damping.damps(Millis(now))
    return made


@ALLOWANCES
def test_changes_at_once_and_then_one_in_each_interval(allowance: Allowance) -> None:
    """An hour of changes each second: so many at once, and then each time that one comes back."""
    made = changes([int(NOW) + second * 1000 for second in range(3_601)], allowance)
    assert len(made) == allowance.at_once + 3_600_000 // allowance.interval
    later = [at for at in made if at - NOW > MINUTE]
    assert later == [NOW + number * allowance.interval for number in range(1, len(later) + 1)]


@ALLOWANCES
def test_what_rests_has_all_changes_again(allowance: Allowance) -> None:
    """However long it rests, it has no more than that at once."""
    made = changes([*range(int(NOW), int(NOW) + 100), *range(int(NOW) + 10**9, int(NOW) + 10**9 + 100)], allowance)
    assert len(made) == 2 * allowance.at_once


@ALLOWANCES
@given(times=st.lists(st.integers(0, 10_000_000), max_size=80))
def test_changes_are_bounded_whatever_the_clocks_say(allowance: Allowance, times: list[int]) -> None:
    """In any order of times: the changes at once, and one for each interval between the first and the last time."""
    made = changes([int(NOW) + time for time in times], allowance)
    if made:
        assert len(made) <= allowance.at_once + (max(times) - min(times)) // allowance.interval


@ALLOWANCES
@given(pauses=st.lists(st.integers(0, 2_000_000), max_size=80))
def test_changes_in_any_window_are_bounded(allowance: Allowance, pauses: list[int]) -> None:
    """Over any time: the changes at once, and one for each interval."""
    times = [int(NOW)]
    for pause in pauses:
        times.append(times[-1] + pause)
    made = changes(times, allowance)
    for number, first in enumerate(made):
        for later, last in enumerate(made[number:], start=1):
            assert later <= allowance.at_once + (last - first) / allowance.interval


def test_five_stops_and_starts_are_never_damped() -> None:
    """Each stop and each start changes whether the claims run."""
    assert len(changes([int(NOW) + minute * MINUTE for minute in range(10)], INSTANCE_CHANGES)) == 10


def test_damping_says_why_and_ends() -> None:
    """The reason is for people; after the time it is gone."""
    damping = Damping(VPC_CHANGES.at_once, NOW).begun(VPC_CHANGES)
    assert damping.reason == "the zones that policy wants for it changed 5 times within a short time"
    assert damping.until == NOW + 10 * MINUTE
    assert damping.passed(Millis(damping.until - 1)) == damping
    assert damping.passed(damping.until) == Damping(VPC_CHANGES.at_once, NOW)
