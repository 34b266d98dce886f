"""Which alarms of the hub fire, as CloudWatch says it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.reports.status.overview import Alarms, FiringAlarm
from orgdns.cli.sources.monitoring.alarms import firing_alarms
from tests.support.aws.clients import SESSION

AT = datetime(2026, 11, 2, 9, 0, 0, 250_000, tzinfo=UTC)
REQUEST = {"AlarmNamePrefix": "orgdns-", "StateValue": "ALARM", "AlarmTypes": ["MetricAlarm"]}


def described(name: str, **changes: object) -> dict[str, Any]:
    return {
        "AlarmName": f"orgdns-{name}",
        "StateValue": "ALARM",
        "StateUpdatedTimestamp": AT,
        "AlarmDescription": f"Something is wrong. Run orgdns status. See docs/runbook/{name}.md.",
        "StateReason": "Threshold Crossed: 1 datapoint [3.0] was greater than the threshold (0.0).",
    } | changes


def firing(*pages: dict[str, Any]) -> Alarms:
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stubber:
        for number, page in enumerate(pages):
            stubber.add_response("describe_alarms", page, REQUEST | ({"NextToken": "more"} if number else {}))
        found = firing_alarms(client, NAMES)
        stubber.assert_no_pending_responses()
    return found


def test_alarms_in_alarm_are_read_page_by_page() -> None:
    """Their names without the prefix, since when, the description without the page's address, and the reason."""
    first = {"MetricAlarms": [described("zones-closed")], "NextToken": "more"}
    found = firing(first, {"MetricAlarms": [described("stream-behind")]})
    assert [alarm.name for alarm in found.firing] == ["zones-closed", "stream-behind"]
    assert found.firing[0] == FiringAlarm(
        "zones-closed",
        1_793_610_000_250,  # type: ignore[arg-type]  # Millis
        "Something is wrong. Run orgdns status.",
        "Threshold Crossed: 1 datapoint [3.0] was greater than the threshold (0.0).",
    )
    assert found.fault == ""


def test_no_alarm() -> None:
    """It is known that none fires."""
    assert firing({"MetricAlarms": []}) == Alarms()


def test_alarm_without_a_description() -> None:
    """Someone may have removed it."""
    bare = described("zones-closed")
    del bare["AlarmDescription"], bare["StateReason"]
    (alarm,) = firing({"MetricAlarms": [bare]}).firing
    assert (alarm.name, alarm.meaning, alarm.reason) == ("zones-closed", "", "")


def test_alarms_of_another_installation_are_left_out() -> None:
    """The name of the other one begins like this one's."""
    other = described("zones-closed", AlarmName="orgdns-test-zones-closed")
    assert [alarm.name for alarm in firing({"MetricAlarms": [other, described("stream-behind")]}).firing] == [
        "stream-behind"
    ]


def test_alarms_that_may_not_be_read_are_unknown() -> None:
    """The permission is named, and the command goes on."""
    client = SESSION.client("cloudwatch")
    with Stubber(client) as stubber:
        stubber.add_client_error("describe_alarms", "AccessDenied", "not authorized")
        found = firing_alarms(client, NAMES)
    assert found.firing == ()
    assert "it takes cloudwatch:DescribeAlarms" in found.fault
    assert "not authorized" in found.fault


@pytest.mark.parametrize("pages", [0, 1])
def test_alarms_that_cannot_be_read_completely_are_unknown(pages: int) -> None:
    """Half of them would look like all."""

    class Paginator:
        def paginate(self, **_request: object) -> Any:  # noqa: ANN401 - as botocore's
            yield from [{"MetricAlarms": [described("zones-closed")]}] * pages
            raise EndpointConnectionError(endpoint_url="https://monitoring")

    class Client:
        def get_paginator(self, operation: str) -> Paginator:
            assert operation == "describe_alarms"
            return Paginator()

    found = firing_alarms(Client(), NAMES)
    assert (found.firing, bool(found.fault)) == ((), True)
