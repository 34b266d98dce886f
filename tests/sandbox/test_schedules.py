"""Schedules: a due message goes to its queue if the role allows it, and otherwise to the dead-letter queue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.cloudformation.expressions import NoExpression, due_at
from sandbox.aws.schedules import NotAllowed
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World

REGION = "eu-central-1"
BUS_TARGET = {
    "Arn": f"arn:aws:events:{REGION}:{HUB}:event-bus/default",
    "RoleArn": f"arn:aws:iam::{HUB}:role/x",
    "Input": "{}",
    "EventBridgeParameters": {"Source": "team.app", "DetailType": "report"},
}


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(5 minutes)", 300), ("rate(1 minute)", 60), ("rate(2 hours)", 7_200), ("rate(1 day)", 86_400)],
)
def test_rates(expression: str, seconds: int) -> None:
    """A rate has a value and a unit, singular or plural."""
    assert due_at(expression, 1_000, None) == 1_000
    assert due_at(expression, 0, 1_000) == 1_000 + seconds


@pytest.mark.parametrize(
    ("created", "last", "due"),
    [(0, None, 11_700), (11_700, None, 98_100), (0, 11_700, 98_100), (0, 11_699, 11_700), (0, 90_000, 98_100)],
)
def test_time_of_each_day(created: float, last: float | None, due: float) -> None:
    """A cron expression can be a time of each day: here, 03:15 in UTC."""
    assert due_at("cron(15 3 * * ? *)", created, last) == due


@pytest.mark.parametrize(
    "expression", ["", "rate(0 minutes)", "rate(5)", "cron(0 3 ? * MON *)", "cron(0 24 * * ? *)", "rate(5 seconds)"]
)
def test_other_expressions_are_refused(expression: str) -> None:
    """What Scheduler refuses, and what is not modeled."""
    with pytest.raises(NoExpression, match="is not rate"):
        due_at(expression, 0, None)


@pytest.fixture
def emptied(made: World) -> Iterator[None]:
    """A queue that no function polls, empty before and after."""
    functions = made.client("lambda", HUB)
    alias = functions.get_alias(FunctionName=NAMES.sweeper_function, Name=contract.LIVE_ALIAS)["AliasArn"]
    (mapping,) = functions.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    for queue in (NAMES.sweeps_queue, NAMES.sweeps_dead_letter_queue):
        sqs_backends[HUB][REGION].queues[queue]._messages.clear()  # noqa: SLF001 - SQS purges a queue once a minute at most


@pytest.mark.usefixtures("emptied")
def test_schedule_is_due_once_in_a_period(made: World, clock: MovedClock) -> None:
    """A schedule runs at once and then once in each period, also after a jump over several periods."""
    assert made.schedules.fire_due() == 3
    assert made.schedules.fire_due() == 0
    clock.advance(299)
    assert made.schedules.fire_due() == 0
    clock.advance(1)
    assert made.schedules.fire_due() == 2
    clock.advance(3 * 86_400)
    assert made.schedules.fire_due() == 3
    assert made.schedules.fire_due() == 0
    assert made.waiting(NAMES.sweeps_queue) == 5


@pytest.mark.usefixtures("emptied")
def test_input_is_the_message(made: World) -> None:
    """The message is the template's Input."""
    made.schedules.fire(contract.AUDIT_SCHEDULE)
    sqs = made.client("sqs", HUB)
    (message,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName=NAMES.sweeps_queue)["QueueUrl"])["Messages"]
    assert json.loads(message["Body"]) == {"orgdns": "schedule audits"}


@pytest.mark.usefixtures("emptied")
def test_role_that_may_not_send_leaves_a_dead_letter(made: World) -> None:
    """The role's policies decide, for the dead-letter queue too."""
    iam = made.client("iam", HUB)
    policy = {"RoleName": NAMES.schedule_role, "PolicyName": "least-privilege"}
    letters = f"arn:aws:sqs:{REGION}:{HUB}:{NAMES.sweeps_dead_letter_queue}"
    only = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": letters}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [only]}))
    made.schedules.fire(contract.SWEEP_SCHEDULE)
    assert made.waiting(NAMES.sweeps_queue) == 0
    assert made.waiting(NAMES.sweeps_dead_letter_queue) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ScheduleExpression": "cron(0 3 ? * MON *)"}, "is not rate"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "FLEXIBLE time window"),
        ({"GroupName": "nobodys"}, "Schedule group nobodys does not exist"),
        ({"KmsKeyArn": f"arn:aws:kms:{REGION}:{HUB}:key/x"}, "not modeled: .'KmsKeyArn'"),
        ({"Target": {"Arn": "arn:aws:lambda:x", "RoleArn": f"arn:aws:iam::{HUB}:role/x"}}, "is not a queue"),
        ({"Target": BUS_TARGET | {"EventBridgeParameters": None}}, "EventBridgeParameters must have"),
        ({"Target": BUS_TARGET | {"EventBridgeParameters": {"Source": "aws.ec2", "DetailType": "t"}}}, "Source"),
        ({"Target": BUS_TARGET | {"Input": "[]"}}, "must be a JSON object"),
        ({"Target": BUS_TARGET | {"Input": "no json"}}, "must be a JSON object"),
        (
            {"Target": BUS_TARGET | {"Arn": f"arn:aws:sqs:{REGION}:{HUB}:orgdns-sweeps"}},
            "for a target that is an event",
        ),
        ({"Target": BUS_TARGET | {"SqsParameters": {"MessageGroupId": "g"}}}, "not modeled: .'SqsParameters'"),
    ],
)
def test_schedule_that_is_not_modeled_is_not_deployed(made: World, change: dict[str, Any], message: str) -> None:
    """Nothing is silently skipped."""
    target = {"Arn": f"arn:aws:sqs:{REGION}:{HUB}:orgdns-sweeps", "RoleArn": f"arn:aws:iam::{HUB}:role/orgdns-schedule"}
    properties = {
        "Name": "other",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    body = {"Resources": {"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties | change}}}
    with pytest.raises(DeploymentFailed, match=message):
        made.deployer.deploy(HUB, REGION, "schedule", json.dumps(body))


@pytest.mark.usefixtures("emptied")
def test_role_trusts_schedules_of_its_group_only(made: World) -> None:
    """A schedule of another group cannot use the role, not even for a dead letter."""
    target = {"Arn": f"arn:aws:sqs:{REGION}:{HUB}:orgdns-sweeps", "RoleArn": f"arn:aws:iam::{HUB}:role/orgdns-schedule"}
    made.client("scheduler", HUB).create_schedule(
        Name="stranger",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    with pytest.raises(NotAllowed, match="does not trust"):
        made.schedules.fire("stranger")
    made.client("scheduler", HUB).delete_schedule(Name="stranger")
    assert made.waiting(NAMES.sweeps_queue) == 0


def test_schedule_of_an_event_bus_is_deployed(made: World) -> None:
    """The templated target of PutEvents is kept as it was deployed."""
    schedule = {
        "Name": "report",
        "State": "DISABLED",
        "ScheduleExpression": "rate(5 minutes)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": BUS_TARGET,
    }
    body = {"Resources": {"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule}}}
    made.deployer.deploy(HUB, REGION, "report", json.dumps(body))
    target = made.client("scheduler", HUB).get_schedule(Name="report")["Target"]
    assert {name: target[name] for name in BUS_TARGET} == BUS_TARGET
    made.client("cloudformation", HUB).delete_stack(StackName="report")


def test_schedule_group(made: World) -> None:
    """A group is created and deleted with its stack, and not taken over."""
    resource = {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "other"}}
    made.deployer.deploy(HUB, REGION, "group", json.dumps({"Resources": {"Group": resource}}))
    groups = made.client("scheduler", HUB).list_schedule_groups()["ScheduleGroups"]
    assert {group["Name"] for group in groups} == {"default", "orgdns", "other"}
    with pytest.raises(DeploymentFailed, match="already exists"):
        made.deployer.deploy(HUB, REGION, "again", json.dumps({"Resources": {"Group": resource}}))
    made.client("cloudformation", HUB).delete_stack(StackName="group")
    groups = made.client("scheduler", HUB).list_schedule_groups()["ScheduleGroups"]
    assert {group["Name"] for group in groups} == {"default", "orgdns"}


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("untrusted", {}, "does not trust scheduler.amazonaws.com"),
        ("cron", {"ScheduleExpression": "cron(0 3 ? * MON *)"}, "is not rate"),
        ("function", {"Target": {"Arn": "arn:aws:lambda:x", "RoleArn": f"arn:aws:iam::{HUB}:role/x"}}, "than queues"),
    ],
)
@pytest.mark.usefixtures("emptied")
def test_schedule_of_an_account_stops_no_other(
    made: World, monkeypatch: pytest.MonkeyPatch, name: str, change: dict[str, Any], message: str
) -> None:
    """A member account can create any schedule. What cannot run is dropped, is reported once, and the others run."""
    reasons: list[str] = []
    monkeypatch.setattr(made.schedules, "dropped", reasons.append)
    scheduler = made.client("scheduler", PAYMENTS)
    target = {"Arn": f"arn:aws:sqs:{REGION}:{PAYMENTS}:nobodys", "RoleArn": f"arn:aws:iam::{PAYMENTS}:role/none"}
    request = {"ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    scheduler.create_schedule(Name=name, **request | change)
    made.schedules.fire_due()
    made.schedules.fire_due()
    scheduler.delete_schedule(Name=name)
    (reason,) = reasons
    assert re.search(message, reason)


def test_schedule_moves_to_a_group_under_a_new_name_only(made: World) -> None:
    """CloudFormation looks for the old name in the new group. A new name is a new schedule, and the old one goes."""
    target = {"Arn": f"arn:aws:sqs:{REGION}:{HUB}:orgdns-sweeps", "RoleArn": f"arn:aws:iam::{HUB}:role/orgdns-schedule"}
    properties = {
        "Name": "moving",
        "State": "DISABLED",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }

    def deploy(**changed: str) -> None:
        schedule = {"Type": "AWS::Scheduler::Schedule", "Properties": properties | changed}
        made.deployer.deploy(HUB, REGION, "moving", json.dumps({"Resources": {"Schedule": schedule}}))

    deploy()
    with pytest.raises(DeploymentFailed, match="'moving' was not found"):
        deploy(GroupName=NAMES.schedule_group)
    deploy(GroupName=NAMES.schedule_group, Name="moved")
    listed = made.client("scheduler", HUB).list_schedules(NamePrefix="mov")["Schedules"]
    assert [(schedule["GroupName"], schedule["Name"]) for schedule in listed] == [(NAMES.schedule_group, "moved")]
    made.client("cloudformation", HUB).delete_stack(StackName="moving")
