"""The signs that a role lacks a permission, by what CloudWatch counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import NEVER, Millis
from orgdns.cli.reports.status.overview import Permissions
from orgdns.cli.reports.status.permissions import PERIOD, Metric, signs, since
from orgdns.cli.sources.monitoring.permissions import permissions
from tests.support.aws.clients import SESSION
from tests.support.generated import of_type

NOW = datetime(2026, 11, 2, 9, 2, 30, tzinfo=UTC)
START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
PERIODS = st.frozensets(st.integers(0, 40))
SIGNS = signs(NAMES)
OBSERVERS_LOG = SIGNS[0]
FAILURES = [sign for sign in SIGNS if sign.follows is None]


def millis(moment: datetime) -> Millis:
    return Millis(int(moment.timestamp() * 1_000))


def starts(*numbers: int) -> list[Millis]:
    return [millis(START + timedelta(seconds=number * PERIOD)) for number in numbers]


@pytest.mark.parametrize(
    ("happened", "followed", "first"),
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
def test_what_should_follow_and_does_not(
    happened: tuple[int, ...], followed: tuple[int, ...], first: int | None
) -> None:
    """It shows since the first time after what followed last, if the counts of that period are complete."""
    expected = NEVER if first is None else starts(first)[0]
    assert since(OBSERVERS_LOG, starts(*happened), starts(*followed), millis(NOW)) == expected


@given(PERIODS, PERIODS)
def test_what_follows_later_ends_it(happened: frozenset[int], followed: frozenset[int]) -> None:
    """Whatever was before, and in whichever order CloudWatch answers."""
    ended = [*starts(*followed), *starts(max(happened, default=0))]
    assert since(OBSERVERS_LOG, starts(*happened), reversed(ended), millis(NOW)) == NEVER


@pytest.mark.parametrize(("happened", "first"), [((), None), ((24,), None), ((25,), 25), ((36, 30), 30)])
def test_failure_shows_for_an_hour(happened: tuple[int, ...], first: int | None) -> None:
    """At once, because nothing needs to follow."""
    expected = NEVER if first is None else starts(first)[0]
    assert since(FAILURES[0], starts(*happened), (), millis(NOW)) == expected


def test_signs_are_of_the_templates_roles_and_resources() -> None:
    """What AWS does with a role of the hub has a sign: each log group, and each queue that a function reads."""
    # The example writes no files every day.
    found = [sign for sign in SIGNS if sign.role != NAMES.reporter_role]
    roles = {role["RoleName"] for role in of_type("hub", "AWS::IAM::Role").values()}
    assert {sign.role for sign in found} == roles
    groups = {group["LogGroupName"] for group in of_type("hub", "AWS::Logs::LogGroup").values()}
    assert {sign.follows.value for sign in found if sign.follows and sign.follows.namespace == "AWS/Logs"} == groups
    queues = {queue["QueueName"] for queue in of_type("hub", "AWS::SQS::Queue").values()}
    read = {queue for queue in queues if not queue.endswith("dead-letters")}
    assert {sign.happens.value for sign in found if sign.happens.namespace == "AWS/SQS"} == read


class CloudWatch:
    """Answers GetMetricData with a count for some periods of some metrics."""

    def __init__(self, counts: Mapping[Metric, Mapping[int, float]]) -> None:
        self.counts = counts

    def get_metric_data(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - the API's parameters
        assert (request["StartTime"], request["EndTime"]) == (START, NOW)
        return {"MetricDataResults": [self.result(query) for query in request["MetricDataQueries"]]}

    def result(self, query: dict[str, Any]) -> dict[str, Any]:
        of, period = query["MetricStat"]["Metric"], query["MetricStat"]["Period"]
        (dimension,) = of["Dimensions"]
        metric = Metric(of["Namespace"], of["MetricName"], dimension["Name"], dimension["Value"])
        counts = self.counts.get(metric, {})
        moments = [START + timedelta(seconds=number * period) for number in counts]
        return {"Id": query["Id"], "Timestamps": moments, "Values": list(counts.values())}


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_is_found_alone(sign: Any) -> None:  # noqa: ANN401 - a Sign
    """With the period of the first time; a count of 0 is none."""
    counts: dict[Metric, Mapping[int, float]] = {sign.happens: {33: 2.0, 32: 1.0, 31: 0.0}}
    if sign.follows:
        counts[sign.follows] = {33: 0.0, 31: 7.0}
    assert permissions(CloudWatch(counts), NAMES, millis(NOW)) == Permissions(((sign, starts(32)[0]),))


def test_no_sign() -> None:
    """Where something follows, and where nothing happens."""
    followed = {metric: {20: 1.0} for sign in SIGNS if sign.follows for metric in (sign.happens, sign.follows)}
    assert permissions(CloudWatch(followed), NAMES, millis(NOW)) == Permissions()
    assert permissions(CloudWatch({}), NAMES, millis(NOW)) == Permissions()


def test_request_is_valid() -> None:
    """By the model of CloudWatch's API."""
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stubber:
        stubber.add_response("get_metric_data", {"MetricDataResults": []})
        assert permissions(client, NAMES, millis(NOW)) == Permissions()


def test_counts_that_may_not_be_read_are_unknown() -> None:
    """The permission is named, and the command goes on."""
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stubber:
        stubber.add_client_error("get_metric_data", "AccessDenied", "not authorized")
        found = permissions(client, NAMES, millis(NOW))
    assert found.signs == ()
    assert "it takes cloudwatch:GetMetricData" in found.fault
    assert "not authorized" in found.fault


def test_functions_roles_have_their_names() -> None:
    """The signs name the role of a function by the function."""
    for role in (NAMES.observer_role, NAMES.publisher_role, NAMES.sweeper_role, NAMES.associator_role):
        assert role in NAMES.functions
