"""Where the path from an event to a record is interrupted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.health.path import HEARTBEAT_LATE, PathFacts, PathProblem, Stage, path_problems
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.path import STALL_OVER, PathState, Stall

NOW = Millis(1_800_000_000_000)
LATE = Millis(NOW - HEARTBEAT_LATE - 1)
IN_TIME = Millis(NOW - HEARTBEAT_LATE)
OPEN = PathState(NOW, NOW, NOW, NOW)
STALL = Stall("Z1: Throttling", Millis(NOW - 300_000), 1_234)
STALLED = replace(OPEN, stall=STALL, stalled_at=NOW)
UNFOLLOWED = PathFacts(stream_faults=("the mapping is Disabled", "Lambda cannot read the stream"))


def problem(state: PathState, facts: PathFacts | None = None) -> PathProblem:
    """The one problem of a state."""
    (found,) = path_problems(state, NOW, facts or PathFacts())
    return found


def test_late_is_after_three_heartbeats() -> None:
    """A heartbeat leaves every five minutes."""
    assert HEARTBEAT_LATE == 3 * 5 * 60_000


@pytest.mark.parametrize("state", [OPEN, PathState(IN_TIME, IN_TIME, IN_TIME, IN_TIME)])
def test_open_path(state: PathState) -> None:
    """Heartbeats that arrived in time leave no problem, whatever waits in the queue."""
    assert path_problems(state, NOW, PathFacts(waiting=100_000)) == ()


def test_sent_long_ago_but_arrived() -> None:
    """What counts is when a heartbeat arrived: in a burst it may have waited."""
    assert path_problems(replace(OPEN, sent_at=LATE, answered=LATE), NOW, PathFacts()) == ()


@pytest.mark.parametrize(
    ("state", "facts", "stage", "since", "what"),
    [
        (PathState(), PathFacts(waiting=7), Stage.EVENTS, NEVER, "no heartbeat has taken the whole path yet"),
        (replace(OPEN, observed_at=LATE), PathFacts(waiting=1_234), Stage.OBSERVER, LATE, "1,234 events wait"),
        (replace(OPEN, observed_at=LATE), PathFacts(waiting=0), Stage.EVENTS, LATE, "has reached the observer"),
        (replace(OPEN, observed_at=LATE), PathFacts(), Stage.EVENTS, LATE, "has reached the observer"),
        # Of the stages behind an interruption nothing is known, so none is named.
        (replace(OPEN, observed_at=LATE, answered_at=LATE), PathFacts(), Stage.EVENTS, LATE, "reached the observer"),
        (replace(OPEN, answered_at=LATE), PathFacts(), Stage.PUBLISHER, LATE, "come through the ledger's stream"),
        (replace(OPEN, answered_at=NEVER), PathFacts(), Stage.PUBLISHER, NEVER, "taken the whole path yet"),
        (STALLED, PathFacts(), Stage.PUBLISHER, STALL.since, "1,234 names wait: Z1: Throttling"),
        (
            replace(STALLED, stall=replace(STALL, names=0)),
            PathFacts(),
            Stage.PUBLISHER,
            STALL.since,
            "a check of the zones failed: Z1: Throttling",
        ),
        (PathState(row_fault="schema 9"), UNFOLLOWED, Stage.LEDGER, NEVER, "cannot be read: schema 9"),
    ],
)
def test_interruption(state: PathState, facts: PathFacts, stage: Stage, since: Millis, what: str) -> None:
    """Each has the stage, since when, what is known, and what to do."""
    found = problem(state, facts)
    assert (found.stage, found.since) == (stage, since)
    assert what in found.what
    assert found.todo


@pytest.mark.parametrize("answered_at", [NOW, LATE, NEVER])
def test_stream_that_nobody_follows(answered_at: Millis) -> None:
    """What AWS says is told at once, also before a heartbeat is late, and then explains why it is."""
    found = path_problems(replace(OPEN, answered_at=answered_at), NOW, UNFOLLOWED)
    assert [(each.stage, each.what) for each in found] == [(Stage.STREAM, what) for what in UNFOLLOWED.stream_faults]
    assert {each.since for each in found} == {answered_at}


def test_first_stage_comes_first() -> None:
    """Several interruptions are told in the order of the path."""
    found = path_problems(replace(STALLED, observed_at=LATE, answered_at=LATE), NOW, UNFOLLOWED)
    assert [each.stage for each in found] == [Stage.EVENTS, Stage.STREAM, Stage.STREAM, Stage.PUBLISHER]


@pytest.mark.parametrize(("age", "stall"), [(0, STALL), (STALL_OVER, STALL), (STALL_OVER + 1, None)])
def test_stall_that_is_not_reported_again_is_over(age: int, stall: Stall | None) -> None:
    """While it lasts, Lambda repeats the batch, and each run reports it."""
    state = replace(STALLED, stalled_at=Millis(NOW - age))
    assert state.stalled(NOW) == stall
    assert bool(path_problems(state, NOW, PathFacts())) == bool(stall)


def test_no_stall_without_a_report() -> None:
    """A time alone is none."""
    assert replace(OPEN, stalled_at=NOW).stalled(NOW) is None


TIMES = st.sampled_from([NEVER, LATE, IN_TIME, NOW])


@given(
    st.builds(
        PathState,
        TIMES,
        TIMES,
        TIMES,
        TIMES,
        st.sampled_from([None, STALL]),
        TIMES,
        st.sampled_from(["", "schema 9"]),
    ),
    st.sampled_from([PathFacts(), PathFacts(waiting=3), UNFOLLOWED]),
)
def test_late_heartbeat_is_never_well(state: PathState, facts: PathFacts) -> None:
    """Unknown is not well: there is a problem exactly if a heartbeat is late, or something is known to be wrong."""
    late = min(state.observed_at, state.answered_at) < IN_TIME
    wrong = state.row_fault or facts.stream_faults or state.stalled(NOW)
    assert bool(path_problems(state, NOW, facts)) == bool(late or wrong)
