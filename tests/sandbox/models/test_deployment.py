"""A deployment fails where AWS's services refuse a resource of the hub's template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed, deployer
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.models.resources import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT, REGION = "100000000002", "eu-west-1"
Json = dict[str, Any]
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
DEFINITIONS = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
ALARM: Json = {
    "AlarmName": "dead",
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
# Properties that each service accepts.
RIGHT: dict[str, Json] = {
    "AWS::CloudWatch::Alarm": ALARM,
    "AWS::DynamoDB::Table": {
        "TableName": "ledger",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": KEYS,
        "AttributeDefinitions": DEFINITIONS,
    },
    "AWS::Events::EventBus": {"Name": "orgdns"},
    "AWS::Events::Rule": {"Name": "orgdns", "EventPattern": {"source": ["aws.ec2"]}},
    "AWS::Logs::LogGroup": {"LogGroupName": "/aws/lambda/orgdns", "RetentionInDays": 30},
    "AWS::SQS::Queue": {"QueueName": "orgdns-events", "VisibilityTimeout": 180},
    "AWS::Scheduler::ScheduleGroup": {"Name": "orgdns"},
}
WRONG: tuple[tuple[str, Json, str], ...] = (
    ("AWS::CloudWatch::Alarm", {"Period": 90}, "multiple of 60"),
    ("AWS::CloudWatch::Alarm", {"Period": 0}, "greater than or equal to 1"),
    ("AWS::CloudWatch::Alarm", {"EvaluationPeriods": 289}, "at most 86400"),
    ("AWS::CloudWatch::Alarm", {"Period": 3600, "EvaluationPeriods": 169}, "at most 604800"),
    ("AWS::CloudWatch::Alarm", {"DatapointsToAlarm": 2}, "must not be more than EvaluationPeriods"),
    ("AWS::CloudWatch::Alarm", {"Statistic": "Median"}, "enum value set"),
    ("AWS::DynamoDB::Table", {"KeySchema": KEYS[::-1]}, "a KeySchema is one HASH key"),
    ("AWS::DynamoDB::Table", {"KeySchema": KEYS[:1]}, "AttributeDefinitions has"),
    ("AWS::DynamoDB::Table", {"AttributeDefinitions": DEFINITIONS[:1]}, "AttributeDefinitions has"),
    ("AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "pk"}]}, "'KeySchema.1.member.KeyType'"),
    ("AWS::DynamoDB::Table", {"BillingMode": "PROVISIONED"}, "ProvisionedThroughput is for"),
    ("AWS::DynamoDB::Table", {"BillingMode": "FREE"}, "enum value set"),
    ("AWS::Events::EventBus", {"Name": "org dns"}, "regular expression"),
    ("AWS::Events::Rule", {"Description": "x" * 513}, "length less than or equal to 512"),
    ("AWS::Events::Rule", {"EventPattern": {"Ref": "AWS::NoValue"}}, "needs an EventPattern"),
    ("AWS::Events::Rule", {"EventBusName": "orgdns", "ScheduleExpression": "rate(1 day)"}, "only on the default"),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 31}, "must be one of 1, 3, 5"),
    ("AWS::Logs::LogGroup", {"LogGroupName": "a b"}, "regular expression"),
    ("AWS::SQS::Queue", {"VisibilityTimeout": 43_201}, "from 0 to 43200"),
    ("AWS::SQS::Queue", {"MessageRetentionPeriod": "59"}, "from 60 to 1209600"),
    ("AWS::SQS::Queue", {"ReceiveMessageWaitTimeSeconds": 21}, "from 0 to 20"),
    ("AWS::Scheduler::ScheduleGroup", {"Name": "org dns"}, "regular expression"),
)


@pytest.fixture
def deploys() -> Iterator[Deployer]:
    with emulated_aws(), deployer() as made:
        yield made


def deploy(deploys: Deployer, kind: str, properties: Json) -> None:
    template = {"Resources": {"Resource": {"Type": kind, "Properties": properties}}}
    deploys.deploy(ACCOUNT, REGION, "stack", json.dumps(template))


@pytest.mark.parametrize("kind", RIGHT)
def test_what_services_accept_is_deployed(deploys: Deployer, kind: str) -> None:
    """No rule refuses what AWS accepts."""
    deploy(deploys, kind, RIGHT[kind])


@pytest.mark.parametrize(("kind", "change", "says"), WRONG)
def test_what_a_service_refuses_is_not_deployed(deploys: Deployer, kind: str, change: Json, says: str) -> None:
    """The creation fails, and so does the update of the resource."""
    with pytest.raises(DeploymentFailed, match=f"{kind}: .*{says}"):
        deploy(deploys, kind, RIGHT[kind] | change)


def test_update_is_refused(deploys: Deployer) -> None:
    """What CloudFormation cannot create, it cannot make of a resource either."""
    deploy(deploys, "AWS::SQS::Queue", RIGHT["AWS::SQS::Queue"])
    with pytest.raises(DeploymentFailed, match="VisibilityTimeout is 43201"):
        deploy(deploys, "AWS::SQS::Queue", RIGHT["AWS::SQS::Queue"] | {"VisibilityTimeout": 43_201})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Timeout": 901}, ["Timeout is 901, and must be from 1 to 900"]),
        ({"MemorySize": 10_241}, ["MemorySize is 10241, and must be from 128 to 10240"]),
        ({"MemorySize": "64"}, ["greater than or equal to 128", "from 128 to 10240"]),
        ({"Timeout": 901, "CapacityProviderConfig": {}}, ["'CapacityProviderConfig.LambdaManagedInstances"]),
        ({"Timeout": {"Ref": "Timeout"}}, []),
    ],
)
def test_limits_of_functions(change: Json, says: list[str]) -> None:
    """A function runs up to 15 minutes with up to 10,240 MB, unless it runs on instances of a capacity provider."""
    found = list(refusals("AWS::Lambda::Function", {"FunctionName": "orgdns-observer"} | change))
    assert len(found) == len(says)
    assert all(text in fault for text, fault in zip(says, found, strict=True))
