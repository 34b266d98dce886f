"""The health of events, VPCs, zones and the schedule: failed looks, lost events, refusals, closed zones, lateness."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.health.attention import (
    AUDIT_OVERDUE,
    LOOK_OVER,
    MANY_MISSED,
    SCHEDULE_OVERDUE,
    SWEEP_OVERDUE,
    health,
)
from hub.runtime.model.names import NEVER, Millis, Spoke
from hub.runtime.model.status import HOUR, RECORDS_AN_HOUR, FailedLook, ScheduleCursor, SpokeStatus, ZoneStatus

NOW = Millis(1_800_000_000_000)
SPOKE = Spoke("444444444444", "eu-central-1")
SWEPT = Millis(NOW - 30 * 60_000)
GOOD = SpokeStatus(SPOKE, tried_at=SWEPT, swept_at=SWEPT, policy="p", instances=1)
ZONE = ZoneStatus("Z1", tried_at=NOW, audited_at=NOW)
CURSOR = ScheduleCursor("p", at=NOW)
LOOK = FailedLook("UnauthorizedOperation", Millis(NOW - 60_000), Millis(NOW - 90_000), 1, ("i-1",))
METRICS = {
    "failing_looks": "SpokesWithFailedLooks",
    "missing_events": "SpokesMissingEvents",
    "undelivered": "SpokesWithUndeliveredEvents",
    "unknown_vpcs": "SpokesWithUnknownVpcs",
    "refused_vpcs": "SpokesWithRefusedAssociations",
}


def looked(minutes: float, swept: Millis = SWEPT) -> SpokeStatus:
    """A spoke whose last look failed so many minutes ago."""
    return replace(GOOD, swept_at=swept, failed_look=replace(LOOK, at=Millis(NOW - int(minutes * 60_000))))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (looked(1), "failing_looks"),
        (looked(LOOK_OVER / 60_000), "failing_looks"),
        (looked(LOOK_OVER / 60_000 + 0.1), ""),
        # The sweep has found what the event reported.
        (looked(1, swept=NOW), ""),
        (replace(GOOD, failed_look=replace(LOOK, reason="")), ""),
        (replace(GOOD, missed=1, missed_sweeps=1), ""),
        (replace(GOOD, missed=1, missed_sweeps=2), "missing_events"),
        (replace(GOOD, missed=MANY_MISSED - 1, missed_sweeps=1), ""),
        (replace(GOOD, missed=MANY_MISSED, missed_sweeps=1), "missing_events"),
        (replace(GOOD, missed_ever=10_000), ""),
        (replace(GOOD, undelivered=3), ""),
        (replace(GOOD, undelivered=3, undelivered_new=1), "undelivered"),
        (replace(GOOD, undelivered_fault="AccessDenied"), "undelivered"),
        (replace(GOOD, vpc_fault="AccessDenied", vpc_fault_since=NOW), "unknown_vpcs"),
        (replace(GOOD, vpc_fault_since=NOW), ""),
        (replace(GOOD, refused_vpcs=1, refusal="LimitsExceeded"), "refused_vpcs"),
    ],
)
@pytest.mark.parametrize("unreachable", [False, True])
def test_spoke(status: SpokeStatus, expected: str, *, unreachable: bool) -> None:
    """Each is counted once: an unreachable spoke counts as that alone."""
    known = replace(status, fault="AccessDenied", fault_since=NOW) if unreachable else status
    found = health([known], [], [SPOKE], CURSOR, NOW)
    fields = [] if unreachable or not expected else [expected]
    assert [name for name in METRICS if getattr(found, name)] == fields
    assert {name: found.counts[metric] for name, metric in METRICS.items()} == {
        name: int(name in fields) for name in METRICS
    }
    assert found.good == (not (fields or unreachable))


def test_withdrawn_spoke_that_left_needs_nobody() -> None:
    """An account that left has nothing to repair, whatever its last sweep found."""
    trouble = replace(looked(1), missed=9, undelivered_new=1, vpc_fault="x", refused_vpcs=1, withdrawn=True)
    assert health([trouble], [], [], CURSOR, NOW).good


def test_closed_zone() -> None:
    """A zone counts until a check finds it open, if the configuration has it."""
    closed = replace(ZONE, closed_since=Millis(1), closed_reason="AccessDenied")
    found = health([], [closed], [], CURSOR, NOW)
    assert found.closed_zones == {"Z1"}
    assert (found.counts["ZonesClosed"], found.good) == (1, False)
    assert health([], [closed], [], CURSOR, NOW, zone_ids=[]).good
    assert health([], [replace(closed, closed_since=NEVER)], [], CURSOR, NOW).good


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ([ZONE], set()),
        ([], {"Z1"}),
        ([ZoneStatus("Z1")], {"Z1"}),
        # It counts as unreadable.
        ([ZoneStatus("Z1", row_fault="schema 9")], set()),
    ],
)
def test_zone_that_was_never_audited_is_not_well(zones: list[ZoneStatus], expected: set[str]) -> None:
    """Unknown is not well: also a zone of which the ledger has nothing. It sets off no alarm."""
    found = health([], zones, [], CURSOR, NOW, zone_ids=["Z1"])
    assert found.not_audited == expected
    assert found.good == (not expected and not found.unreadable_zones)
    assert not expected or not any(found.counts.values())


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        (replace(CURSOR, at=Millis(NOW - SCHEDULE_OVERDUE)), False),
        (replace(CURSOR, at=Millis(NOW - SCHEDULE_OVERDUE - 1)), True),
        (ScheduleCursor(), True),
        (ScheduleCursor(row_fault="schema 9"), False),
    ],
)
def test_schedule_that_does_not_run(cursor: ScheduleCursor, *, expected: bool) -> None:
    """Nothing is swept or audited then, and no metric is written, so that only the report can say it."""
    found = health([], [], [], cursor, NOW)
    assert (found.not_scheduled, found.good) == (expected, not expected)


def audited(hours: float, **changes: object) -> ZoneStatus:
    """A zone whose last complete audit began so many hours ago."""
    return replace(ZONE, audited_at=Millis(NOW - int(hours * HOUR)), **changes)  # type: ignore[arg-type]  # fields


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        # A zone without changes is audited once a day.
        (audited(25), False),
        (audited(AUDIT_OVERDUE / HOUR), False),
        (audited(AUDIT_OVERDUE / HOUR + 0.1), True),
        # An audit that fails is repeated after an hour, or after one more for each thousand records.
        (audited(3, fault="Throttling"), False),
        (audited(3.1, fault="Throttling"), True),
        (audited(9, fault="Throttling", record_sets=2 * RECORDS_AN_HOUR), False),
        (audited(9.1, fault="Throttling", record_sets=2 * RECORDS_AN_HOUR), True),
        # Never later than without a fault.
        (audited(AUDIT_OVERDUE / HOUR + 0.1, fault="Throttling", record_sets=10**6), True),
        (ZoneStatus("Z1", fault="Throttling"), False),
        (ZoneStatus("Z1", tried_at=NOW, fault="Throttling"), True),
    ],
)
def test_audit_that_fails_is_overdue_sooner(zone: ZoneStatus, *, expected: bool) -> None:
    """After three times the hours in which it is repeated."""
    found = health([], [zone], [], CURSOR, NOW)
    assert (found.overdue_zones == {"Z1"}) == expected
    assert found.counts["SweepsAndAuditsOverdue"] == expected


def test_overdue_sweeps_and_audits_are_one_number() -> None:
    """One alarm watches both."""
    late = replace(GOOD, swept_at=Millis(NOW - SWEEP_OVERDUE - 1))
    assert health([late], [audited(99)], [SPOKE], CURSOR, NOW).counts["SweepsAndAuditsOverdue"] == 2
