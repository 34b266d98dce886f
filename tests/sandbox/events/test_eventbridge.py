"""From an event in a spoke to the hub's queue: rules, roles, and the policies of bus and queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.events.delivery import bus_arn
from tests.support.sandbox.eventbridge import HUB_BUS, HUB_REGION, REGION, World


def test_an_event_crosses_to_the_hub_with_its_envelope_unchanged(world: World) -> None:
    """What the queue holds is the event as the service published it, to the last field."""
    world.router.emit(world.event())
    assert world.events() == [world.event()]
    assert world.codes() == []


def test_what_no_pattern_matches_goes_nowhere(world: World) -> None:
    """A state that the rule does not name is neither delivered nor counted as undelivered."""
    world.router.emit(world.event("pending"))
    assert (world.events(), world.codes()) == ([], [])


def test_a_disabled_rule_and_a_schedule_deliver_nothing(world: World) -> None:
    """Only an enabled rule with a pattern sees events."""
    world.rules.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    world.rules.put_targets(Rule="hourly", Targets=[{"Id": "dead", "Arn": world.dead}])
    world.rules.disable_rule(Name="out")
    world.router.emit(world.event())
    assert (world.events(), world.codes()) == ([], [])
    world.rules.enable_rule(Name="out")
    world.router.emit(world.event())
    assert len(world.events()) == 1


@pytest.mark.parametrize(
    "condition",
    [
        {"aws:PrincipalOrgID": "o-someoneelse"},
        {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/other"},
        {"aws:PrincipalAccount": "999999999999"},
        {"events:source": "aws.tag"},
        {"events:detail-type": "Tag Change on Resource"},
        {"events:eventBusInvocation": "false"},
    ],
)
def test_the_bus_policy_decides_by_each_of_its_conditions(world: World, condition: dict[str, str]) -> None:
    """An event that the bus's policy does not admit stays out, and its rule's dead letters tell why."""
    world.admit(**condition)
    world.router.emit(world.event())
    assert world.events() == []
    assert world.codes() == ["NO_PERMISSIONS"]
    (letter,) = world.received(world.dead)
    assert json.loads(letter["Body"]) == world.event()
    texts = {key: attribute["StringValue"] for key, attribute in letter["MessageAttributes"].items()}
    message = texts.pop("ERROR_MESSAGE")
    assert world.bus in message
    assert texts == {"RULE_ARN": world.rule, "TARGET_ARN": world.bus, "ERROR_CODE": "NO_PERMISSIONS"}


def test_the_bus_policy_admits_what_meets_all_conditions(world: World) -> None:
    """The true values of every condition key let the event in."""
    world.admit(
        **{
            "aws:PrincipalArn": world.role,
            "aws:PrincipalAccount": world.member,
            "events:source": "aws.ec2",
            "events:detail-type": "EC2 Instance State-change Notification",
        }
    )
    world.router.emit(world.event())
    assert len(world.events()) == 1


def test_the_role_must_trust_eventbridge(world: World) -> None:
    """A delivery role that trusts another service cannot be assumed."""
    world.trust("lambda.amazonaws.com")
    world.router.emit(world.event())
    assert world.codes() == ["FAILED_TO_ASSUME_ROLE"]


def test_the_role_must_be_allowed_to_put(world: World) -> None:
    """A delivery role whose policy names another bus delivers nothing to this one."""
    world.permit(world.bus + "-other")
    world.router.emit(world.event())
    assert world.codes() == ["NO_PERMISSIONS"]


def test_a_target_without_a_role_delivers_nothing(world: World) -> None:
    """A bus that is open to an organization needs the target to name a role."""
    world.rules.put_targets(Rule="out", Targets=[{"Id": "hub", "Arn": world.bus}])
    world.router.emit(world.event())
    assert world.codes() == ["FAILED_TO_ASSUME_ROLE"]


def test_a_bus_that_is_gone_is_told_apart(world: World) -> None:
    """A missing bus is a missing resource, not a missing permission."""
    world.forward(world.bus + "-gone")
    world.router.emit(world.event())
    assert world.codes() == ["NO_RESOURCE"]


def test_there_is_no_third_hop(world: World) -> None:
    """The hub's rules may not send on what came from a member's bus, while its queue still gets it."""
    events = world.client("events", world.hub, HUB_REGION)
    target = {"Id": "on", "Arn": bus_arn(world.member, REGION), "RoleArn": world.role}
    events.put_targets(Rule="in", EventBusName=HUB_BUS, Targets=[target])
    world.router.emit(world.event())
    assert len(world.events()) == 1
    assert world.codes() == ["THIRD_ACCOUNT_HOP_DETECTED"]


def test_the_queue_policy_must_name_the_rule(world: World) -> None:
    """A queue whose policy is for another rule takes nothing from this one."""
    events = world.client("events", world.hub, HUB_REGION)
    events.put_rule(Name="other", EventBusName=HUB_BUS, EventPattern=json.dumps({"source": ["aws.ec2"]}))
    events.put_targets(Rule="other", EventBusName=HUB_BUS, Targets=[{"Id": "inbox", "Arn": world.inbox}])
    world.router.emit(world.event())
    assert len(world.events()) == 1
    assert world.codes() == ["NO_PERMISSIONS"]


def test_events_can_be_lost_doubled_and_held_back_on_purpose(world: World) -> None:
    """What arrives at the hub is what the fault makes of each event."""
    held: list[dict[str, Any]] = []

    def tamper(event: dict[str, Any]) -> list[dict[str, Any]]:
        match event["detail"]["instance-id"][-1]:
            case "1":
                return []
            case "2":
                return [event, event]
            case "3":
                held.append(event)
                return []
            case _:
                return [event, *held]

    world.router.tamper = tamper
    for number in (1, 2, 3, 4):
        world.router.emit(world.event(number=number))
    assert [event["detail"]["instance-id"][-1] for event in world.events()] == ["2", "2", "4", "3"]
