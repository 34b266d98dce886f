"""The objective over time, by what CloudWatch answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.stub import ANY, Stubber

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, Millis
from orgdns.cli.sources.reporting.trend import trend
from orgdns.report.model import Hour, Seconds
from tests.support.aws.clients import SESSION

NOW = Millis(int(datetime(2026, 11, 15, 10, 30, tzinfo=UTC).timestamp() * 1_000))
ZONES = {Fqdn("corp.internal."): "Z1"}
EIGHT, NINE = datetime(2026, 11, 15, 8, tzinfo=UTC), datetime(2026, 11, 15, 9, tzinfo=UTC)
DAY = datetime(2026, 11, 15, tzinfo=UTC)


def result(query: str, *points: tuple[datetime, float]) -> dict[str, Any]:
    return {"Id": query, "Timestamps": [at for at, _ in points], "Values": [value for _, value in points]}


def test_pages_are_put_together() -> None:
    """Values of one metric may be on several pages. An hour without a value counts nothing."""
    client = SESSION.client("cloudwatch")
    asked = {"MetricDataQueries": ANY, "StartTime": datetime(2026, 11, 1, tzinfo=UTC), "EndTime": ANY}
    with Stubber(client) as stub:
        first = [result("in_time", (NINE, 5)), result("half0", (DAY, 1.5))]
        second = [result("in_time", (EIGHT, 7)), result("late", (EIGHT, 1)), result("most0", (DAY, 9.0))]
        stub.add_response("get_metric_data", {"MetricDataResults": first, "NextToken": "more"}, asked)
        stub.add_response("get_metric_data", {"MetricDataResults": second}, asked | {"NextToken": "more"})
        found = trend(client, NAMES, ZONES, NOW)
        stub.assert_no_pending_responses()
    assert found.hours == (
        Hour("2026-11-15T08:00:00.000Z", 7, 1, 0, 0),
        Hour("2026-11-15T09:00:00.000Z", 5, 0, 0, 0),
    )
    assert found.latency == (Seconds("corp.internal", "2026-11-15T00:00:00.000Z", 1.5, 9.0),)
    assert (found.since, found.fault) == ("2026-11-01T00:00:00.000Z", "")


def test_what_cannot_be_read_is_unknown() -> None:
    """Without the permission, the report says so, and says nothing of names in time."""
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stub:
        stub.add_client_error("get_metric_data", "AccessDenied")
        found = trend(client, NAMES, ZONES, NOW)
    assert "it takes cloudwatch:GetMetricData" in found.fault
    assert (found.since, found.hours) == (None, ())
