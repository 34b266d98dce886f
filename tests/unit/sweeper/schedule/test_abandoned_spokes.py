"""Spokes without a stack are swept for as long as they may have names."""

from __future__ import annotations

from collections.abc import Collection

from hub.runtime.model.names import Spoke
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.tasks import Sweep, Task
from hub.runtime.sweeper.schedule.scheduler import ScheduleOutcome, SweepScheduler
from tests.support.memory import MemoryClock, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

UNLISTED, ABANDONED = Spoke("444444444444", "eu-central-1"), Spoke("555555555555", "eu-central-1")


def scheduled(statuses: MemoryStatuses) -> tuple[ScheduleOutcome, Collection[Task]]:
    """The outcome of a run of the schedule without stacks, and the tasks that it enqueues."""
    tasks = MemoryTasks()
    scheduler = SweepScheduler(MemoryOrganization(), statuses, statuses, tasks, [], "p", MemoryClock())
    return scheduler.schedule_sweeps(), [task for task, _ in tasks.enqueued]


def test_spoke_without_a_stack_is_swept_until_its_names_are_withdrawn() -> None:
    """A spoke without a stack is swept until its names are withdrawn."""
    statuses = MemoryStatuses(MemoryClock())
    over = SpokeStatus(ABANDONED, withdrawn=True, generation=statuses.ledger_generation.begun())
    statuses.spokes = {UNLISTED: SpokeStatus(UNLISTED), ABANDONED: over}
    outcome, tasks = scheduled(statuses)
    assert tasks == [Sweep(UNLISTED)]
    assert (len(outcome.health.known), outcome.sweeps) == (1, 1)


def test_p9_an_abandoned_spoke_is_swept_once_more_after_a_restore() -> None:
    """Its restored status does not say whether the restored ledger has claims of it."""
    statuses = MemoryStatuses(MemoryClock())
    generation = statuses.ledger_generation.begun()
    statuses.spokes = {ABANDONED: SpokeStatus(ABANDONED, withdrawn=True, generation=generation)}
    assert scheduled(statuses)[1] == []
    statuses.ledger_generation.restore()
    outcome, tasks = scheduled(statuses)
    assert tasks == [Sweep(ABANDONED)]
    assert (len(outcome.health.known), outcome.sweeps) == (0, 1)
