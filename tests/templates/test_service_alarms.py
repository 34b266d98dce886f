"""The alarms of the hub on what AWS reports of functions, stream and queues, and on the objective."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from tests.support.build import EXAMPLE
from tests.support.generated import content_of, of_type, properties

FUNCTIONS = ("orgdns-observer", "orgdns-publisher", "orgdns-sweeper", "orgdns-associator", "orgdns-historian")


def of_metric(metric: str) -> dict[str, dict[str, Any]]:
    found = of_type("hub", "AWS::CloudWatch::Alarm")
    return {title: alarm for title, alarm in found.items() if alarm.get("MetricName") == metric}


def query(name: str, namespace: str, metric: str, dimension: tuple[str, str], period: int) -> dict[str, Any]:
    """The sum of a metric, which an expression reads."""
    dimensions = [{"Name": dimension[0], "Value": dimension[1]}]
    watched = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "ReturnData": False, "MetricStat": {"Metric": watched, "Period": period, "Stat": "Sum"}}


def fires(alarm: dict[str, Any]) -> tuple[Any, ...]:
    """What sets off an alarm: the comparison, the threshold, the periods, and what missing data is."""
    return (
        *(alarm[key] for key in ("ComparisonOperator", "Threshold", "EvaluationPeriods", "TreatMissingData")),
        alarm.get("DatapointsToAlarm"),
    )


def test_alarms_on_metric_math() -> None:
    """Three alarms have an expression, and no metric of their own."""
    alarms = of_type("hub", "AWS::CloudWatch::Alarm")
    assert {title for title, alarm in alarms.items() if "Metrics" in alarm} == {
        "FunctionsErrorsAlarm",
        "FunctionsThrottlesAlarm",
        "ObjectiveAlarm",
    }
    for alarm in alarms.values():
        assert ("Metrics" in alarm) != ("Namespace" in alarm)
        assert not {"Metrics", "Period"} <= alarm.keys()


@pytest.mark.parametrize(
    ("metric", "name"), [("Errors", "orgdns-functions-failing"), ("Throttles", "orgdns-functions-throttled")]
)
def test_functions_that_fail_or_do_not_start(metric: str, name: str) -> None:
    """Errors of any function in each of three periods of five minutes set off the alarm. A single one does not."""
    alarm = properties("hub", f"Functions{metric}Alarm")
    assert alarm["AlarmName"] == name
    assert {each["FunctionName"] for each in of_type("hub", "AWS::Lambda::Function").values()} == set(FUNCTIONS)
    assert alarm["Metrics"] == [
        *(
            query(f"m{number}", "AWS/Lambda", metric, ("FunctionName", function), 300)
            for number, function in enumerate(FUNCTIONS)
        ),
        {
            "Id": "total",
            "Expression": "FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0) + FILL(m4, 0)",
            "Label": metric,
            "ReturnData": True,
        },
    ]
    assert fires(alarm) == ("GreaterThanThreshold", 0, 3, "notBreaching", None)


def test_stream_that_is_behind() -> None:
    """Changes of the ledger that wait for the publisher for ten minutes set off the alarm."""
    alarm = of_metric("IteratorAge")["StreamBehindAlarm"]
    assert alarm == properties("hub", "StreamBehindAlarm")
    assert (alarm["AlarmName"], alarm["Namespace"]) == ("orgdns-stream-behind", "AWS/Lambda")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": NAMES.publisher_function}]
    assert (alarm["Statistic"], alarm["Period"]) == ("Maximum", 300)
    assert fires(alarm) == ("GreaterThanThreshold", 10 * 60 * 1_000, 2, "notBreaching", None)


def test_history_that_is_behind() -> None:
    """Changes that wait for the historian for two hours set off the alarm: the stream keeps them for 24."""
    alarm = of_metric("IteratorAge")["HistoryBehindAlarm"]
    assert (alarm["AlarmName"], alarm["Namespace"]) == ("orgdns-history-behind", "AWS/Lambda")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": NAMES.historian_function}]
    assert (alarm["Statistic"], alarm["Period"]) == ("Maximum", 300)
    assert fires(alarm) == ("GreaterThanThreshold", 120 * 60 * 1_000, 2, "notBreaching", None)


def test_queues_with_messages_that_wait() -> None:
    """Each queue that a function processes has an alarm on a message that is older than one that fails and counts.

    A message counts until it was received three times, and may be delayed for a quarter of an hour before.
    """
    alarms = of_metric("ApproximateAgeOfOldestMessage")
    minutes = {"EventsQueue": 51, "BacklogQueue": 105, "SweepsQueue": 285, "AssociationsQueue": 105}
    assert alarms.keys() == {f"{title}WaitingAlarm" for title in minutes}
    sources = [each["EventSourceArn"] for each in of_type("hub", "AWS::Lambda::EventSourceMapping").values()]
    processed = set(re.findall(r"'(\w+Queue)', 'Arn'", str(sources)))
    assert processed == minutes.keys()
    for title, threshold in minutes.items():
        alarm, queue = alarms[f"{title}WaitingAlarm"], properties("hub", title)
        assert alarm["AlarmName"] == f"{queue['QueueName']}-waiting"
        assert f" more than {threshold} minutes. " in alarm["AlarmDescription"]
        assert alarm["Namespace"] == "AWS/SQS"
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [title, "QueueName"]}}]
        assert (alarm["Statistic"], alarm["Period"]) == ("Maximum", 300)
        assert fires(alarm) == ("GreaterThanThreshold", 60 * threshold, 2, "notBreaching", None)
        assert 60 * threshold == 3 * queue["VisibilityTimeout"] + 900


def test_objective() -> None:
    """The share of late names in an hour sets off the alarm, if five or more were late."""
    alarm = properties("hub", "ObjectiveAlarm")
    assert alarm["AlarmName"] == "orgdns-objective"
    assert " longer than 60 seconds " in alarm["AlarmDescription"]
    service = ("service", "orgdns")
    assert alarm["Metrics"] == [
        query("late", NAMES.metrics_namespace, "NamesLate", service, 3_600),
        query("ontime", NAMES.metrics_namespace, "NamesInTime", service, 3_600),
        {
            "Id": "share",
            "Expression": "IF(FILL(late, 0) >= 5, FILL(late, 0) / (FILL(late, 0) + FILL(ontime, 0)), 0)",
            "Label": "late",
            "ReturnData": True,
        },
    ]
    assert fires(alarm) == ("GreaterThanThreshold", 0.144, 1, "notBreaching", None)


@pytest.mark.parametrize(("share", "threshold"), [(0.999, 0.0144), (0.95, 0.72), (0.9, 0.9)])
def test_objective_of_the_configuration(share: float, threshold: float) -> None:
    """The alarm is set off at 14.4 times the share of names that may be late, and at nine in ten at the latest."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["objective"] = {"seconds": 300, "share": share}
    resources = content_of("hub", content)["Resources"]
    alarm = resources["ObjectiveAlarm"]["Properties"]
    assert alarm["Threshold"] == threshold
    assert " longer than 300 seconds " in alarm["AlarmDescription"]
    variables = resources["Publisher"]["Properties"]["Environment"]["Variables"]
    assert variables[contract.ENV_OBJECTIVE_SECONDS] == "300"
