"""Schedules whose target is an event bus: the role decides, the bus's rules match, and what fails is a dead letter."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sandbox.aws.cloudwatch.metrics import MetricStore, metric
from sandbox.aws.events.delivery import bus_arn
from sandbox.aws.schedules import NotAllowed, NotDelivered, Schedules
from sandbox.clock import RealClock
from tests.support.sandbox.eventbridge import HUB_BUS, HUB_REGION, REGION, World

GROUP = "reports"


@pytest.fixture
def schedules(world: World) -> Schedules:
    """The schedules of a world in which the member account's rule forwards the events of `team.app` to the hub."""
    world.rules.put_rule(Name="out", EventPattern=json.dumps({"source": ["team.app"]}))
    allow(world, "scheduled", bus_arn(world.member, REGION), world.dead)
    world.client("scheduler", world.member, REGION).create_schedule_group(Name=GROUP)
    return Schedules(RealClock(), world.router, MetricStore(RealClock()))


def allow(world: World, role: str, *resources: str, **condition: str) -> None:
    """Give the member account a role of the scheduler that may send to these resources."""
    group = f"arn:aws:scheduler:{REGION}:{world.member}:schedule-group/{GROUP}"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": world.member}, "ArnEquals": {"aws:SourceArn": group}},
    }
    grant: dict[str, Any] = {
        "Effect": "Allow",
        "Action": ["events:PutEvents", "sqs:SendMessage"],
        "Resource": list(resources),
    }
    if condition:
        grant["Condition"] = {"StringEquals": condition}
    iam = world.client("iam", world.member, REGION)
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName=role, PolicyName="send", PolicyDocument=document(grant))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def schedule(world: World, arn: str | None = None, source: str = "team.app", **target: Any) -> None:  # noqa: ANN401 - any parameter of a target
    """Create a schedule that sends `{"n": 1}` to a bus, by default the member account's own."""
    world.client("scheduler", world.member, REGION).create_schedule(
        Name="report",
        GroupName=GROUP,
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": arn or bus_arn(world.member, REGION),
            "RoleArn": f"arn:aws:iam::{world.member}:role/scheduled",
            "Input": '{"n": 1}',
            "EventBridgeParameters": {"Source": source, "DetailType": "report"},
            **target,
        },
    )


def errors(schedules: Schedules, account: str) -> int:
    """How many errors of targets CloudWatch counted for the group."""
    assert schedules.metrics
    now = RealClock().now()
    of = metric("AWS/Scheduler", "TargetErrorCount", ScheduleGroup=GROUP)
    return len(schedules.metrics.values((account, REGION), of, now - 60, now + 60))


def test_event_goes_through_the_rules_of_the_bus(world: World, schedules: Schedules) -> None:
    """The event has the schedule's account and region, the present time, and what the schedule says."""
    schedule(world)
    assert schedules.fire_due() == 1
    assert errors(schedules, world.member) == 0
    (event,) = world.events()
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "report",
        "source": "team.app",
        "account": world.member,
        "time": "2026-11-02T09:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {"n": 1},
    }


def test_event_that_no_rule_matches_is_dropped(world: World, schedules: Schedules) -> None:
    """A bus accepts every event, and only its rules decide what happens to it."""
    schedule(world, source="team.other")
    schedules.fire("report")
    assert world.events() == []


def test_role_must_allow_the_bus(world: World, schedules: Schedules) -> None:
    """The schedule's role decides, also by the conditions of EventBridge."""
    allow(world, "narrow", bus_arn(world.member, REGION), **{"events:source": "team.app"})
    schedule(world, source="team.other", RoleArn=f"arn:aws:iam::{world.member}:role/narrow")
    with pytest.raises(NotAllowed, match="do not allow events:PutEvents"):
        schedules.fire("report")
    assert errors(schedules, world.member) == 1
    assert world.events() == []


def test_role_must_trust_the_schedule(world: World, schedules: Schedules) -> None:
    """A role of another service cannot put the event."""
    schedule(world, RoleArn=world.role)
    with pytest.raises(NotAllowed, match="does not trust"):
        schedules.fire("report")


@pytest.mark.parametrize("bus", ["event-bus/nobodys", "event-bus/default"])
def test_undelivered_event_is_a_dead_letter(world: World, schedules: Schedules, bus: str) -> None:
    """An event for a bus that does not exist, or is in another account and not open, goes to the dead-letter queue."""
    account = world.member if bus.endswith("nobodys") else world.hub
    arn = f"arn:aws:events:{REGION}:{account}:{bus}"
    role = f"arn:aws:iam::{world.member}:role/wide"
    allow(world, "wide", arn, world.dead)
    schedule(world, arn, RoleArn=role, DeadLetterConfig={"Arn": world.dead})
    schedules.fire("report")
    assert [message["Body"] for message in world.received(world.dead)] == ['{"n": 1}']
    assert errors(schedules, world.member) == 1


def test_dead_letter_queue_must_be_a_queue(world: World, schedules: Schedules) -> None:
    """What fails twice is dropped, and the reason names the dead-letter queue."""
    nobodys = f"{world.dead}{80 * 'x'}"
    schedule(world, f"arn:aws:lambda:{REGION}:{world.member}:function:f", DeadLetterConfig={"Arn": nobodys})
    with pytest.raises(NotDelivered, match="which is no queue"):
        schedules.fire("report")


def test_bus_of_another_region_is_refused(world: World, schedules: Schedules) -> None:
    """PutEvents reaches buses of its own region."""
    allow(world, "far", world.bus)
    schedule(world, bus_arn(world.hub, HUB_REGION, HUB_BUS), RoleArn=f"arn:aws:iam::{world.member}:role/far")
    with pytest.raises(NotDelivered, match="in another region"):
        schedules.fire("report")


def test_source_of_aws_is_refused(world: World, schedules: Schedules) -> None:
    """Nobody sends an event in the name of an AWS service: Scheduler refuses the schedule."""
    with pytest.raises(world.client("scheduler", world.member, REGION).exceptions.ValidationException, match="Source"):
        schedule(world, source="aws.ec2")
    assert schedules.fire_due() == 0


def test_disabled_or_deleted_schedule_does_not_fire(world: World, schedules: Schedules) -> None:
    """Only enabled schedules are due."""
    schedule(world)
    scheduler = world.client("scheduler", world.member, REGION)
    made = scheduler.get_schedule(Name="report", GroupName=GROUP)
    kept = {name: made[name] for name in ("ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(Name="report", GroupName=GROUP, State="DISABLED", **kept)
    assert schedules.fire_due() == 0
    scheduler.update_schedule(Name="report", GroupName=GROUP, State="ENABLED", **kept)
    assert schedules.fire_due() == 1
    scheduler.delete_schedule(Name="report", GroupName=GROUP)
    assert schedules.fire_due() == 0
    assert len(world.events()) == 1
