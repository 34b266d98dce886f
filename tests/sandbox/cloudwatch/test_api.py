"""CloudWatch's API answers with the sandbox's metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox.cloudwatch import DEPTH, PLACE, Watched

DIMENSIONS = [{"Name": "service", "Value": "s"}]
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def filled(watched: Watched) -> Watched:
    """A metric with 1 and 2 in the first minute, nothing in the second, and 6 in the third."""
    watched.store.put(PLACE, DEPTH, [1, 2], "Count")
    watched.clock.advance(120)
    watched.store.put(PLACE, DEPTH, [6], "Count")
    watched.clock.advance(60)
    return watched


def query(name: str = "m", stat: str = "Sum", period: int = 60, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
    metric = {"Namespace": "Test", "MetricName": "Depth", "Dimensions": DIMENSIONS}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def data(watched: Watched, *queries: dict[str, Any], **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any parameter
    end = START + timedelta(seconds=180)
    answer = watched.client.get_metric_data(
        MetricDataQueries=queries, StartTime=START, EndTime=end, ScanBy="TimestampAscending", **options
    )
    results: list[dict[str, Any]] = answer["MetricDataResults"]
    return results


def test_get_metric_data(filled: Watched) -> None:
    """A period without values has no data point."""
    (result,) = data(filled, query(Label="depth"))
    assert (result["Label"], result["Values"]) == ("depth", [3, 6])
    assert result["Timestamps"] == [START, START + timedelta(seconds=120)]


def test_statistics_and_periods(filled: Watched) -> None:
    """Percentiles too; a longer period collects its values."""
    results = data(filled, query("a", "p50"), query("b", "Average", 180), query("c", "SampleCount", 120))
    assert [result["Values"] for result in results] == [[1, 6], [3], [2, 1]]


def test_newest_come_first_by_default(filled: Watched) -> None:
    """As CloudWatch documents."""
    answer = filled.client.get_metric_data(
        MetricDataQueries=[query()], StartTime=START, EndTime=START + timedelta(seconds=180)
    )
    assert answer["MetricDataResults"][0]["Values"] == [6, 3]


def test_expressions(filled: Watched) -> None:
    """An expression uses metrics of the request, also those that are not returned."""
    results = data(filled, query(ReturnData=False), {"Id": "e", "Expression": "FILL(m, 0) * 2"})
    assert [(result["Id"], result["Values"]) for result in results] == [("e", [6, 0, 12])]


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([query(stat="tm90")], "tm90 is not modeled"),
        ([query(), {"Id": "e", "Expression": "RATE(m)"}], "not modeled"),
        ([query(), {"Id": "e", "Expression": "m + n"}], "must be in the request"),
        ([query(), query("n", period=120), {"Id": "e", "Expression": "m + n"}], "must have the same Period"),
    ],
)
def test_what_is_not_modeled_is_refused(filled: Watched, queries: list[dict[str, Any]], message: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ClientError, match=message):
        data(filled, *queries)


def test_end_must_follow_start(filled: Watched) -> None:
    """As CloudWatch refuses it."""
    with pytest.raises(ClientError, match="EndTime must be greater"):
        filled.client.get_metric_data(MetricDataQueries=[query()], StartTime=START, EndTime=START)


def test_get_metric_statistics(filled: Watched) -> None:
    """The older call returns the same."""
    answer = filled.client.get_metric_statistics(
        Namespace="Test",
        MetricName="Depth",
        Dimensions=DIMENSIONS,
        StartTime=START,
        EndTime=START + timedelta(seconds=180),
        Period=60,
        Statistics=["Sum", "Maximum"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    assert [(point["Sum"], point["Maximum"], point["Unit"]) for point in points] == [(3, 2, "Count"), (6, 6, "Count")]


def test_list_metrics(filled: Watched) -> None:
    """Each metric is listed once."""
    (found,) = filled.client.list_metrics(Namespace="Test")["Metrics"]
    assert (found["MetricName"], found["Dimensions"]) == ("Depth", DIMENSIONS)


def test_put_metric_data(filled: Watched) -> None:
    """Values that a person sends join those of the functions."""
    datum = {"MetricName": "Depth", "Dimensions": DIMENSIONS, "Timestamp": START, "Unit": "Count"}
    filled.client.put_metric_data(Namespace="Test", MetricData=[{**datum, "Value": 4}])
    filled.client.put_metric_data(Namespace="Test", MetricData=[{**datum, "Values": [5, 6], "Counts": [2, 1]}])
    (result,) = data(filled, query("n", "SampleCount"))
    assert result["Values"] == [6, 1]
    statistics = {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}
    with pytest.raises(ClientError, match="StatisticValues are not modeled"):
        filled.client.put_metric_data(Namespace="Test", MetricData=[{**datum, "StatisticValues": statistics}])
