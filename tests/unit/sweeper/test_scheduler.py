"""Which spokes are due: all within an hour, never all at once, new policies and new spokes ahead of time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.health import AUDIT_OVERDUE, SWEEP_OVERDUE
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Associate, Audit, Sweep
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.ports import TasksNotSent
from hub.runtime.sweeper.scheduler import (
    HOUR,
    LONGEST_DELAY,
    MOST_AHEAD,
    PENDING_AGAIN,
    SCHEDULE_SECONDS,
    SCHEDULES_AN_HOUR,
    SWEEPS_A_SECOND,
    SweepScheduler,
    audit_parts,
    due_audits,
    due_sweeps,
)
from tests.support.memory import MemoryClock
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

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


class Listed:
    def __init__(self, *known: Spoke) -> None:
        self.known = frozenset(known)

    def listed(self) -> frozenset[Spoke]:
        return self.known


class Full(MemoryTasks):
    def enqueue(self, tasks: object) -> None:
        raise TasksNotSent(str(tasks))


def sweep_scheduler(
    listed: list[Spoke], statuses: MemoryStatuses, tasks: MemoryTasks, zones: int = 1
) -> SweepScheduler:
    clock = MemoryClock(now=NOW)
    return SweepScheduler(
        Listed(*listed), statuses, statuses, tasks, [f"Z{number}" for number in range(zones)], "p", clock
    )


def test_spoke_with_associations_left_is_swept_further() -> None:
    """A withdrawn spoke does not count, but is swept until its account leaves and its VPCs are abandoned."""
    (unlisted,) = spokes(1)
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.spokes = {unlisted: SpokeStatus(unlisted, withdrawn=True, fault_since=NOW, fault="denied")}
    statuses.keep_vpcs(unlisted, 2)
    outcome = sweep_scheduler([], statuses, tasks).schedule_sweeps()
    assert tasks.enqueued == [(Sweep(unlisted), 0)]
    assert (outcome.spokes, outcome.unreachable) == (0, 0)


def test_listed_spoke_is_registered_at_once() -> None:
    """A spoke appears in the status from the first run on, before its first sweep."""
    statuses = MemoryStatuses(MemoryClock())
    sweep_scheduler(spokes(2), statuses, MemoryTasks()).schedule_sweeps()
    assert set(statuses.spokes) == set(spokes(2))


def test_run_that_cannot_enqueue_is_repeated() -> None:
    """The cursor moves on only after all tasks are enqueued."""
    statuses = MemoryStatuses(MemoryClock())
    with pytest.raises(TasksNotSent):
        sweep_scheduler(spokes(3), statuses, Full()).schedule_sweeps()
    assert statuses.round == ScheduleCursor()


def test_requested_audits() -> None:
    """An approved zone is audited by the next run; after a pause, every zone is audited once."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    approved = ZoneStatus("Z1", tried_at=NOW, approved=frozenset({"web."}))
    statuses.zones = {
        "Z0": replace(approved, zone_id="Z0", pending_removals=(Fqdn("db."),)),
        "Z1": replace(approved, pending_removals=(Fqdn("db."), Fqdn("web."))),
    }
    assert sweep_scheduler([], statuses, tasks, zones=3).schedule_sweeps().audits == 1
    assert tasks.enqueued == [(Audit(("Z1",)), 0)]
    statuses.audit, tasks.enqueued = True, []
    sweep_scheduler([], statuses, tasks, zones=3).schedule_sweeps()
    assert tasks.enqueued == [(Audit(("Z0", "Z1", "Z2")), 0)]
    assert not statuses.audit


def test_audits_are_one_task() -> None:
    """All zones are enqueued, or those that a task left to the next; without zones, nothing is."""
    tasks = MemoryTasks()
    asking = sweep_scheduler([], MemoryStatuses(MemoryClock()), tasks, zones=3)
    asking.schedule_audits()
    asking.schedule_audits(("Z9", "Z8"))
    asking.schedule_audits(())
    assert tasks.enqueued == [(Audit(("Z0", "Z1", "Z2")), 0), (Audit(("Z8", "Z9")), 0)]


@pytest.mark.parametrize(("number", "now", "later"), [(0, 0, 0), (1, 1, 0), (25, 25, 0), (26, 25, 1), (60, 25, 35)])
def test_audit_leaves_what_is_too_much_to_the_next_task(number: int, now: int, later: int) -> None:
    """One audit compares 25 zones; the others keep their order."""
    zone_ids = tuple(f"Z{zone}" for zone in range(number))
    assert audit_parts(zone_ids) == (zone_ids[:now], zone_ids[now:])
    assert len(audit_parts(zone_ids)[1]) == later


def test_zone_with_pending_removals_is_audited_again_within_hours() -> None:
    """Pending removals may have been a burst of ends whose events were on their way, so a zone does not wait a day."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    pending_removals = ZoneStatus("Z0", tried_at=NOW, pending_removals=(Fqdn("web."),))
    statuses.zones = {
        "Z0": replace(pending_removals, tried_at=Millis(NOW - PENDING_AGAIN - 1_000)),
        "Z1": replace(pending_removals, zone_id="Z1"),
    }
    sweep_scheduler([], statuses, tasks, zones=3).schedule_sweeps()
    assert tasks.enqueued == [(Audit(("Z0",)), 0)]


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


def test_run_counts_what_needs_attention() -> None:
    """A run counts the spokes that are on an old policy, unreachable or overdue, and what awaits approval."""
    fresh, old, denied, late, holds = known = spokes(5)
    statuses = MemoryStatuses(MemoryClock())
    swept = SpokeStatus(fresh, tried_at=NOW, swept_at=NOW, policy="p")
    statuses.spokes = {
        fresh: swept,
        old: replace(swept, spoke=old, policy="before"),
        denied: replace(swept, spoke=denied, swept_at=Millis(0), fault_since=NOW),
        late: replace(swept, spoke=late, swept_at=Millis(NOW - SWEEP_OVERDUE - 1)),
        holds: replace(swept, spoke=holds, pending_removals=("i-1",)),
    }
    statuses.zones = {
        "Z0": ZoneStatus("Z0", tried_at=NOW, audited_at=Millis(NOW - AUDIT_OVERDUE - 1)),
        "Z1": ZoneStatus("Z1", tried_at=NOW, audited_at=NOW, pending_removals=("web.",)),  # type: ignore[arg-type]
    }
    outcome = sweep_scheduler(known, statuses, MemoryTasks(), zones=2).schedule_sweeps()
    assert (outcome.spokes, outcome.on_old_policy, outcome.unreachable, outcome.overdue, outcome.pending_removals) == (
        5,
        1,
        1,
        2,
        2,
    )


def test_zone_that_the_configuration_no_longer_has_is_forgotten() -> None:
    """Nothing audits it, and nobody can approve anything for it, so it must not raise an alarm without end."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    gone = ZoneStatus("Z1", tried_at=Millis(1), audited_at=Millis(1), pending_removals=(Fqdn("web."),))
    statuses.zones = {"Z1": replace(gone, pending_vpcs=("vpc",))}
    outcome = sweep_scheduler([], statuses, tasks, zones=1).schedule_sweeps()
    assert (outcome.overdue, outcome.pending_removals, tasks.enqueued) == (0, 0, [])


def test_approved_vpcs_are_enqueued_by_spoke() -> None:
    """The VPCs of a spoke are one task, whichever zones they resolve."""
    first, second = (f"vpc-0000000{number}" for number in range(2))
    home, away = spokes(2)
    statuses, tasks, associations = MemoryStatuses(MemoryClock()), MemoryTasks(), MemoryTasks()
    approved = {
        "Z0": [VpcRef(away.account, away.region, first), VpcRef(home.account, home.region, second)],
        "Z1": [VpcRef(home.account, home.region, first), VpcRef(home.account, home.region, second)],
    }
    statuses.zones = {
        zone: ZoneStatus(zone, tried_at=NOW, approved_vpcs=frozenset(map(str, vpcs))) for zone, vpcs in approved.items()
    }
    replace(sweep_scheduler([], statuses, tasks, zones=2), associations=associations).schedule_sweeps()
    assert associations.enqueued == [(Associate(home, (first, second)), 0), (Associate(away, (first,)), 0)]


def test_vpcs_await_no_approval_without_an_associator() -> None:
    """If no zone selects VPCs any more, no association ends, and nothing is pending after the next run."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    for associations, left in ((MemoryTasks(), ("a", "b")), (None, ())):
        statuses.zones = {"Z0": ZoneStatus("Z0", pending_vpcs=("a", "b"))}
        scheduler = replace(sweep_scheduler([], statuses, tasks, zones=1), associations=associations)
        assert scheduler.schedule_sweeps().pending_removals == bool(left)
        assert statuses.zones["Z0"].pending_vpcs == left
