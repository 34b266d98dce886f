"""Every alarm of the hub ends when nothing is left to do; its page in docs/runbook says how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.runtime.model.drift import ZoneDrift
from hub.runtime.model.health.attention import AUDIT_OVERDUE, SWEEP_OVERDUE
from hub.runtime.model.names import NEVER, Fqdn, Millis, Spoke
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from hub.runtime.sweeper.schedule.scheduler import ScheduleOutcome, SweepScheduler
from orgdns.config.sections.accounts import Guards
from tests.docs.pages import page, section
from tests.support.generated import of_type
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = Millis(1_800_000_000_000)
SPOKE = Spoke("444444444444", "eu-central-1")
WELL = SpokeStatus(SPOKE, tried_at=NOW, swept_at=NOW, policy="p")
ZONE = ZoneStatus("Z1", tried_at=NOW, audited_at=NOW)
LATE = Millis(NOW - SWEEP_OVERDUE - 1)
AWAY = replace(WELL, fault="AuthFailure", fault_since=LATE, closed=True)
FULL = {"Z1": Usage(1_000, 10_000)}
FOUGHT = ZoneDrift("arn:aws:iam::333333333333:role/octodns", LATE, NOW, 9, damped_at=NOW)
LONG_AGO = Millis(NOW - 2 * 3_600_000)
DAY = 86_400
GOOD = (WELL, ZONE, ("Z1",))
State = tuple[SpokeStatus, ZoneStatus, tuple[str, ...]]


class _Listed:
    """The rollout has a stack for the spoke."""

    @staticmethod
    def listed() -> frozenset[Spoke]:
        return frozenset({SPOKE})


def scheduled(state: State) -> ScheduleOutcome:
    """The numbers that a run of the schedule reports, which the alarms watch."""
    spoke, zone, zone_ids = state
    statuses = MemoryStatuses(lambda: NOW)
    statuses.spokes, statuses.zones = {spoke.spoke: spoke}, {zone.zone_id: zone}
    scheduler = SweepScheduler(
        _Listed(), statuses, statuses, MemoryTasks(), zone_ids, "p", lambda: NOW, limits=Guards().limits
    )
    return scheduler.schedule_sweeps()


# The value that an alarm watches, a state in which it is in ALARM, and every state in which nothing is left to do.
BY_STATE: dict[str, tuple[Callable[[ScheduleOutcome], int], list[State], list[State]]] = {
    "orgdns-pending-removals": (
        lambda outcome: outcome.health.counts["PendingRemovals"],
        [
            (replace(WELL, pending_removals=("i-1",)), ZONE, ("Z1",)),
            (WELL, replace(ZONE, pending_removals=(Fqdn("a."),)), ("Z1",)),
        ],
        [
            (replace(WELL, pending_removals=("i-1",), approved=frozenset({"i-1"})), ZONE, ("Z1",)),
            (WELL, replace(ZONE, pending_vpcs=("a",)), ("Z1",)),
            (WELL, replace(ZONE, pending_removals=(Fqdn("a."),)), ()),
        ],
    ),
    "orgdns-spokes-unreachable": (
        lambda outcome: outcome.health.counts["SpokesUnreachable"],
        [(AWAY, ZONE, ("Z1",)), (replace(AWAY, closed=False, withdrawn=True), ZONE, ("Z1",))],
        [(replace(AWAY, withdrawn=True), ZONE, ("Z1",)), (replace(AWAY, withdrawn=True, kept_vpcs=2), ZONE, ("Z1",))],
    ),
    "orgdns-sweeps-overdue": (
        lambda outcome: outcome.health.counts["SweepsAndAuditsOverdue"],
        [
            (replace(WELL, tried_at=LATE, swept_at=LATE, instances=1), ZONE, ("Z1",)),
            (WELL, replace(ZONE, audited_at=Millis(NOW - AUDIT_OVERDUE - 1)), ("Z1",)),
        ],
        [
            (replace(AWAY, swept_at=NEVER), ZONE, ("Z1",)),
            (replace(AWAY, swept_at=NEVER, withdrawn=True), ZONE, ("Z1",)),
            (WELL, replace(ZONE, audited_at=Millis(NOW - AUDIT_OVERDUE - 1)), ()),
        ],
    ),
    "orgdns-records-contested": (
        lambda outcome: outcome.health.counts["ZonesWithDampedRepairs"],
        [(WELL, replace(ZONE, drift=(FOUGHT,), audited_at=LONG_AGO), ("Z1",))],
        [
            (WELL, replace(ZONE, drift=(replace(FOUGHT, damped_at=LONG_AGO),)), ("Z1",)),
            (WELL, replace(ZONE, drift=(FOUGHT,), audited_at=LONG_AGO), ()),
        ],
    ),
    "orgdns-unreadable": (
        lambda outcome: outcome.health.counts["SpokesAndZonesUnreadable"],
        [
            (replace(WELL, unreadable=1), ZONE, ("Z1",)),
            (SpokeStatus(SPOKE, row_fault="schema 2"), ZONE, ("Z1",)),
            (WELL, replace(ZONE, unreadable=1), ("Z1",)),
            (WELL, ZoneStatus("Z1", row_fault="schema 2"), ("Z1",)),
        ],
        [(WELL, replace(ZONE, unreadable=1), ())],
    ),
    "orgdns-accounts-near-limit": (
        lambda outcome: outcome.health.counts["AccountsNearLimit"],
        [(replace(WELL, usage=FULL), ZONE, ("Z1",)), (replace(WELL, vpcs={"Z1": 30}), ZONE, ("Z1",))],
        [
            (replace(WELL, usage=FULL), ZONE, ()),
            (replace(WELL, vpcs={"Z1": 30}), ZONE, ()),
            (replace(AWAY, vpcs={"Z1": 30}, withdrawn=True), ZONE, ("Z1",)),
        ],
    ),
    "orgdns-zones-near-limit": (
        lambda outcome: outcome.health.counts["ZonesNearLimit"],
        [(WELL, replace(ZONE, record_sets=9_000), ("Z1",)), (replace(WELL, vpcs={"Z1": 290}), ZONE, ("Z1",))],
        [
            (WELL, replace(ZONE, record_sets=9_000), ()),
            (replace(WELL, vpcs={"Z1": 290}), ZONE, ()),
            (replace(AWAY, vpcs={"Z1": 290}, withdrawn=True), ZONE, ("Z1",)),
        ],
    ),
}
BY_REFUSAL = {"orgdns-associations-removed", "orgdns-vpcs-full", "orgdns-zone-full"}
# How long a message stays in a dead-letter queue if nobody does anything. Where nobody has to, the time is short.
BY_QUEUE = {
    "orgdns-events-dead-letters": 14 * DAY,
    "orgdns-publisher-dead-letters": 14 * DAY,
    "orgdns-sweeps-dead-letters": 4 * DAY,
    "orgdns-associations-dead-letters": 4 * DAY,
    "orgdns-backlog-dead-letters": 4 * DAY,
}


def alarms() -> dict[str, dict[str, Any]]:
    return {alarm["AlarmName"]: alarm for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values()}


def test_each_alarm_is_tested() -> None:
    """The tests here have every alarm of the hub."""
    assert alarms().keys() == BY_STATE.keys() | BY_REFUSAL | BY_QUEUE.keys()


@pytest.mark.parametrize("alarm", sorted(alarms()))
def test_each_alarm_says_how_it_ends(alarm: str) -> None:
    """Its page in the runbook has a part on that."""
    assert section(page(f"docs/runbook/{alarm.removeprefix('orgdns-')}.md"), "## When it is over").strip()


@pytest.mark.parametrize("alarm", sorted(BY_STATE))
def test_alarm_ends_with_its_state(alarm: str) -> None:
    """The metric is above zero in the state that sets the alarm off, and zero in each in which nothing is to do."""
    value, bad, good = BY_STATE[alarm]
    assert all(value(scheduled(state)) > 0 for state in bad)
    assert [state for state in (GOOD, *good) if value(scheduled(state))] == []


@pytest.mark.parametrize("alarm", sorted(BY_REFUSAL))
def test_alarm_on_refusals_ends_after_the_last(alarm: str) -> None:
    """The metric counts what happened, and nothing is reported otherwise: periods without data end the alarm."""
    found = alarms()[alarm]
    seconds = found["EvaluationPeriods"] * found["Period"]
    assert (found["Statistic"], found.get("DatapointsToAlarm", 1), found["Period"]) == ("Sum", 1, 600)
    assert found["TreatMissingData"] == "notBreaching"
    # An hourly sweep tries again: the alarm neither ends nor starts anew between two sweeps, also if one is late.
    assert seconds == 600 if alarm == "orgdns-zone-full" else 2 * 3_600 < seconds < SWEEP_OVERDUE / 1_000


@pytest.mark.parametrize("alarm", sorted(BY_QUEUE))
def test_alarm_on_dead_letters_ends_when_they_are_gone(alarm: str) -> None:
    """An empty queue, for which SQS reports nothing, ends the alarm. No message stays longer than this."""
    found = alarms()[alarm]
    assert found["TreatMissingData"] == "notBreaching"
    queues = {queue["QueueName"]: queue for queue in of_type("hub", "AWS::SQS::Queue").values()}
    assert queues[alarm]["MessageRetentionPeriod"] == BY_QUEUE[alarm]
    source = queues.get(alarm.removesuffix("-dead-letters"))
    # A dead letter keeps the time at which it was first sent.
    assert source is None or source["MessageRetentionPeriod"] * 3 <= BY_QUEUE[alarm]
