"""One stack instance, row, approval or queue that fails never stops the scheduling of the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Associate, Sweep, Task
from hub.runtime.ports import LedgerUnavailable, TasksNotSent
from hub.runtime.sweeper.schedule.scheduler import SweepScheduler
from tests.support.memory import MemoryClock
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

NOW = Millis(1_000_000_000)
HOME = Spoke("444444444444", "eu-central-1")
VPC = f"{HOME}/vpc-0000000a"


@dataclass(slots=True)
class Listed:
    known: frozenset[Spoke | Unreadable]

    def listed(self) -> frozenset[Spoke | Unreadable]:
        return self.known


class Statuses(MemoryStatuses):
    """Rows of some spokes and zones are refused."""

    refused: frozenset[str] = frozenset()

    def register_spoke(self, spoke: Spoke) -> None:
        self._check(str(spoke))
        super().register_spoke(spoke)

    def end_approval(self, zone_id: str, vpc: str) -> None:
        self._check(zone_id)
        super().end_approval(zone_id, vpc)

    def _check(self, what: str) -> None:
        if what in self.refused:
            raise LedgerUnavailable("ValidationException: Type mismatch for attribute to update")


class Full(MemoryTasks):
    def enqueue(self, tasks: object) -> None:
        raise TasksNotSent(f"the queue is full: {tasks}")


def scheduler(
    listed: frozenset[Spoke | Unreadable],
    statuses: MemoryStatuses,
    tasks: MemoryTasks,
    associations: MemoryTasks | None = None,
) -> SweepScheduler:
    clock = MemoryClock(now=NOW)
    return SweepScheduler(Listed(listed), statuses, statuses, tasks, ["Z0", "Z1"], "p", clock, associations)


def spokes(number: int) -> list[Spoke]:
    return [Spoke(f"{each:012}", "eu-central-1") for each in range(number)]


@given(number=st.integers(0, 30), odd=st.integers(0, 3), refused=st.sets(st.integers(0, 29)))
def test_all_others_are_scheduled_as_without_the_odd_ones(number: int, odd: int, refused: set[int]) -> None:
    """Stack instances that cannot be read, and new spokes whose rows are refused, keep no other from its sweep."""
    known = frozenset(spokes(number))
    ends = []
    for with_odd in (True, False):
        statuses, tasks = Statuses(MemoryClock()), MemoryTasks()
        statuses.round = ScheduleCursor("p")
        unreadable = frozenset(Unreadable(str(each), "no Region") for each in range(odd)) if with_odd else frozenset()
        if with_odd:
            statuses.refused = frozenset(str(spokes(30)[each]) for each in refused)
        outcome = scheduler(known | unreadable, statuses, tasks).schedule_sweeps()
        assert len(outcome.faults) == (odd + sum(each < number for each in refused) if with_odd else 0)
        ends.append((tasks.enqueued, statuses.round, replace(outcome, faults=())))
    assert ends[0] == ends[1]


def test_a_spoke_whose_stack_instance_cannot_be_read_is_still_swept() -> None:
    """Its status is in the ledger. That it is not listed withdraws nothing."""
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.spokes = {HOME: SpokeStatus(HOME)}
    outcome = scheduler(frozenset({Unreadable(HOME.account, "no Region")}), statuses, tasks).schedule_sweeps()
    assert tasks.enqueued == [(Sweep(HOME), 0)]
    assert "no Region" in outcome.faults[0]
    assert not statuses.spokes[HOME].withdrawn


def test_an_approval_that_cannot_be_read_keeps_no_other_from_its_end() -> None:
    """One garbled text among the approved VPCs stopped the schedule of all spokes."""
    statuses, tasks, associations = MemoryStatuses(MemoryClock()), MemoryTasks(), MemoryTasks()
    statuses.zones = {"Z0": ZoneStatus("Z0", tried_at=NOW, approved_vpcs=frozenset({"garbled", VPC}))}
    outcome = scheduler(frozenset(), statuses, tasks, associations).schedule_sweeps()
    assert associations.enqueued == [(Associate(HOME, ("vpc-0000000a",)), 0)]
    assert "garbled" in outcome.faults[0]


def test_a_zone_that_is_refused_keeps_no_other_from_its_schedule() -> None:
    """No zone selects VPCs any more: what awaits approval in the other zone is removed, and the cursor moves on."""
    statuses, tasks = Statuses(MemoryClock()), MemoryTasks()
    statuses.refused = frozenset({"Z0"})
    statuses.zones = {zone: ZoneStatus(zone, tried_at=NOW, pending_vpcs=(VPC,)) for zone in ("Z0", "Z1")}
    outcome = scheduler(frozenset({HOME}), statuses, tasks).schedule_sweeps()
    assert [fault.split(":")[0] for fault in outcome.faults] == ["Z0"]
    assert statuses.zones["Z1"].pending_vpcs == ()
    assert statuses.round.at >= NOW
    assert tasks.enqueued == [(Sweep(HOME), 0)]


def test_a_queue_that_is_full_loses_no_tasks_of_the_other() -> None:
    """The ends of associations are enqueued although sweeps cannot be; the run is repeated for these."""
    statuses, associations = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.zones = {"Z0": ZoneStatus("Z0", tried_at=NOW, approved_vpcs=frozenset({VPC}))}
    with pytest.raises(TasksNotSent, match="the queue is full"):
        scheduler(frozenset({HOME}), statuses, Full(), associations).schedule_sweeps()
    sent: list[Task] = [task for task, _ in associations.enqueued]
    assert sent == [Associate(HOME, ("vpc-0000000a",))]
    assert statuses.round == ScheduleCursor()
