"""AWS::CloudWatch::Alarm: which alarm a template creates in the emulator's CloudWatch, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed
from sandbox.aws.credentials import administrator_client

ACCOUNT, REGION = "100000000002", "eu-west-1"
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Told": {"Type": "String", "Default": "no"}, "Threshold": {"Type": "Number", "Default": 0}},
    "Conditions": {"IsTold": {"Fn::Equals": [{"Ref": "Told"}, "yes"]}},
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "people"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead"}},
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "dead",
                "AlarmDescription": "Look.",
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}],
                "Statistic": "Maximum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": {"Ref": "Threshold"},
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": {"Fn::If": ["IsTold", [{"Ref": "Topic"}], {"Ref": "AWS::NoValue"}]},
            },
        },
    },
    "Outputs": {"Name": {"Value": {"Ref": "Alarm"}}, "Arn": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}}},
}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:people"


def deploy(deploys: Deployer, template: dict[str, Any] = TEMPLATE, **parameters: str) -> dict[str, str]:
    return deploys.deploy(ACCOUNT, REGION, "stack", json.dumps(template), parameters)


def with_properties(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of any kind
    changed: dict[str, Any] = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Alarm"]["Properties"] |= properties
    return changed


def alarms() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = administrator_client("cloudwatch", ACCOUNT, REGION).describe_alarms()["MetricAlarms"]
    return found


def test_stack_creates_alarm(deploys: Deployer) -> None:
    """CloudWatch returns the template's properties, and a condition leaves the action out."""
    outputs = deploy(deploys)
    assert outputs == {"Name": "dead", "Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:dead"}
    (alarm,) = alarms()
    assert (alarm["AlarmName"], alarm["AlarmArn"], alarm["AlarmDescription"]) == ("dead", outputs["Arn"], "Look.")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "dead"}]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 300, 1)
    assert (alarm["StateValue"], alarm["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0.0)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm.get("AlarmActions", []) == []


def test_alarm_on_an_expression(deploys: Deployer) -> None:
    """The entries of Metrics reach CloudWatch, with references and with flags that are texts."""
    dimensions = [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}]
    metric = {"Namespace": "AWS/SQS", "MetricName": "NumberOfMessagesSent", "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": 300, "Stat": "Sum"}
    queries = [
        {"Id": "sent", "MetricStat": stat, "ReturnData": "false"},
        {"Id": "e", "Expression": "FILL(sent, 0)", "Label": "Sent", "ReturnData": True},
    ]
    of_one = ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    none = {name: {"Ref": "AWS::NoValue"} for name in of_one}
    deploy(deploys, with_properties(Metrics=queries, **none))
    (alarm,) = alarms()
    first, second = alarm["Metrics"]
    assert first["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "QueueName", "Value": "dead"}]
    assert (first["ReturnData"], second["Expression"], second["Label"]) == (False, "FILL(sent, 0)", "Sent")
    assert "Statistic" not in alarm


def test_alarm_on_a_percentile(deploys: Deployer) -> None:
    """ExtendedStatistic takes the place of Statistic."""
    changed = {"ExtendedStatistic": "p99", "EvaluateLowSampleCountPercentile": "ignore"}
    deploy(deploys, with_properties(Statistic={"Ref": "AWS::NoValue"}, **changed))
    (alarm,) = alarms()
    assert (alarm["ExtendedStatistic"], alarm["EvaluateLowSampleCountPercentile"]) == ("p99", "ignore")


def test_update_keeps_alarm_state(deploys: Deployer) -> None:
    """A changed parameter reaches threshold and action, also through a condition, and the alarm's state stays."""
    deploy(deploys)
    administrator_client("cloudwatch", ACCOUNT, REGION).set_alarm_state(
        AlarmName="dead", StateValue="ALARM", StateReason="a message is visible"
    )
    deploy(deploys, Told="yes", Threshold="5")
    (alarm,) = alarms()
    assert (alarm["Threshold"], alarm["AlarmActions"]) == (5.0, [TOPIC])
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "a message is visible")


def test_alarm_is_deleted_with_its_stack(deploys: Deployer) -> None:
    """The alarm is deleted when it leaves the template, and when its stack is deleted."""
    deploy(deploys)
    deploys.delete(ACCOUNT, REGION, "stack")
    assert alarms() == []
    deploy(deploys)
    deploy(deploys, {**TEMPLATE, "Resources": {"Queue": TEMPLATE["Resources"]["Queue"]}, "Outputs": {}})
    assert alarms() == []


def test_existing_alarm_name_is_refused(deploys: Deployer) -> None:
    """A stack does not take over an alarm that a person made."""
    deploy(deploys)
    with pytest.raises(DeploymentFailed, match="dead already exists"):
        deploys.deploy(ACCOUNT, REGION, "other", json.dumps({"Resources": {"Alarm": literal()}}))
    assert len(alarms()) == 1


def literal() -> dict[str, Any]:
    """The alarm's template without references, so that it needs no other resource."""
    alarm: dict[str, Any] = with_properties(Dimensions=[], AlarmActions=[], Threshold=1)["Resources"]["Alarm"]
    return alarm


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"ThresholdMetricId": "m"}, "not modeled: .*ThresholdMetricId"),
        ({"Metrics": [{"Id": "e", "Expression": "1", "AccountId": "100000000002"}]}, "not modeled: .*AccountId"),
        ({"Metrics": [{"Id": "e", "Expression": "RATE(m)"}]}, "has no namespace of its own"),
        ({"Threshold": {"Ref": "AWS::NoValue"}}, r"an alarm needs \['Threshold'\]"),
        ({"Period": 90}, "multiple of 60"),
        ({"ComparisonOperator": "MoreThan"}, "satisfy enum value set"),
        ({"TreatMissingData": "ok"}, "does not know"),
        ({"AlarmActions": ["arn:aws:sns:us-east-1:100000000002:people"]}, "is not an SNS topic of eu-west-1"),
        ({"AlarmActions": ["arn:aws:lambda:eu-west-1:100000000002:function:f"]}, "is not an SNS topic of eu-west-1"),
        ({"Statistic": {"Ref": "AWS::NoValue"}}, r"needs \['Statistic or Ext"),
    ],
)
def test_unknown_property_is_refused(deploys: Deployer, properties: dict[str, Any], message: str) -> None:
    """No property is silently ignored."""
    with pytest.raises(DeploymentFailed, match=message):
        deploy(deploys, with_properties(**properties))
    assert alarms() == []
