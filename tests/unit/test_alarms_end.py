"""Every alarm of the hub ends when nothing is left to do; its page in docs/runbook says how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hub.runtime.model.drift import ZoneDrift
from hub.runtime.model.health.attention import AUDIT_OVERDUE, LOOK_OVER, MANY_MISSED, SWEEP_OVERDUE
from hub.runtime.model.names import NEVER, Fqdn, Millis, Spoke
from hub.runtime.model.status import FailedLook, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from hub.runtime.sweeper.schedule.scheduler import ScheduleOutcome, SweepScheduler
from orgdns.config.sections.accounts import Guards
from sandbox.aws.cloudwatch.rules.evaluation import Missing, Rule, State, decision
from sandbox.aws.cloudwatch.rules.expressions import Series, parsed
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
LOOK = FailedLook("UnauthorizedOperation", NOW, NOW, 1, ("i-1",))
UNHEARD = replace(WELL, swept_at=LONG_AGO, failed_look=LOOK)
FAILED_AUDIT = replace(ZONE, audited_at=LATE, fault="Throttling")
Found = tuple[SpokeStatus, ZoneStatus, tuple[str, ...]]


class _Listed:
    """The rollout has a stack for the spoke."""

    @staticmethod
    def listed() -> frozenset[Spoke]:
        return frozenset({SPOKE})


def scheduled(state: Found) -> ScheduleOutcome:
    """The numbers that a run of the schedule reports, which the alarms watch."""
    spoke, zone, zone_ids = state
    statuses = MemoryStatuses(lambda: NOW)
    statuses.spokes, statuses.zones = {spoke.spoke: spoke}, {zone.zone_id: zone}
    scheduler = SweepScheduler(
        _Listed(), statuses, statuses, MemoryTasks(), zone_ids, "p", lambda: NOW, limits=Guards().limits
    )
    return scheduler.schedule_sweeps()


# The value that an alarm watches, a state in which it is in ALARM, and every state in which nothing is left to do.
BY_STATE: dict[str, tuple[Callable[[ScheduleOutcome], int], list[Found], list[Found]]] = {
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
            (WELL, FAILED_AUDIT, ("Z1",)),
        ],
        [
            (replace(AWAY, swept_at=NEVER), ZONE, ("Z1",)),
            (replace(AWAY, swept_at=NEVER, withdrawn=True), ZONE, ("Z1",)),
            (WELL, replace(ZONE, audited_at=Millis(NOW - AUDIT_OVERDUE - 1)), ()),
            (WELL, replace(FAILED_AUDIT, fault=""), ("Z1",)),
            (WELL, replace(FAILED_AUDIT, audited_at=LONG_AGO), ("Z1",)),
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
    "orgdns-zones-closed": (
        lambda outcome: outcome.health.counts["ZonesClosed"],
        [(WELL, replace(ZONE, closed_since=LATE), ("Z1",))],
        [(WELL, replace(ZONE, closed_since=LATE), ())],
    ),
    "orgdns-looks-failing": (
        lambda outcome: outcome.health.counts["SpokesWithFailedLooks"],
        [(UNHEARD, ZONE, ("Z1",))],
        [
            (replace(UNHEARD, swept_at=NOW), ZONE, ("Z1",)),
            (replace(UNHEARD, failed_look=replace(LOOK, at=Millis(NOW - LOOK_OVER - 1))), ZONE, ("Z1",)),
            (replace(UNHEARD, failed_look=FailedLook()), ZONE, ("Z1",)),
            (replace(AWAY, swept_at=LONG_AGO, failed_look=LOOK), ZONE, ("Z1",)),
        ],
    ),
    "orgdns-events-missed": (
        lambda outcome: outcome.health.counts["SpokesMissingEvents"],
        [
            (replace(WELL, missed=1, missed_sweeps=2), ZONE, ("Z1",)),
            (replace(WELL, missed=MANY_MISSED, missed_sweeps=1), ZONE, ("Z1",)),
        ],
        [(replace(WELL, missed_ever=99), ZONE, ("Z1",)), (replace(WELL, missed=1, missed_sweeps=1), ZONE, ("Z1",))],
    ),
    "orgdns-events-undelivered": (
        lambda outcome: outcome.health.counts["SpokesWithUndeliveredEvents"],
        [
            (replace(WELL, undelivered=9, undelivered_new=1), ZONE, ("Z1",)),
            (replace(WELL, undelivered_fault="AccessDenied"), ZONE, ("Z1",)),
        ],
        # The messages stay as evidence.
        [(replace(WELL, undelivered=9), ZONE, ("Z1",))],
    ),
    "orgdns-vpcs-unknown": (
        lambda outcome: outcome.health.counts["SpokesWithUnknownVpcs"],
        [(replace(WELL, vpc_fault="AccessDenied", vpc_fault_since=LATE), ZONE, ("Z1",))],
        [(replace(AWAY, vpc_fault="AccessDenied", vpc_fault_since=LATE, withdrawn=True), ZONE, ("Z1",))],
    ),
    "orgdns-associations-refused": (
        lambda outcome: outcome.health.counts["SpokesWithRefusedAssociations"],
        [(replace(WELL, refused_vpcs=1, refusal="LimitsExceeded"), ZONE, ("Z1",))],
        [(replace(WELL, refusal="LimitsExceeded"), ZONE, ("Z1",))],
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
NONE: Series = (None,) * 5
QUIET = {f"m{number}": NONE for number in range(5)}
# The data points of the last periods, the oldest first, by the id of each metric: what sets an alarm off, and ends it.
BY_SERIES: dict[str, tuple[list[dict[str, Series]], list[dict[str, Series]]]] = {
    "orgdns-path-interrupted": ([{"m": NONE[:4]}], [{"m": (None, None, None, 1)}, {"m": (1, 1, 1, 1)}]),
    "orgdns-names-overdue": (
        [{"m": (None, None, 1, 1)}, {"m": (0, 0, 9, 1)}],
        # One bad run, a run without such names, and runs without names that wait.
        [{"m": (0, 0, 0, 9)}, {"m": (9, 9, 9, 0)}, {"m": (9, None, None, None)}, {"m": NONE[:4]}],
    ),
    **{
        f"orgdns-functions-{trouble}": (
            [QUIET | {"m0": (None, None, 1, 1, 1)}, QUIET | {"m0": (None, None, 1, None, 1), "m3": (0, 0, 0, 2, 0)}],
            [QUIET, QUIET | {"m0": (0, 0, 0, 9, 9)}, QUIET | {"m0": (1, 1, 1, 1, None)}],
        )
        for trouble in ("failing", "throttled")
    },
    **{
        f"orgdns-{what}": (
            [{"m": (None, None, most + 1, most + 1)}],
            [{"m": (10**8, 10**8, 10**8, most)}, {"m": (0, 0, 0, 10**8)}, {"m": NONE[:4]}],
        )
        for what, most in (
            ("stream-behind", 600_000),
            ("history-behind", 7_200_000),
            ("events-waiting", 3_060),
            ("sweeps-waiting", 17_100),
            *((f"{queue}-waiting", 6_300) for queue in ("associations", "backlog")),
        )
    },
    "orgdns-objective": (
        [
            {"late": (None, None, 5), "ontime": (None, None, 29)},
            {"late": (None, None, 5), "ontime": NONE[:3]},
            {"late": (0, 0, 200), "ontime": (9, 9, 1_000)},
        ],
        [
            {"late": (99, 99, 5), "ontime": (0, 0, 30)},
            {"late": (99, 99, 4), "ontime": (0, 0, 0)},
            {"late": NONE[:3], "ontime": NONE[:3]},
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
    assert alarms().keys() == BY_STATE.keys() | BY_SERIES.keys() | BY_REFUSAL | BY_QUEUE.keys()


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


def state_after(alarm: dict[str, Any], series: dict[str, Series], before: State) -> State:
    """The state of an alarm with these data points."""
    periods = alarm["EvaluationPeriods"]
    datapoints, missing = alarm.get("DatapointsToAlarm", periods), Missing(alarm["TreatMissingData"])
    rule = Rule(alarm["ComparisonOperator"], alarm["Threshold"], periods, datapoints, missing)
    text = next((query["Expression"] for query in alarm.get("Metrics", ()) if "Expression" in query), "m")
    assert {query["Id"] for query in alarm.get("Metrics", ({"Id": "m"},)) if "Expression" not in query} == series.keys()
    values = parsed(text).evaluate(series)
    assert isinstance(values, tuple)
    assert len(values) == rule.range
    return decision(rule, values, before).state


@pytest.mark.parametrize("alarm", sorted(BY_SERIES))
def test_alarm_ends_with_its_series(alarm: str) -> None:
    """Whatever the state was before, CloudWatch decides by the last periods, also if it has no data of them."""
    bad, good = BY_SERIES[alarm]
    assert [series for series in bad if state_after(alarms()[alarm], series, State.OK) is not State.ALARM] == []
    assert [series for series in good if state_after(alarms()[alarm], series, State.ALARM) is not State.OK] == []


@pytest.mark.parametrize("alarm", sorted(BY_STATE.keys() - {"orgdns-sweeps-overdue"}))
def test_alarm_on_a_state_does_not_say_what_the_schedule_does(alarm: str) -> None:
    """A schedule that does not run has an alarm of its own, and sets off no other one."""
    assert alarms()[alarm]["TreatMissingData"] == "notBreaching"
    assert alarms()["orgdns-sweeps-overdue"]["TreatMissingData"] == "breaching"


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
