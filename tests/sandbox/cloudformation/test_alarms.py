"""Alarms as resources of a template: what stands in the emulator's CloudWatch afterwards, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed, deployer
from sandbox.aws.credentials import administrator_client

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@pytest.fixture
def deploys() -> Iterator[Deployer]:
    with mock_aws(), deployer() as one:
        yield one


def deploy(deploys: Deployer, template: dict[str, Any] = TEMPLATE, **parameters: str) -> dict[str, str]:
    return deploys.deploy(ACCOUNT, REGION, "stack", json.dumps(template), parameters)


def with_properties(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of any kind
    changed: dict[str, Any] = json.loads(json.dumps(TEMPLATE))
    changed["Resources"]["Alarm"]["Properties"] |= properties
    return changed


def alarms() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = administrator_client("cloudwatch", ACCOUNT, REGION).describe_alarms()["MetricAlarms"]
    return found


def test_an_alarm_stands_in_cloudwatch(deploys: Deployer) -> None:
    """What the template says is what CloudWatch shows, and a condition leaves the action out."""
    outputs = deploy(deploys)
    assert outputs == {"Name": "dead", "Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:dead"}
    (alarm,) = alarms()
    assert (alarm["AlarmName"], alarm["AlarmArn"], alarm["AlarmDescription"]) == ("dead", outputs["Arn"], "Look.")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "dead"}]
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 300, 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0.0)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm.get("AlarmActions", []) == []


def test_an_update_leaves_the_state_and_replaces_the_rest(deploys: Deployer) -> None:
    """A changed parameter reaches threshold and action, also through a condition, and the alarm stays as it was."""
    deploy(deploys)
    administrator_client("cloudwatch", ACCOUNT, REGION).set_alarm_state(
        AlarmName="dead", StateValue="ALARM", StateReason="one is there"
    )
    deploy(deploys, Told="yes", Threshold="5")
    (alarm,) = alarms()
    assert (alarm["Threshold"], alarm["AlarmActions"]) == (5.0, [TOPIC])
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "one is there")


def test_an_alarm_goes_with_its_stack(deploys: Deployer) -> None:
    """Nothing is left of it, whether it was taken out of the template or the whole stack was deleted."""
    deploy(deploys)
    deploys.delete(ACCOUNT, REGION, "stack")
    assert alarms() == []
    deploy(deploys)
    deploy(deploys, {**TEMPLATE, "Resources": {"Queue": TEMPLATE["Resources"]["Queue"]}, "Outputs": {}})
    assert alarms() == []


def test_a_name_that_is_taken_is_refused(deploys: Deployer) -> None:
    """An alarm that somebody made by hand is not taken over."""
    deploy(deploys)
    with pytest.raises(DeploymentFailed, match="dead already exists"):
        deploys.deploy(ACCOUNT, REGION, "other", json.dumps({"Resources": {"Alarm": literal()}}))
    assert len(alarms()) == 1


def literal() -> dict[str, Any]:
    """The alarm without any reference, so that it can stand alone."""
    alarm: dict[str, Any] = with_properties(Dimensions=[], AlarmActions=[], Threshold=1)["Resources"]["Alarm"]
    return alarm


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Metrics": []}, "not modelled: .*Metrics"),
        ({"Period": 90}, "multiple of 60"),
        ({"ComparisonOperator": "MoreThan"}, "does not know"),
        ({"TreatMissingData": "ok"}, "does not know"),
        ({"AlarmActions": ["arn:aws:sns:us-east-1:100000000002:people"]}, "no SNS topic of eu-west-1"),
        ({"AlarmActions": ["arn:aws:lambda:eu-west-1:100000000002:function:f"]}, "no SNS topic of eu-west-1"),
        ({"Statistic": {"Ref": "AWS::NoValue"}}, r"needs \['Statistic'\]"),
    ],
)
def test_what_cloudwatch_or_the_sandbox_does_not_know_is_refused(
    deploys: Deployer, properties: dict[str, Any], told: str
) -> None:
    """Nothing of an alarm is left out in silence."""
    with pytest.raises(DeploymentFailed, match=told):
        deploy(deploys, with_properties(**properties))
    assert alarms() == []
