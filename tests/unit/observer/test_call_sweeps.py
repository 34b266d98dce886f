"""The sweeps that calls cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.model.damping import AT_ONCE, SETTLE_MILLIS, CallSweeps
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.tasks import Sweep, Task
from hub.runtime.observer.call_sweeps import NO_TIME, REQUEST_SECONDS, CallSweepRequests
from hub.runtime.observer.events import Call
from hub.runtime.ports import LedgerUnavailable, TasksNotSent
from tests.support.build import PAYMENTS, SEARCH
from tests.support.memory import AMPLE, MemoryClock
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

SPOKE, OTHER = (Spoke(account.id, "eu-central-1") for account in (PAYMENTS, SEARCH))


@dataclass
class World:
    clock: MemoryClock = field(default_factory=lambda: MemoryClock(now=10**12))
    tasks: MemoryTasks = field(default_factory=MemoryTasks)

    def __post_init__(self) -> None:
        self.statuses = MemoryStatuses(self.clock)
        for spoke in (SPOKE, OTHER):
            self.statuses.put_spoke_status(SpokeStatus(spoke, tried_at=Millis(1), swept_at=Millis(1)))
        self.requests = CallSweepRequests(self.statuses, self.tasks, self.clock)

    def request(self, *calls: tuple[Spoke, int], deadline: Deadline = AMPLE) -> dict[Spoke, str]:
        return self.requests.request((Call(spoke, Millis(self.clock.now - age)) for spoke, age in calls), deadline)


@pytest.fixture
def world() -> World:
    return World()


def test_calls_of_a_batch_cause_one_sweep_a_spoke(world: World) -> None:
    """Many calls of one spoke need one sweep, five seconds after the last of them; another spoke has its own."""
    assert world.request(*((SPOKE, age) for age in range(100)), (OTHER, 0)) == {}
    expected = (Sweep(spoke, after_call=True) for spoke in (SPOKE, OTHER))
    assert world.tasks.enqueued == [(task, SETTLE_MILLIS // 1000) for task in expected]
    assert world.request((SPOKE, 0)) == {}
    # At most a millisecond later: that call is not covered.
    assert world.request((SPOKE, 10_000)) == {}
    assert len(world.tasks.enqueued) == 3


def test_flood_of_calls_is_damped(world: World) -> None:
    """An account that calls all the time, for an hour, causes a sweep a minute and a few more."""
    for _ in range(3_600):
        world.clock.sleep(1)
        world.request((SPOKE, 0))
    assert len(world.tasks.enqueued) <= 60 + AT_ONCE + 1


@pytest.mark.parametrize(
    "status",
    [
        SpokeStatus(SPOKE),
        SpokeStatus(SPOKE, tried_at=Millis(1), fault="AccessDenied", fault_since=Millis(1)),
        SpokeStatus(SPOKE, tried_at=Millis(1), fault="RequestLimitExceeded"),
    ],
)
def test_spoke_that_has_no_use_for_a_sweep_gets_none(world: World, status: SpokeStatus) -> None:
    """The first sweep of a spoke is due anyway, and the schedule goes on with a spoke that cannot be read."""
    world.statuses.spokes[SPOKE] = status
    assert world.request((SPOKE, 0)) == {}
    assert world.tasks.enqueued == []


def test_request_that_loses_a_race_looks_again(world: World) -> None:
    """If another worker requested a sweep in between, that one covers the call."""

    class Raced(MemoryStatuses):
        def put_call_sweeps(self, spoke: Spoke, before: CallSweeps, after: CallSweeps) -> None:
            super().put_call_sweeps(spoke, before, CallSweeps(Millis(after.begins_at + 1_000), after.paid_until))
            super().put_call_sweeps(spoke, before, after)

    racing = CallSweepRequests(Raced(world.clock, spokes=world.statuses.spokes), world.tasks, world.clock)
    assert racing.request([Call(SPOKE, Millis(world.clock.now))], AMPLE) == {}
    assert len(world.tasks.enqueued) == 1


@pytest.mark.parametrize("fault", [LedgerUnavailable("away"), TasksNotSent("away")])
def test_fault_is_tried_again_and_stops_no_other_spoke(world: World, fault: Exception) -> None:
    """The messages of a spoke whose sweep cannot be requested are delivered again; others are not."""

    class Faulty(MemoryTasks):
        def enqueue(self, tasks: Iterable[tuple[Task, int]]) -> None:
            several = list(tasks)
            if several[0][0] == Sweep(SPOKE, after_call=True):
                raise fault
            super().enqueue(several)

    world.tasks = Faulty()
    world.requests = CallSweepRequests(world.statuses, world.tasks, world.clock)
    assert world.request((SPOKE, 0), (OTHER, 0)) == {SPOKE: "away"}
    assert [task for task, _ in world.tasks.enqueued] == [Sweep(OTHER, after_call=True)]


def test_calls_without_time_are_delivered_again(world: World) -> None:
    """If the ledger answers slowly, the run ends in time: otherwise SQS would deliver the whole batch again."""
    left = iter((REQUEST_SECONDS, REQUEST_SECONDS - 1))
    assert world.request((SPOKE, 0), (OTHER, 0), deadline=Deadline(lambda: next(left))) == {OTHER: NO_TIME}
    assert [task for task, _ in world.tasks.enqueued] == [Sweep(SPOKE, after_call=True)]
