"""Deleting stacks, exports between stacks, rollback triggers, and options of failures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from sandbox.aws.cloudformation.stacks.operations import watch_all
from sandbox.clock import MovedClock, moved_clock
from tests.support.sandbox.organizations import HUB, REGION, client

pytestmark = pytest.mark.usefixtures("world")
Json = dict[str, Any]
TABLE: Json = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Delete",
    "Properties": {
        "TableName": "ledger",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
    },
}


def queue(name: str, policy: str | None = None, **properties: object) -> Json:
    made: Json = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}
    return made | ({"DeletionPolicy": policy} if policy else {})


def make(name: str, resources: Json, outputs: Json | None = None, **options: object) -> Json:
    """Create a stack; as it is afterwards."""
    template = json.dumps({"Resources": resources, "Outputs": outputs or {}})
    stack_id = client("cloudformation").create_stack(StackName=name, TemplateBody=template, **options)["StackId"]
    return described(stack_id)


def described(name: str) -> Json:
    (found,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return dict(found)


def queues() -> set[str]:
    return set(sqs_backends[HUB][REGION].queues)


def test_retained_resources_survive_the_deletion() -> None:
    """Both policies that retain do so when a stack is deleted, and a deleted stack is found by its id alone."""
    made = make("stack", {"A": queue("a"), "B": queue("b", "Retain"), "C": queue("c", "RetainExceptOnCreate")})
    client("cloudformation").delete_stack(StackName="stack")
    assert queues() == {"b", "c"}
    gone = described(made["StackId"])
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert gone["DeletionTime"]
    with pytest.raises(ClientError, match="Stack with id stack does not exist"):
        described("stack")
    events = client("cloudformation").describe_stack_events(StackName=made["StackId"])["StackEvents"]
    assert {each["LogicalResourceId"] for each in events if each["ResourceStatus"] == "DELETE_SKIPPED"} == {"B", "C"}


def test_rolled_back_creation_keeps_what_retain_says() -> None:
    """Retain keeps a resource also when its creation is rolled back, RetainExceptOnCreate does not."""
    client("sqs").create_queue(QueueName="taken", Attributes={"DelaySeconds": "9"})
    bad = queue("taken") | {"DependsOn": ["A", "B"]}
    resources = {"A": queue("a", "Retain"), "B": queue("b", "RetainExceptOnCreate"), "Bad": bad}
    assert make("stack", resources)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert queues() == {"a", "taken"}
    assert make("other", {"C": queue("c"), "Bad": bad | {"DependsOn": "C"}}, OnFailure="DO_NOTHING")["StackStatus"] == (
        "CREATE_FAILED"
    )
    assert queues() == {"a", "c", "taken"}


def test_protected_table_fails_the_deletion() -> None:
    """DynamoDB refuses, so the stack is DELETE_FAILED, without its other resources; then it can retain the table."""
    make("stack", {"Table": TABLE, "Queue": queue("q")})
    cloudformation = client("cloudformation")
    with pytest.raises(ClientError, match="only valid for stacks in DELETE_FAILED"):
        cloudformation.delete_stack(StackName="stack", RetainResources=["Table"])
    cloudformation.delete_stack(StackName="stack")
    failed = described("stack")
    assert failed["StackStatus"] == "DELETE_FAILED"
    assert failed["StackStatusReason"] == "The following resource(s) failed to delete: [Table]. "
    assert not queues()
    cloudformation.delete_stack(StackName="stack", RetainResources=["Table"])
    assert described(failed["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert client("dynamodb").list_tables()["TableNames"] == ["ledger"]


def test_protected_stack_is_not_deleted() -> None:
    """Termination protection refuses the call, until it is switched off."""
    cloudformation = client("cloudformation")
    assert make("stack", {"Queue": queue("q")}, EnableTerminationProtection=True)["EnableTerminationProtection"]
    with pytest.raises(ClientError, match=r"\[stack\] cannot be deleted while TerminationProtection is enabled"):
        cloudformation.delete_stack(StackName="stack")
    cloudformation.update_termination_protection(StackName="stack", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="stack")
    assert not queues()


def test_export_in_use_stays() -> None:
    """What another stack imports can be neither deleted nor changed, and its name is taken."""
    export = {"Url": {"Value": {"Ref": "Queue"}, "Export": {"Name": "shared"}}}
    make("exporter", {"Queue": queue("q")}, export)
    imported = {"Fn::ImportValue": "shared"}
    make("importer", {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": imported}}})
    cloudformation = client("cloudformation")
    assert make("third", {"Queue": queue("t")}, export)["StackStatus"] == "ROLLBACK_COMPLETE"
    cloudformation.delete_stack(StackName="exporter")
    kept = described("exporter")
    assert (kept["StackStatus"], kept["StackStatusReason"]) == (
        "CREATE_COMPLETE",
        "Export shared cannot be deleted as it is in use by importer",
    )
    without = json.dumps({"Resources": {"Queue": queue("q")}})
    cloudformation.update_stack(StackName="exporter", TemplateBody=without)
    assert described("exporter")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert [each["Name"] for each in cloudformation.list_exports()["Exports"]] == ["shared"]
    cloudformation.delete_stack(StackName="importer")
    cloudformation.delete_stack(StackName="exporter")
    assert cloudformation.list_exports()["Exports"] == []


def alarmed(*triggers: str, minutes: int = 5) -> Json:
    listed = [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in triggers]
    return {"RollbackTriggers": listed, "MonitoringTimeInMinutes": minutes}


@pytest.mark.parametrize("fires", [True, False])
def test_update_waits_for_its_alarms(*, fires: bool) -> None:
    """An alarm within the monitoring time rolls the update back; otherwise it is complete when the time is over."""
    with moved_clock() as clock:
        cloudformation, arn = client("cloudformation"), alarm()
        make("stack", {"Queue": queue("q", DelaySeconds=1), "Old": queue("old")})
        template = json.dumps({"Resources": {"Queue": queue("q", DelaySeconds=2)}})
        cloudformation.update_stack(StackName="stack", TemplateBody=template, RollbackConfiguration=alarmed(arn))
        assert pass_minutes(clock, 4) == "UPDATE_IN_PROGRESS"
        assert queues() == {"q", "old"}
        with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state"):
            cloudformation.update_stack(StackName="stack", TemplateBody=template.replace("2", "3"))
        if fires:
            client("cloudwatch").set_alarm_state(AlarmName="watch", StateValue="ALARM", StateReason="deep")
        status = "UPDATE_ROLLBACK_COMPLETE" if fires else "UPDATE_COMPLETE"
        assert pass_minutes(clock, 1) == status
        assert queues() == ({"q", "old"} if fires else {"q"})
        assert sqs_backends[HUB][REGION].queues["q"].delay_seconds == (1 if fires else 2)
        assert described("stack")["RollbackConfiguration"] == alarmed(arn)


def test_missing_alarm_fails_the_operation() -> None:
    """CloudFormation rolls back if a trigger does not exist."""
    rollback = alarmed(f"arn:aws:cloudwatch:{REGION}:{HUB}:alarm:none")
    assert make("stack", {"Queue": queue("q")}, RollbackConfiguration=rollback)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert not queues()


def alarm() -> str:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="watch",
        Namespace="AWS/SQS",
        MetricName="Depth",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    return str(cloudwatch.describe_alarms(AlarmNames=["watch"])["MetricAlarms"][0]["AlarmArn"])


def pass_minutes(clock: MovedClock, minutes: int) -> str:
    clock.advance(minutes * 60)
    watch_all()
    return str(described("stack")["StackStatus"])
