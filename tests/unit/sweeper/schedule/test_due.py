"""Which spokes are due: all within an hour, never all at once, new policies and new spokes ahead of time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.sweeper.schedule.due import (
    HOUR,
    LONGEST_DELAY,
    MOST_AHEAD,
    SCHEDULE_SECONDS,
    SCHEDULES_AN_HOUR,
    SWEEPS_A_SECOND,
    audit_parts,
    due_audits,
    due_sweeps,
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
