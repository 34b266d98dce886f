"""Change sets over CloudFormation's API: what they show, when they can be executed, and what they leave."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stacks.state import Polls
from tests.support.sandbox.cloudformation import NAMED_IAM, role
from tests.support.sandbox.organizations import HUB, REGION, client

pytestmark = pytest.mark.usefixtures("world")
QUEUES = """
Parameters:
  Seconds: {Type: Number, Default: 60}
  Secret: {Type: String, Default: open, NoEcho: true}
Resources:
  Dead:
    Type: AWS::SQS::Queue
    Properties: {QueueName: dead}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: waiting, VisibilityTimeout: !Ref Seconds}
Outputs:
  Url: {Value: !Ref Queue}
"""


def change_set(
    template: str | dict[str, Any], kind: str = "UPDATE", name: str = "first", **options: object
) -> dict[str, Any]:
    """Create a change set of the stack `queues`; its description."""
    text = template if isinstance(template, str) else json.dumps(template)
    cloudformation = client("cloudformation")
    made = cloudformation.create_change_set(
        StackName="queues", ChangeSetName=name, ChangeSetType=kind, TemplateBody=text, **options
    )
    described: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=made["Id"])
    return described


def execute(name: str = "first", **options: object) -> dict[str, Any]:
    """Execute a change set of the stack; the stack afterwards."""
    cloudformation = client("cloudformation")
    cloudformation.execute_change_set(StackName="queues", ChangeSetName=name, **options)
    return stack()


def stack(name: str = "queues") -> dict[str, Any]:
    (described,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return dict(described)


def values(parameters: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def test_change_set_creates_a_stack() -> None:
    """A change set of a new stack shows what it adds, and its stack waits for the execution."""
    described = change_set(QUEUES, "CREATE", Tags=[{"Key": "team", "Value": "dns"}])
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [each["ResourceChange"] for each in described["Changes"]] == [
        {"Action": "Add", "LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue", "Scope": [], "Details": []}
        for name in ("Dead", "Queue")
    ]
    assert stack()["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert not sqs_backends[HUB][REGION].queues
    made = execute(ClientRequestToken="token-1")
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert made["ChangeSetId"] == described["ChangeSetId"]
    assert made["Tags"] == [{"Key": "team", "Value": "dns"}]
    assert {each["ParameterKey"]: each["ParameterValue"] for each in made["Parameters"]} == {
        "Seconds": "60",
        "Secret": "****",
    }
    assert made["Outputs"][0]["OutputValue"].endswith("/waiting")
    events = client("cloudformation").describe_stack_events(StackName="queues")["StackEvents"]
    assert [(each["LogicalResourceId"], each["ResourceStatus"]) for each in reversed(events)] == [
        ("queues", "REVIEW_IN_PROGRESS"),
        ("queues", "CREATE_IN_PROGRESS"),
        ("Dead", "CREATE_IN_PROGRESS"),
        ("Dead", "CREATE_COMPLETE"),
        ("Queue", "CREATE_IN_PROGRESS"),
        ("Queue", "CREATE_COMPLETE"),
        ("queues", "CREATE_COMPLETE"),
    ]
    assert {each.get("ClientRequestToken") for each in events[:-1]} == {"token-1"}


def test_change_set_tells_what_it_modifies_and_replaces() -> None:
    """A parameter's new value modifies a queue, a new name replaces the other one, and what is left out is removed."""
    change_set(QUEUES, "CREATE")
    execute()
    other = QUEUES.replace("QueueName: dead", "QueueName: gone")
    (dead, queue) = (
        each["ResourceChange"]
        for each in change_set(other, name="second", Parameters=values({"Seconds": "90"}))["Changes"]
    )
    assert (dead["Action"], dead["Replacement"], dead["Scope"]) == ("Modify", "True", ["Properties"])
    assert dead["PhysicalResourceId"].endswith("/dead")
    assert dead["Details"] == [
        {
            "Target": {"Attribute": "Properties", "Name": "QueueName", "RequiresRecreation": "Always"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]
    assert (queue["Action"], queue["Replacement"]) == ("Modify", "False")
    assert queue["Details"][0]["CausingEntity"] == "Seconds"
    less = QUEUES.replace("  Dead:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: dead}\n", "")
    (removed,) = (each["ResourceChange"] for each in change_set(less, name="third")["Changes"])
    assert (removed["Action"], removed["LogicalResourceId"], removed["PolicyAction"]) == ("Remove", "Dead", "Delete")
    assert execute("third")["StackStatus"] == "UPDATE_COMPLETE"
    assert set(sqs_backends[HUB][REGION].queues) == {"waiting"}


def test_change_set_without_changes_fails() -> None:
    """AWS says in one of two ways that nothing would change, and does not execute such a change set."""
    change_set(QUEUES, "CREATE")
    execute()
    same = change_set(QUEUES, name="same", Parameters=[{"ParameterKey": "Seconds", "UsePreviousValue": True}])
    assert (same["Status"], same["ExecutionStatus"], same["StatusReason"]) == (
        "FAILED",
        "UNAVAILABLE",
        "The submitted information didn't contain changes. Submit different information to create a change set.",
    )
    assert (
        change_set(f"Description: queues\n{QUEUES}", name="text")["StatusReason"] == "No updates are to be performed."
    )
    with pytest.raises(ClientError, match=r"\(InvalidChangeSetStatus\).*current status of \[FAILED\]"):
        execute("same")
    cloudformation = client("cloudformation")
    listed = cloudformation.list_change_sets(StackName="queues")["Summaries"]
    assert [(each["ChangeSetName"], each["Status"]) for each in listed[1:]] == [("same", "FAILED"), ("text", "FAILED")]
    cloudformation.delete_change_set(StackName="queues", ChangeSetName="same")
    with pytest.raises(ClientError, match=r"\(ChangeSetNotFound\)"):
        cloudformation.describe_change_set(StackName="queues", ChangeSetName="same")
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloudformation.update_stack(StackName="queues", TemplateBody=QUEUES)


def test_change_set_of_a_changed_stack_cannot_be_executed() -> None:
    """An update in between makes a change set obsolete, and an execution removes all others."""
    change_set(QUEUES, "CREATE")
    execute()
    change_set(QUEUES, name="old", Parameters=values({"Seconds": "90"}))
    cloudformation = client("cloudformation")
    cloudformation.update_stack(
        StackName="queues", UsePreviousTemplate=True, Parameters=values({"Seconds": "70", "Secret": "other"})
    )
    assert cloudformation.describe_change_set(StackName="queues", ChangeSetName="old")["ExecutionStatus"] == "OBSOLETE"
    with pytest.raises(ClientError, match=r"execution status of \[OBSOLETE\]"):
        execute("old")
    for name in ("one", "two"):
        change_set(QUEUES, name=name, Parameters=values({"Seconds": "90"}))
    execute("one")
    with pytest.raises(ClientError, match=r"\(ChangeSetNotFound\)"):
        execute("two")
    with pytest.raises(ClientError, match=r"execution status of \[EXECUTE_COMPLETE\]"):
        execute("one")


@pytest.mark.parametrize(
    ("template", "kind", "options", "message"),
    [
        (QUEUES, "UPDATE", {}, r"\(ValidationError\).*Stack \[queues\] does not exist"),
        (QUEUES, "CREATE", {"Parameters": values({"Moon": "1"})}, "do not exist in the template"),
        (
            QUEUES,
            "CREATE",
            {"Parameters": [{"ParameterKey": "Seconds", "UsePreviousValue": True}]},
            "not in the previous",
        ),
        ({"Resources": {"Role": role("x", "a:B")}}, "CREATE", {}, r"\(InsufficientCapabilitiesException\)"),
        ("Resources: {}", "CREATE", {}, "At least one Resources member must be defined"),
        (QUEUES + "#" * 51_200, "CREATE", {}, "length less than or equal to 51200"),
        (QUEUES, "CREATE", {"TemplateURL": "https://x.s3.amazonaws.com/y"}, "Specify exactly one"),
        (QUEUES, "CREATE", {"IncludeNestedStacks": True}, "nested stacks"),
    ],
)
def test_change_set_is_refused(
    template: str | dict[str, Any], kind: str, options: dict[str, Any], message: str
) -> None:
    """CloudFormation refuses at once what it can know, and then no stack waits."""
    with pytest.raises(ClientError, match=message):
        change_set(template, kind, **options)
    assert client("cloudformation").describe_stacks()["Stacks"] == []


def test_failed_creation_rolls_back_and_must_be_deleted() -> None:
    """The stack stays in ROLLBACK_COMPLETE without its resources, and accepts nothing but its deletion."""
    client("sqs").create_queue(QueueName="waiting", Attributes={"DelaySeconds": "7"})
    change_set(QUEUES, "CREATE")
    failed = execute()
    assert (failed["StackStatus"], failed.get("Outputs", [])) == ("ROLLBACK_COMPLETE", [])
    cloudformation = client("cloudformation")
    events = cloudformation.describe_stack_events(StackName="queues")["StackEvents"]
    reasons = {each["ResourceStatus"]: each.get("ResourceStatusReason") for each in events}
    assert "already exists" in reasons["CREATE_FAILED"]
    assert reasons["ROLLBACK_IN_PROGRESS"] == (
        "The following resource(s) failed to create: [Queue]. Rollback requested by user."
    )
    assert set(sqs_backends[HUB][REGION].queues) == {"waiting"}
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        change_set(QUEUES, name="again")
    with pytest.raises(ClientError, match="already exists and cannot be created again"):
        change_set(QUEUES, "CREATE", name="again")
    cloudformation.delete_stack(StackName="queues")
    sqs_backends[HUB][REGION].delete_queue("waiting")
    change_set(QUEUES, "CREATE", name="again")
    assert execute("again")["StackStatus"] == "CREATE_COMPLETE"


def test_failed_update_rolls_back() -> None:
    """All resources have their former properties again, new ones are gone, removed ones still exist."""
    change_set(QUEUES, "CREATE")
    execute()
    worse = QUEUES.replace("QueueName: dead", "QueueName: dead, DelaySeconds: 5").replace(
        "Outputs:", "  Bad:\n    Type: AWS::IAM::ManagedPolicy\n    DependsOn: [Dead, Queue, New]\n    Properties: "
        "{PolicyDocument: {Statement: {Effect: Allow, Action: a:B, Resource: 'arn:aws-cn:s3:::x'}}}\n"
        "  New:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: new}\nOutputs:"
    )  # fmt: skip
    change_set(worse, name="worse", Parameters=values({"Seconds": "90"}), Capabilities=list(NAMED_IAM))
    failed = execute("worse")
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert {each["ParameterKey"]: each["ParameterValue"] for each in failed["Parameters"]}["Seconds"] == "60"
    queues = sqs_backends[HUB][REGION].queues
    assert set(queues) == {"dead", "waiting"}
    assert (queues["dead"].delay_seconds, queues["waiting"].visibility_timeout) == (0, 60)
    assert "Bad" not in client("cloudformation").get_template(StackName="queues")["TemplateBody"]
    change_set(QUEUES, name="better", Parameters=values({"Seconds": "80"}))
    assert execute("better")["StackStatus"] == "UPDATE_COMPLETE"
    assert queues["waiting"].visibility_timeout == 80


def test_operations_are_seen_in_progress() -> None:
    """Who asks often enough sees a change set and a stack in progress, and events in order; meanwhile others wait."""
    cloudformation = client("cloudformation")
    with replaced(Polls, needed=2):
        assert change_set(QUEUES, "CREATE")["Status"] == "CREATE_IN_PROGRESS"
        with pytest.raises(ClientError, match=r"current status of \[CREATE_IN_PROGRESS\]"):
            execute()
        cloudformation.get_waiter("change_set_create_complete").wait(
            StackName="queues", ChangeSetName="first", WaiterConfig={"Delay": 0}
        )
        assert execute()["StackStatus"] == "CREATE_IN_PROGRESS"
        with pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state and can not be updated"):
            change_set(QUEUES, name="early")
        events = cloudformation.describe_stack_events(StackName="queues")["StackEvents"]
        assert events[0]["ResourceStatus"] != "CREATE_COMPLETE" or events[0]["LogicalResourceId"] != "queues"
        cloudformation.get_waiter("stack_create_complete").wait(StackName="queues", WaiterConfig={"Delay": 0})
