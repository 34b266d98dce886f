"""What a run of the schedule enqueues and counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.model.health.attention import AUDIT_OVERDUE, SWEEP_OVERDUE
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Associate, Audit, Sweep
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.ports import TasksNotSent
from hub.runtime.sweeper.schedule.due import PENDING_AGAIN, SCHEDULES_AN_HOUR
from hub.runtime.sweeper.schedule.scheduler import SweepScheduler
from tests.support.memory import MemoryClock
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

NOW = Millis(1_000_000_000)


def spokes(number: int) -> list[Spoke]:
    return [Spoke(f"{number:012}", "eu-central-1") for number in range(number)]


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
    assert (len(outcome.health.known), len(outcome.health.unreachable)) == (0, 0)


def test_vpcs_that_waited_for_the_end_of_a_pause() -> None:
    """When a person ends a pause, the spokes whose VPCs may wait are swept at once, also quiet ones."""
    listed = spokes(600)
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    # All are on this policy, and another run just took place: none has a turn now.
    statuses.round = ScheduleCursor("p", NOW, at=NOW)
    statuses.spokes = {spoke: SpokeStatus(spoke, tried_at=NOW, swept_at=NOW, policy="p") for spoke in listed}
    waiting, keeping = listed[7], listed[9]
    statuses.spokes[waiting] = replace(statuses.spokes[waiting], vpc_work=1)
    statuses.spokes[keeping] = replace(statuses.spokes[keeping], kept_vpcs=1)
    assert sweep_scheduler(listed, statuses, tasks).schedule_sweeps().sweeps == 0
    statuses.request_audits(wanted=True)
    sweep_scheduler(listed, statuses, tasks).schedule_sweeps()
    assert {task.spoke for task, _ in tasks.enqueued if isinstance(task, Sweep)} == {waiting, keeping}
    assert sweep_scheduler(listed, statuses, tasks).schedule_sweeps().sweeps == 0


def test_listed_spoke_is_registered_at_once() -> None:
    """A spoke appears in the status from the first run on, before its first sweep."""
    statuses = MemoryStatuses(MemoryClock())
    sweep_scheduler(spokes(2), statuses, MemoryTasks()).schedule_sweeps()
    assert set(statuses.spokes) == set(spokes(2))


def test_run_notes_the_version_that_runs() -> None:
    """Each run notes the version of the functions, and the schema of the rows that they write."""
    statuses = MemoryStatuses(MemoryClock())
    replace(sweep_scheduler(spokes(1), statuses, MemoryTasks()), version="1.2.3").schedule_sweeps()
    assert (statuses.round.version, statuses.round.schema) == ("1.2.3", SCHEMA)


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
    scheduler = sweep_scheduler([], MemoryStatuses(MemoryClock()), tasks, zones=3)
    scheduler.schedule_audits()
    scheduler.schedule_audits(("Z9", "Z8"))
    scheduler.schedule_audits(())
    assert tasks.enqueued == [(Audit(("Z0", "Z1", "Z2")), 0), (Audit(("Z8", "Z9")), 0)]


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


def test_run_counts_what_needs_attention() -> None:
    """A run counts the spokes that are on an old policy, unreachable or overdue, and what awaits approval."""
    fresh, old, denied, late, holds = known = spokes(5)
    statuses = MemoryStatuses(MemoryClock())
    swept = SpokeStatus(fresh, tried_at=NOW, swept_at=NOW, policy="p", instances=1)
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
    assert (
        len(outcome.health.known),
        len(outcome.health.on_old_policy),
        len(outcome.health.unreachable),
        outcome.health.counts["SweepsAndAuditsOverdue"],
        outcome.health.counts["PendingRemovals"],
    ) == (
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
    assert (
        outcome.health.counts["SweepsAndAuditsOverdue"],
        outcome.health.counts["PendingRemovals"],
        tasks.enqueued,
    ) == (0, 0, [])


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
        assert scheduler.schedule_sweeps().health.counts["PendingRemovals"] == bool(left)
        assert statuses.zones["Z0"].pending_vpcs == left


def test_quiet_spokes_are_swept_once_a_day() -> None:
    """The runs of an hour leave out a quiet spoke, unless it has no stack: such a spoke is about to lose its names."""
    quiet, heard, unlisted = spokes(3)
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    empty = SpokeStatus(quiet, NOW, NOW, "p", generation=statuses.ledger_generation.begun())
    statuses.spokes = {
        quiet: empty,
        heard: replace(empty, spoke=heard, event_at=Millis(NOW + 1)),
        unlisted: replace(empty, spoke=unlisted),
    }
    scheduler = sweep_scheduler([quiet, heard], statuses, tasks)
    statuses.round = ScheduleCursor("p", NOW, at=Millis(NOW - 300_000), ahead=0)
    for turn in range(SCHEDULES_AN_HOUR):
        replace(scheduler, clock=MemoryClock(now=Millis(NOW + turn * 300_000))).schedule_sweeps()
    assert {task for task, _ in tasks.enqueued} == {Sweep(heard), Sweep(unlisted)}


def test_a_new_generation_brings_all_sweeps_forward() -> None:
    """After a restore, the publisher trusts no claim of a spoke that was not swept since, so no spoke waits an hour."""
    known = spokes(30)
    statuses, tasks = MemoryStatuses(MemoryClock()), MemoryTasks()
    statuses.spokes = {spoke: SpokeStatus(spoke, NOW, NOW, "p", 1, generation="before") for spoke in known}
    statuses.round = ScheduleCursor("p", NOW, at=Millis(NOW - 300_000), generation="before")
    sweep_scheduler(known, statuses, tasks).schedule_sweeps()
    assert {task for task, _ in tasks.enqueued} == {Sweep(spoke) for spoke in known}
    # The first of these sweeps begins the generation: that is no reason to bring them forward once more.
    generation, tasks.enqueued = statuses.ledger_generation.begun(), []
    sweep_scheduler(known, statuses, tasks).schedule_sweeps()
    assert (statuses.round.generation, statuses.round.ahead, tasks.enqueued) == (generation, 0, [])
