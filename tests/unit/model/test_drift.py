"""What others change: who, how often, and when a repair waits for an audit."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from hub.runtime.model.drift import (
    AUDIT_DELAY_MILLIS,
    AUDITS_AT_ONCE,
    KEPT_MILLIS,
    MOST_CALLERS,
    MOST_REPAIRS,
    WINDOW_MILLIS,
    Drift,
    ZoneDrift,
    audit_after,
    contested,
    drift_after,
    recent_drifts,
    zone_drifts_after,
)
from hub.runtime.model.names import Millis

times = st.lists(st.integers(1, 10 * WINDOW_MILLIS), max_size=40).map(sorted)


@given(times)
def test_o4_a_name_is_repaired_at_most_five_times_in_an_hour(changes: list[int]) -> None:
    """Whatever others do, no hour has more repairs, and the first change after a quiet hour is repaired."""
    drift: Drift | None = None
    repaired: list[int] = []
    for at in changes:
        quiet = not repaired or at - repaired[-1] >= WINDOW_MILLIS
        drift = drift_after(drift, "somebody", Millis(at))
        repaired += [] if drift.damped else [at]
        assert not (quiet and drift.damped)
        assert len(drift.repaired_at) <= MOST_REPAIRS
    for index, at in enumerate(repaired):
        assert len([other for other in repaired[index:] if other - at < WINDOW_MILLIS]) <= MOST_REPAIRS


@example([("a", True), *((by, False) for by in "bcdefg")])
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), min_size=1, max_size=40))
def test_o4_no_number_of_callers_ends_an_alarm(calls: list[tuple[str, bool]]) -> None:
    """A zone stays contested until an audit, also if more callers come than its status keeps."""
    drifts: tuple[ZoneDrift, ...] = ()
    for at, (by, damped) in enumerate(calls):
        drifts = zone_drifts_after(drifts, by, 1, Millis(1 + at), damped=damped)
        assert len({drift.by for drift in drifts}) == len(drifts) <= MOST_CALLERS
        assert contested(drifts, Millis(1), Millis(1 + at)) == any(damped for _, damped in calls[: at + 1])


@given(times)
def test_o4_unknown_names_cause_few_audits(calls: list[int]) -> None:
    """Each call has an audit that begins after it, and a zone has three such audits and then one an hour."""
    requested_at, paid_until, begun = Millis(0), Millis(0), []
    for called_at in calls:
        request = audit_after(requested_at, paid_until, Millis(called_at))
        if request:
            assert request[0] > requested_at
            requested_at, paid_until = request
            begun.append(requested_at)
        assert requested_at > called_at
    for number, first in enumerate(begun):
        for later, last in enumerate(begun[number:]):
            # A delay moves the first ones together by at most a minute.
            assert later <= AUDITS_AT_ONCE + (last - first + AUDIT_DELAY_MILLIS) / WINDOW_MILLIS


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 9)), min_size=1, max_size=30))
def test_o4_the_latest_callers_are_kept(calls: list[tuple[str, int]]) -> None:
    """A zone's status names each of the last callers once, the latest first, with all of its changes."""
    drifts: tuple[ZoneDrift, ...] = ()
    for at, (by, number) in enumerate(calls):
        drifts = zone_drifts_after(drifts, by, number, Millis(1 + at), damped=False)
    latest = list(dict.fromkeys(by for by, _ in reversed(calls)))[:MOST_CALLERS]
    assert [drift.by for drift in drifts] == latest
    first = drifts[0]
    if len({by for by, _ in calls}) <= MOST_CALLERS:
        assert first.changes == sum(number for by, number in calls if by == first.by)


def test_o4_a_caller_of_yesterday_is_forgotten() -> None:
    """A day after its last change, a caller is no longer reported, and counts anew."""
    (drift,) = zone_drifts_after((), "tool", 3, Millis(1), damped=True)
    later = Millis(1 + KEPT_MILLIS)
    assert recent_drifts([drift], later) == ()
    (again,) = zone_drifts_after([drift], "tool", 1, later, damped=False)
    assert (again.changes, again.since, again.damped_at) == (1, later, 0)


def test_o4_a_zone_is_contested_until_an_audit_repaired_it_and_an_hour_is_quiet() -> None:
    """The alarm stays while names wait for an audit, and ends an hour after the last change that waited."""
    now = Millis(10 * WINDOW_MILLIS)
    drifts = zone_drifts_after((), "tool", 1, now, damped=True)
    assert contested(drifts, Millis(now - 1), Millis(now + KEPT_MILLIS))
    assert contested(drifts, Millis(now + 1), Millis(now + WINDOW_MILLIS - 1))
    assert not contested(drifts, Millis(now + 1), Millis(now + WINDOW_MILLIS))
    assert not contested(zone_drifts_after((), "tool", 1, now, damped=False), Millis(1), now)
    assert not contested((), Millis(0), now)
