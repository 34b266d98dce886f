"""Which spokes are due: all within an hour, never all at once, new policies and new spokes ahead of time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.damping import CallSweeps
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import EVENT_MILLIS, HOUR, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.sweeper.schedule.due import (
    LONGEST_DELAY,
    MOST_AHEAD,
    SCHEDULE_SECONDS,
    SCHEDULES_AN_HOUR,
    SWEEPS_A_SECOND,
    audit_parts,
    due_audits,
    due_sweeps,
    of_generation,
)

NOW = Millis(1_000_000_000)


def spokes(number: int) -> list[Spoke]:
    return [Spoke(f"{number:012}", "eu-central-1") for number in range(number)]


def tried(known: list[Spoke]) -> dict[Spoke, SpokeStatus]:
    return {spoke: SpokeStatus(spoke, tried_at=NOW, swept_at=NOW, policy="p") for spoke in known}


@given(number=st.integers(1, 400), after=st.text(alphabet="0123456789abcdef", max_size=8))
def test_every_spoke_is_due_within_the_hour(number: int, after: str) -> None:
    """Twelve runs of the schedule enqueue each spoke, wherever they begin, and an equal part each."""
    known = spokes(number)
    last = ScheduleCursor("p", NOW, after)
    enqueued: Counter[Spoke] = Counter()
    for turn in range(SCHEDULES_AN_HOUR):
        due, last = due_sweeps(known, tried(known), last, "p", Millis(NOW + turn * 300_000))
        assert len(due) == -(-number // SCHEDULES_AN_HOUR)
        assert all(0 <= delay < SCHEDULE_SECONDS for _, delay in due)
        enqueued.update(spoke for spoke, _ in due)
    assert set(enqueued) == set(known)


def test_sweeps_are_spread_over_the_interval() -> None:
    """Of 17,000 spokes, only a few are enqueued for the same second."""
    known = spokes(17_000)
    due, _ = due_sweeps(known, tried(known), ScheduleCursor("p", NOW), "p", NOW)
    assert len(due) == 1_417
    assert max(Counter(delay for _, delay in due).values()) <= SWEEPS_A_SECOND


@pytest.mark.parametrize("number", [1, 40, MOST_AHEAD, 17_000])
def test_new_policy_makes_every_spoke_due_at_once(number: int) -> None:
    """Each spoke is enqueued once, a few a second; then the schedule continues as before."""
    known = spokes(number)
    last = ScheduleCursor("old", NOW, "7")
    rounds: list[list[tuple[Spoke, int]]] = []
    while not rounds or last.ahead:
        due, last = due_sweeps(known, tried(known), last, "new", Millis(NOW + 5))
        rounds.append(due)
    assert len(rounds) == -(-number // MOST_AHEAD)
    assert {spoke for due in rounds for spoke, _ in due} == set(known)
    assert all(Counter(delay for _, delay in due).most_common(1)[0][1] <= SWEEPS_A_SECOND for due in rounds)
    assert max(delay for _, delay in rounds[0]) == (min(number, MOST_AHEAD) - 1) // SWEEPS_A_SECOND
    assert (last.policy, last.since) == ("new", NOW + 5)
    due, _ = due_sweeps(known, tried(known), last, "new", Millis(NOW + 300_005))
    assert len(due) == -(-number // SCHEDULES_AN_HOUR)


def test_new_and_approved_spokes_come_first() -> None:
    """A spoke that was never tried, or has approved removals, is enqueued by the next run."""
    known = spokes(100)
    statuses = tried(known)
    del statuses[known[5]]
    statuses[known[6]] = SpokeStatus(known[6])
    approved = replace(statuses[known[7]], approved=frozenset({"i-1"}))
    statuses[known[7]] = replace(approved, pending_removals=("i-1", "i-2"))
    # What was approved is removed. What awaits approval further needs no sweep every five minutes.
    statuses[known[8]] = replace(approved, spoke=known[8], pending_removals=("i-2",))
    due, last = due_sweeps(known, statuses, ScheduleCursor("p", NOW, "f"), "p", NOW)
    assert dict(due[:3]) == dict.fromkeys(known[5:8], 0)
    assert len(due) <= 3 + 9
    assert sum(not delay for spoke, delay in due if spoke in known[5:9]) == 3
    assert last.ahead == 0
    assert all(delay <= LONGEST_DELAY for _, delay in due)


def test_schedule_without_spokes() -> None:
    """Before the rollout, nothing is enqueued."""
    assert due_sweeps([], {}, ScheduleCursor(), "p", NOW) == ([], ScheduleCursor("p", NOW, at=NOW))


@pytest.mark.parametrize(("number", "now", "later"), [(0, 0, 0), (1, 1, 0), (25, 25, 0), (26, 25, 1), (60, 25, 35)])
def test_audit_leaves_what_is_too_much_to_the_next_task(number: int, now: int, later: int) -> None:
    """One audit compares 25 zones; the others keep their order."""
    zone_ids = tuple(f"Z{zone}" for zone in range(number))
    assert audit_parts(zone_ids) == (zone_ids[:now], zone_ids[now:])
    assert len(audit_parts(zone_ids)[1]) == later


@pytest.mark.parametrize(
    ("record_sets", "hours", "due"),
    [(0, 0.4, False), (0, 0.6, True), (999, 0.6, True), (1_000, 1.4, False), (1_000, 1.6, True), (9_500, 9, False)],
)
def test_o4_a_cheap_zone_is_audited_more_often(record_sets: int, hours: float, *, due: bool) -> None:
    """A zone is due an hour after its audit for each thousand record sets, in the first run of an hour."""
    zone = ZoneStatus("Z0", tried_at=Millis(NOW - int(hours * HOUR)), record_sets=record_sets)
    new_hour = Millis(NOW // HOUR * HOUR)
    assert bool(due_audits([zone], Millis(new_hour - 1), NOW)) is due
    assert due_audits([zone], new_hour, NOW) == []


def test_o4_a_requested_audit_is_enqueued_until_it_ran() -> None:
    """An audit that began before the request does not count."""
    zone = ZoneStatus("Z0", tried_at=NOW, audit_requested_at=NOW)
    later, audited = replace(zone, audit_requested_at=Millis(NOW + 1)), replace(zone, tried_at=Millis(NOW + 1))
    assert due_audits([zone, replace(later, zone_id="Z1"), replace(audited, zone_id="Z2")], NOW, NOW) == ["Z0"]


def test_runs_that_follow_each_other_enqueue_once() -> None:
    """Messages of the schedule that waited on the queue do not enqueue spokes once each."""
    known = spokes(24)
    first, last = due_sweeps(known, tried(known), ScheduleCursor("p", NOW), "p", Millis(NOW + 300_000))
    assert len(first) == 2
    assert due_sweeps(known, tried(known), last, "p", Millis(NOW + 300_001)) == ([], last)
    unknown = {spoke: status for spoke, status in tried(known).items() if spoke != known[0]}
    assert due_sweeps(known, unknown, last, "p", Millis(NOW + 300_001)) == ([(known[0], 0)], last)
    assert len(due_sweeps(known, tried(known), last, "p", Millis(NOW + 600_000))[0]) == 2


RUN = 300_000


@given(
    number=st.integers(1, 15),
    quiet=st.integers(0, 2**15 - 1),
    changes=st.lists(st.integers(0, 2**15 - 1), min_size=2, max_size=24),
    jitter=st.lists(st.integers(-60_000, 60_000), min_size=7, max_size=7),
)
def test_each_spoke_is_due_in_its_interval(number: int, quiet: int, changes: list[int], jitter: list[int]) -> None:
    """Whatever spokes become quiet or lively meanwhile, a lively one has its turn within the hour, all within a day."""
    known = spokes(number)
    last = ScheduleCursor("p", NOW, at=Millis(NOW - RUN))
    runs = 24 * SCHEDULES_AN_HOUR
    due_at = dict.fromkeys(known, -1)
    lively_since = dict.fromkeys(known, 0)
    for run in range(runs + 1):
        now = Millis(NOW + run * RUN + jitter[run % len(jitter)])
        if run % SCHEDULES_AN_HOUR == 0:
            quiet ^= changes[run // SCHEDULES_AN_HOUR % len(changes)]
        left_out = {spoke for index, spoke in enumerate(known) if quiet >> index & 1}
        lively_since |= dict.fromkeys(left_out, run + 1)
        due, last = due_sweeps(known, tried(known), last, "p", now, left_out)
        due_at |= dict.fromkeys((spoke for spoke, _ in due), run)
        for spoke in known:
            assert run - max(due_at[spoke], lively_since[spoke] - 1) <= SCHEDULES_AN_HOUR
    assert min(due_at.values()) >= 0


@pytest.mark.parametrize("lively", [0, 400])
def test_sweeps_of_quiet_spokes_are_spread_over_the_day(lively: int) -> None:
    """Of 6,800 spokes, an equal part of the quiet ones is due in each hour, and few in each run."""
    known = spokes(6_800)
    last = ScheduleCursor("p", NOW, at=Millis(NOW - RUN))
    runs, swept, quiet = [], tried(known), frozenset(known[lively:])
    for run in range(24 * SCHEDULES_AN_HOUR):
        due, last = due_sweeps(known, swept, last, "p", Millis(NOW + run * RUN), quiet)
        runs.append(len(due))
    hours = [sum(runs[hour : hour + SCHEDULES_AN_HOUR]) for hour in range(0, len(runs), SCHEDULES_AN_HOUR)]
    expected = lively + (len(known) - lively) / 24
    assert sum(hours) >= 24 * lively + len(known) - lively
    assert all(abs(hour - expected) < 0.25 * expected for hour in hours)
    assert max(runs) < 3 * expected / SCHEDULES_AN_HOUR


@given(known=st.integers(0, 9), ahead=st.integers(0, 9), last=st.sampled_from("ab"), generation=st.sampled_from("abc"))
def test_a_new_generation(known: int, ahead: int, last: str, generation: str) -> None:
    """A generation that differs brings all sweeps forward, also an unknown one; one after an unknown one does not."""
    cursor = ScheduleCursor("p", generation=last, ahead=ahead)
    assert of_generation(cursor, generation, known).ahead == (ahead if generation == last else known)
    assert of_generation(cursor, "", known) == replace(cursor, ahead=known, generation="")
    assert of_generation(replace(cursor, generation=""), generation, known) == replace(cursor, generation=generation)


EMPTY = SpokeStatus(Spoke("444444444444", "eu-central-1"), NOW, NOW, "p", generation="g")


@pytest.mark.parametrize(
    "status",
    [
        SpokeStatus(EMPTY.spoke),
        replace(EMPTY, policy="old"),
        replace(EMPTY, generation="before"),
        replace(EMPTY, instances=1),
        replace(EMPTY, names=1),
        replace(EMPTY, fault="Throttled"),
        replace(EMPTY, fault="denied", fault_since=NOW),
        replace(EMPTY, withdrawn=True),
        replace(EMPTY, pending_removals=("i-1",)),
        replace(EMPTY, unreadable=1),
        replace(EMPTY, row_fault="malformed"),
        replace(EMPTY, vpcs={"Z1": 1}),
        replace(EMPTY, vpc_work=1),
        replace(EMPTY, kept_vpcs=1),
        replace(EMPTY, event_at=Millis(NOW + 1)),
        # The row may not have the time of another event in the quarter of an hour after this one.
        replace(EMPTY, event_at=Millis(NOW - EVENT_MILLIS + 1)),
        replace(EMPTY, call_sweeps=CallSweeps(Millis(NOW + 1))),
    ],
)
def test_what_keeps_a_spoke_from_being_quiet(status: SpokeStatus) -> None:
    """Whatever sweeps may have to repair soon is swept every hour."""
    assert not status.quiet("p", "g")
    assert EMPTY.quiet("p", "g")
    assert replace(EMPTY, event_at=Millis(NOW - EVENT_MILLIS)).quiet("p", "g")
    assert not replace(EMPTY, generation="").quiet("p", "")
