"""How long names take, by zone and against the objective."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from hub.runtime.aws.ledger.changes import NameChanges
from hub.runtime.model.names import Millis, NameKey
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.telemetry import metrics
from hub.runtime.telemetry.objective import report_latency
from tests.support.build import CORP_ZONE, key

NOW = Millis(1_800_000_000_000)
OBJECTIVE = 60.0
OTHER_ZONE = "Z0INSTANCES0INTERNAL0"
Report = Callable[[NameChanges, list[NameOutcome]], dict[str, float]]


@pytest.fixture
def report() -> Iterator[Report]:
    """Reports, and returns the function's own metrics of each report."""

    def counted(changes: NameChanges, outcomes: list[NameOutcome]) -> dict[str, float]:
        metrics.clear_metrics()
        report_latency(outcomes, changes, NOW, OBJECTIVE)
        return {name: sum(found["Value"]) for name, found in metrics.provider.metric_set.items()}

    yield counted
    metrics.clear_metrics()


def published(name: str = "web", zone_id: str = CORP_ZONE) -> NameOutcome:
    return NameOutcome(key(name, zone_id), NameResult.PUBLISHED, at=NOW)


def changes_of(*seconds: tuple[NameKey, float]) -> NameChanges:
    """Changes that events asked for so many seconds ago."""
    changes = NameChanges()
    for changed, ago in seconds:
        changes.changed_at[changed] = changes.asked_at[changed] = Millis(NOW - int(ago * 1_000))
    return changes


def by_zone(printed: str) -> dict[str, list[float]]:
    """The seconds of each zone, as CloudWatch reads them from the log."""
    found: dict[str, list[float]] = {}
    for line in printed.splitlines():
        entry: dict[str, Any] = json.loads(line)
        (directive,) = entry["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "orgdns"
        assert list(map(sorted, directive["Dimensions"])) == [["service", "zone"]]
        assert directive["Metrics"] == [{"Name": "SecondsToRecord", "Unit": "Seconds"}]
        # "Values" of the specification of the embedded metric format: at most 100.
        assert 0 < len(entry["SecondsToRecord"]) <= 100
        found.setdefault(entry["zone"], []).extend(entry["SecondsToRecord"])
    return found


def test_seconds_are_measured_by_zone(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """From the event to the acceptance of Route 53. Each zone has its own metric, each name its own value."""
    outcomes = [published("a"), published("b"), published("c", OTHER_ZONE)]
    changes = changes_of(*zip((outcome.key for outcome in outcomes), (2.5, 61, 7), strict=True))
    assert report(changes, outcomes) == {"NamesLate": 1, "NamesInTime": 2}
    assert by_zone(capsys.readouterr().out) == {CORP_ZONE: [2.5, 61.0], OTHER_ZONE: [7.0]}


def test_no_name_of_a_large_batch_is_left_out(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch takes at most 100 values of a metric in a line."""
    outcomes = [published(f"n{number}") for number in range(250)]
    changes = changes_of(*((outcome.key, number) for number, outcome in enumerate(outcomes)))
    assert report(changes, outcomes) == {"NamesLate": 189, "NamesInTime": 61}
    assert by_zone(capsys.readouterr().out) == {CORP_ZONE: [float(number) for number in range(250)]}


@pytest.mark.parametrize(("seconds", "late"), [(0, 0), (60, 0), (60.001, 1), (86_400, 1)])
def test_name_is_late_after_the_objective(report: Report, seconds: float, late: int) -> None:
    """What takes exactly as long as the objective says is in time. Both numbers are written, also zero."""
    assert report(changes_of((key(), seconds)), [published()]) == {"NamesLate": late, "NamesInTime": 1 - late}


def test_clock_that_is_behind_takes_no_time(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """EventBridge's clock may be ahead: no time is negative."""
    assert report(changes_of((key(), -3)), [published()]) == {"NamesLate": 0, "NamesInTime": 1}
    assert by_zone(capsys.readouterr().out) == {CORP_ZONE: [0.0]}


def test_released_name_counts_for_no_objective(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """It waited because of its own account, which could set off the alarm of all. It is measured."""
    changes = changes_of((key("a"), 3_600), (key("b"), 3_600))
    changes.released[key("a")] = changes.released[key("b")] = "444444444444"
    waits = replace(published("b"), result=NameResult.RETRY)
    assert report(changes, [published("a"), waits]) == {}
    assert by_zone(capsys.readouterr().out) == {CORP_ZONE: [3_600.0]}


def test_change_that_no_event_asked_for_is_not_measured(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """A sweep or an audit found it: nobody knows for how long it was so."""
    changes = NameChanges(changed_at={key(): Millis(1)})
    assert report(changes, [published()]) == {}
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("result", [result for result in NameResult if result is not NameResult.PUBLISHED])
def test_only_published_names_are_late_or_in_time(
    report: Report, capsys: pytest.CaptureFixture[str], result: NameResult
) -> None:
    """A conflict, a pause or a deferral is no record. What waits for the publisher or a zone is overdue."""
    outcome = replace(published(), result=result)
    waits = result in (NameResult.RETRY, NameResult.CLOSED)
    assert report(changes_of((key(), 61)), [outcome]) == ({"NamesOverdue": 1} if waits else {})
    assert capsys.readouterr().out == ""


def test_overdue_names_wait_for_longer_than_the_objective(report: Report) -> None:
    """By the change of the ledger, also without an event. Zero is written while younger ones wait."""
    waiting = [NameOutcome(key(name), NameResult.RETRY) for name in ("a", "b", "c")]
    changes = changes_of((key("a"), 60), (key("b"), 61))
    changes.changed_at[key("c")] = Millis(NOW - 7_200_000)
    assert report(changes, waiting) == {"NamesOverdue": 2}
    assert report(changes_of((key("a"), 5)), waiting[:1]) == {"NamesOverdue": 0}
    assert report(changes_of((key("a"), 5)), [published("a")]).get("NamesOverdue") is None
