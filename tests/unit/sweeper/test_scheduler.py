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
    LONGEST_DELAY,
    MOST_AHEAD,
    PENDING_AGAIN,
    SCHEDULE_SECONDS,
    SCHEDULES_AN_HOUR,
    SWEEPS_A_SECOND,
    SweepScheduler,
    audit_parts,
    due_sweeps,
)
from tests.support.memory import MemoryClock
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

NOW = Millis(1_000_000_000)


def spokes(number: int) -> list[Spoke]:
    return [Spoke(f"{number:012}", "eu-central-1") for number in range(number)]


def tried(of: list[Spoke]) -> dict[Spoke, SpokeStatus]:
    return {spoke: SpokeStatus(spoke, tried_at=NOW, swept_at=NOW, policy="p") for spoke in of}


@given(number=st.integers(1, 400), after=st.text(alphabet="0123456789abcdef", max_size=8))
def test_every_spoke_is_asked_within_the_hour(number: int, after: str) -> None:
    """Whatever round it begins with, twelve rounds ask each spoke, and none much more often than once."""
    known = spokes(number)
    last = ScheduleCursor("p", NOW, after)
    asked: Counter[Spoke] = Counter()
    for turn in range(SCHEDULES_AN_HOUR):
        due, last = due_sweeps(known, tried(known), last, "p", Millis(NOW + turn * 300_000))
        assert len(due) == -(-number // SCHEDULES_AN_HOUR)
        assert all(0 <= delay < SCHEDULE_SECONDS for _, delay in due)
        asked.update(spoke for spoke, _ in due)
    assert set(asked) == set(known)


def test_asked_spokes_are_spread_over_the_round() -> None:
    """17,000 spokes do not come at once: no second asks more than a few."""
    known = spokes(17_000)
    due, _ = due_sweeps(known, tried(known), ScheduleCursor("p", NOW), "p", NOW)
    assert len(due) == 1_417
    assert max(Counter(delay for _, delay in due).values()) <= SWEEPS_A_SECOND


@pytest.mark.parametrize("number", [1, 40, MOST_AHEAD, 17_000])
def test_new_policy_asks_every_spoke_ahead_of_time(number: int) -> None:
    """Each spoke once, at once but no more than a few a second; then the rounds go on as before."""
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
    """A spoke that was never tried, or of which a person approved something, is asked in this round."""
    known = spokes(100)
    statuses = tried(known)
    del statuses[known[5]]
    statuses[known[6]] = SpokeStatus(known[6])
    statuses[known[7]] = replace(statuses[known[7]], approved=frozenset({"i-1"}))
    due, last = due_sweeps(known, statuses, ScheduleCursor("p", NOW, "f"), "p", NOW)
    assert dict(due[:3]) == dict.fromkeys(known[5:8], 0)
    assert len(due) <= 3 + 9
    assert last.ahead == 0
    assert all(delay <= LONGEST_DELAY for _, delay in due)


def test_no_spoke_is_no_fault() -> None:
    """Before the rollout there is nothing to ask."""
    assert due_sweeps([], {}, ScheduleCursor(), "p", NOW) == ([], ScheduleCursor("p", NOW, at=NOW))


class Listed:
    def __init__(self, *of: Spoke) -> None:
        self.of = frozenset(of)

    def listed(self) -> frozenset[Spoke]:
        return self.of


class Full(MemoryTasks):
    def ask(self, tasks: object) -> None:
        raise TasksNotSent(str(tasks))


def sweep_scheduler(
    listed: list[Spoke], statuses: MemoryStatuses, tasks: MemoryTasks, zones: int = 1
) -> SweepScheduler:
    clock = MemoryClock(now=NOW)
    return SweepScheduler(
        Listed(*listed), statuses, statuses, tasks, [f"Z{number}" for number in range(zones)], "p", clock
    )


def test_spoke_that_left_is_swept_until_its_names_are_withdrawn() -> None:
    """What StackSets lists no more is asked as long as the ledger knows it, and not after."""
    gone, abandon = spokes(2)
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.spokes = {gone: SpokeStatus(gone), abandon: SpokeStatus(abandon, withdrawn=True)}
    asked = sweep_scheduler([], statuses, tasks).schedule_sweeps()
    assert tasks.asked == [(Sweep(gone), 0)]
    assert (asked.spokes, asked.sweeps) == (1, 1)


def test_spoke_in_whose_vpcs_something_is_left_is_swept_on() -> None:
    """Its names are withdrawn, and it is counted no more; but when its account leaves, its VPCs are let go."""
    (left,) = spokes(1)
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.spokes = {left: SpokeStatus(left, withdrawn=True, fault_since=NOW, fault="denied")}
    statuses.keep_vpcs(left, 2)
    asked = sweep_scheduler([], statuses, tasks).schedule_sweeps()
    assert tasks.asked == [(Sweep(left), 0)]
    assert (asked.spokes, asked.unreachable) == (0, 0)


def test_listed_spoke_is_known_at_once() -> None:
    """A spoke shows in the status from the first round on, before it was swept."""
    statuses = MemoryStatuses(MemoryClock())
    sweep_scheduler(spokes(2), statuses, MemoryTasks()).schedule_sweeps()
    assert set(statuses.spokes) == set(spokes(2))


def test_round_that_could_not_ask_is_asked_once_more() -> None:
    """The place is moved on only after all tasks are on the queue."""
    statuses = MemoryStatuses(MemoryClock())
    with pytest.raises(TasksNotSent):
        sweep_scheduler(spokes(3), statuses, Full()).schedule_sweeps()
    assert statuses.round == ScheduleCursor()


def test_audits_that_a_person_asked_for() -> None:
    """An approved zone is audited with the next round; after a pause every zone is, once."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.zones = {"Z0": ZoneStatus("Z0"), "Z1": ZoneStatus("Z1", approved=frozenset({"web."}))}
    assert sweep_scheduler([], statuses, tasks, zones=3).schedule_sweeps().audits == 1
    assert tasks.asked == [(Audit(("Z1",)), 0)]
    statuses.audit, tasks.asked = True, []
    sweep_scheduler([], statuses, tasks, zones=3).schedule_sweeps()
    assert tasks.asked == [(Audit(("Z0", "Z1", "Z2")), 0)]
    assert not statuses.audit


def test_zones_are_audited_by_one_task_after_the_other() -> None:
    """All of them, or what one task left to the next; nothing where there are none."""
    tasks = MemoryTasks()
    asking = sweep_scheduler([], MemoryStatuses(MemoryClock()), tasks, zones=3)
    asking.schedule_audits()
    asking.schedule_audits(("Z9", "Z8"))
    asking.schedule_audits(())
    assert tasks.asked == [(Audit(("Z0", "Z1", "Z2")), 0), (Audit(("Z8", "Z9")), 0)]


@pytest.mark.parametrize(("number", "now", "later"), [(0, 0, 0), (1, 1, 0), (25, 25, 0), (26, 25, 1), (60, 25, 35)])
def test_audit_leaves_what_is_too_much_to_the_next_task(number: int, now: int, later: int) -> None:
    """One audit reads the ledger once for 25 zones; none is lost, and their order stays."""
    zone_ids = tuple(f"Z{zone}" for zone in range(number))
    assert audit_parts(zone_ids) == (zone_ids[:now], zone_ids[now:])
    assert len(audit_parts(zone_ids)[1]) == later


def test_held_zone_is_audited_again_within_hours() -> None:
    """What looked like too much may have been a burst of ends on their way: nobody has to wait a day for that."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    pending_removals = ZoneStatus("Z0", tried_at=NOW, pending_removals=(Fqdn("web."),))
    statuses.zones = {
        "Z0": replace(pending_removals, tried_at=Millis(NOW - PENDING_AGAIN - 1_000)),
        "Z1": replace(pending_removals, zone_id="Z1"),
    }
    sweep_scheduler([], statuses, tasks, zones=3).schedule_sweeps()
    assert tasks.asked == [(Audit(("Z0",)), 0)]


def test_rounds_that_waited_together_ask_once() -> None:
    """After a time in which nobody took the schedule's messages, spokes are not asked once for each of them."""
    known = spokes(24)
    first, last = due_sweeps(known, tried(known), ScheduleCursor("p", NOW), "p", Millis(NOW + 300_000))
    assert len(first) == 2
    assert due_sweeps(known, tried(known), last, "p", Millis(NOW + 300_001)) == ([], last)
    unknown = {spoke: status for spoke, status in tried(known).items() if spoke != known[0]}
    assert due_sweeps(known, unknown, last, "p", Millis(NOW + 300_001)) == ([(known[0], 0)], last)
    assert len(due_sweeps(known, tried(known), last, "p", Millis(NOW + 600_000))[0]) == 2


def test_how_all_is() -> None:
    """A round counts the spokes that are behind, out of reach or overdue, and what waits for a person."""
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
    asked = sweep_scheduler(known, statuses, MemoryTasks()).schedule_sweeps()
    assert (asked.spokes, asked.on_old_policy, asked.unreachable, asked.overdue, asked.pending_removals) == (
        5,
        1,
        1,
        2,
        2,
    )


def test_vpcs_that_a_person_approved_are_asked_for_by_spoke() -> None:
    """One task for each spoke, whatever zone they resolve; none without an associator."""
    one, other = (f"vpc-0000000{number}" for number in range(2))
    here, there = spokes(2)
    statuses, tasks, associations = MemoryStatuses(MemoryClock()), MemoryTasks(), MemoryTasks()
    approved = {
        "Z0": [VpcRef(there.account, there.region, one), VpcRef(here.account, here.region, other)],
        "Z1": [VpcRef(here.account, here.region, one), VpcRef(here.account, here.region, other)],
    }
    statuses.zones = {
        zone: ZoneStatus(zone, tried_at=NOW, approved_vpcs=frozenset(map(str, vpcs))) for zone, vpcs in approved.items()
    }
    replace(sweep_scheduler([], statuses, tasks), associations=associations).schedule_sweeps()
    assert associations.asked == [(Associate(here, (one, other)), 0), (Associate(there, (one,)), 0)]
