"""Which functions run without a log, by CloudWatch's counts of invocations and log events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import contract
from hub.runtime.model.names import NEVER, Millis
from orgdns.cli.reports.status.function_logs import PERIOD, unlogged_since
from orgdns.cli.reports.status.overview import FunctionLogs
from orgdns.cli.sources.function_logs import function_logs
from tests.support.aws.clients import SESSION

NOW = datetime(2026, 11, 2, 9, 2, 30, tzinfo=UTC)
START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
PERIODS = st.frozensets(st.integers(0, 40))


def millis(moment: datetime) -> Millis:
    return Millis(int(moment.timestamp() * 1_000))


def starts(*numbers: int) -> list[Millis]:
    return [millis(START + timedelta(seconds=number * PERIOD)) for number in numbers]


@pytest.mark.parametrize(
    ("invoked", "logged", "since"),
    [
        ((), (), None),
        ((3,), (), 3),
        ((3,), (3,), None),
        ((3,), (4,), None),
        ((3, 5, 6), (3,), 5),
        ((34,), (), 34),
        # The counts of these periods may still come.
        ((35, 36), (), None),
    ],
)
def test_since_when_a_function_writes_no_log(
    invoked: tuple[int, ...], logged: tuple[int, ...], since: int | None
) -> None:
    """The first run after the last log event, if its counts are complete."""
    expected = NEVER if since is None else starts(since)[0]
    assert unlogged_since(starts(*invoked), starts(*logged), millis(NOW)) == expected


@given(PERIODS, PERIODS)
def test_a_later_log_event_ends_it(invoked: frozenset[int], logged: frozenset[int]) -> None:
    """Whatever was before, and in whichever order CloudWatch answers."""
    ended = [*starts(*logged), *starts(max(invoked, default=0))]
    assert unlogged_since(starts(*invoked), reversed(ended), millis(NOW)) == NEVER


def answer(**periods: tuple[int, ...]) -> dict[str, Any]:
    """CloudWatch's answer: a count in some periods of each query, none in the others."""
    results = []
    for number in range(len(contract.FUNCTIONS)):
        for kind in ("invoked", "logged"):
            found = periods.get(f"{kind}{number}", ())
            moments = [START + timedelta(seconds=each * PERIOD) for each in found]
            results.append({"Id": f"{kind}{number}", "Timestamps": moments, "Values": [2.0] * len(moments)})
    return {"MetricDataResults": results}


def test_functions_without_a_log_are_named() -> None:
    """Only those that ran, with the period of the first run without a log event."""
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stubber:
        request = {"MetricDataQueries": ANY, "StartTime": START, "EndTime": NOW}
        stubber.add_response("get_metric_data", answer(invoked0=(8, 9), logged0=(9,), invoked2=(9, 8)), request)
        assert function_logs(client, millis(NOW)) == FunctionLogs({contract.SWEEPER_FUNCTION: starts(8)[0]})


def test_a_count_of_nothing_is_none() -> None:
    """CloudWatch may say 0."""
    client = SESSION.client("cloudwatch")
    found = answer(invoked1=(8, 9), logged1=(8, 9))
    for result in found["MetricDataResults"]:
        result["Values"] = [0.0 if result["Id"] == "logged1" else 1.0 for _ in result["Values"]]
    with Stubber(client) as stubber:
        stubber.add_response("get_metric_data", found)
        assert function_logs(client, millis(NOW)).unlogged == {contract.PUBLISHER_FUNCTION: starts(8)[0]}


def test_counts_that_may_not_be_read_are_unknown() -> None:
    """The permission is named, and the command goes on."""
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stubber:
        stubber.add_client_error("get_metric_data", "AccessDenied", "not authorized")
        found = function_logs(client, millis(NOW))
    assert found.unlogged == {}
    assert "it takes cloudwatch:GetMetricData" in found.fault
    assert "not authorized" in found.fault
