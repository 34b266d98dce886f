"""An event's path from a spoke to the hub's queue: rules, roles, and the policies of bus and queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.aws.events.delivery import bus_arn
from tests.support.sandbox.eventbridge import HUB_BUS, HUB_REGION, REGION, World


def test_event_reaches_the_hub_unchanged(world: World) -> None:
    """The queue receives the event as the service published it, to the last field."""
    world.router.emit(world.event())
    assert world.events() == [world.event()]
    assert world.codes() == []


def test_unmatched_event_goes_nowhere(world: World) -> None:
    """An event that no rule matches is neither delivered nor counted as undelivered."""
    world.router.emit(world.event("pending"))
    assert (world.events(), world.codes()) == ([], [])


def test_disabled_rule_and_schedule_deliver_nothing(world: World) -> None:
    """Only an enabled rule with a pattern receives events."""
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
def test_bus_policy_refuses_by_each_condition(world: World, condition: dict[str, str]) -> None:
    """The bus refuses an event by each condition, and the rule's dead letter says why."""
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


def test_bus_policy_admits_by_all_conditions(world: World) -> None:
    """An event that meets every condition is admitted."""
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


def test_role_must_trust_eventbridge(world: World) -> None:
    """A role that trusts another service cannot be assumed."""
    world.trust("lambda.amazonaws.com")
    world.router.emit(world.event())
    assert world.codes() == ["FAILED_TO_ASSUME_ROLE"]


def test_role_must_be_allowed_to_put(world: World) -> None:
    """A role whose policy names another bus delivers nothing to this bus."""
    world.permit(world.bus + "-other")
    world.router.emit(world.event())
    assert world.codes() == ["NO_PERMISSIONS"]


def test_target_without_role_delivers_nothing(world: World) -> None:
    """A target on a bus that is open to an organization needs a role."""
    world.rules.put_targets(Rule="out", Targets=[{"Id": "hub", "Arn": world.bus}])
    world.router.emit(world.event())
    assert world.codes() == ["FAILED_TO_ASSUME_ROLE"]


def test_missing_bus_is_a_missing_resource(world: World) -> None:
    """A deleted bus is reported as a missing resource, not as a missing permission."""
    world.forward(world.bus + "-gone")
    world.router.emit(world.event())
    assert world.codes() == ["NO_RESOURCE"]


def test_third_hop_is_refused(world: World) -> None:
    """The hub's rules cannot forward an event that came from a member's bus; the hub's queue still gets it."""
    events = world.client("events", world.hub, HUB_REGION)
    target = {"Id": "on", "Arn": bus_arn(world.member, REGION), "RoleArn": world.role}
    events.put_targets(Rule="in", EventBusName=HUB_BUS, Targets=[target])
    world.router.emit(world.event())
    assert len(world.events()) == 1
    assert world.codes() == ["THIRD_ACCOUNT_HOP_DETECTED"]


def test_queue_policy_must_name_the_rule(world: World) -> None:
    """A queue whose policy names another rule accepts nothing from this rule."""
    events = world.client("events", world.hub, HUB_REGION)
    events.put_rule(Name="other", EventBusName=HUB_BUS, EventPattern=json.dumps({"source": ["aws.ec2"]}))
    events.put_targets(Rule="other", EventBusName=HUB_BUS, Targets=[{"Id": "inbox", "Arn": world.inbox}])
    world.router.emit(world.event())
    assert len(world.events()) == 1
    assert world.codes() == ["NO_PERMISSIONS"]


def test_injected_faults_lose_duplicate_and_delay_events(world: World) -> None:
    """The hub receives what the injected fault returns for each event."""
    delayed: list[dict[str, Any]] = []

    def tamper(event: dict[str, Any]) -> list[dict[str, Any]]:
        match event["detail"]["instance-id"][-1]:
            case "1":
                return []
            case "2":
                return [event, event]
            case "3":
                delayed.append(event)
                return []
            case _:
                return [event, *delayed]

    world.router.tamper = tamper
    for number in (1, 2, 3, 4):
        world.router.emit(world.event(number=number))
    assert [event["detail"]["instance-id"][-1] for event in world.events()] == ["2", "2", "4", "3"]


@pytest.mark.parametrize(
    ("group", "expected"), [("$.account", "member"), ("$.detail.state", "running"), ("fixed", "fixed"), (None, None)]
)
def test_message_group_may_be_a_path_into_the_event(world: World, group: str | None, expected: str | None) -> None:
    """A rule's target that is a standard queue may have a message group: a text, or a path that leads to one."""
    target = {"Id": "inbox", "Arn": world.inbox} | ({"SqsParameters": {"MessageGroupId": group}} if group else {})
    world.client("events", world.hub, HUB_REGION).put_targets(Rule="in", EventBusName=HUB_BUS, Targets=[target])
    world.router.emit(world.event())
    (message,) = world.received(world.inbox)
    assert message["Attributes"].get("MessageGroupId") == (world.member if expected == "member" else expected)


def test_path_that_leads_nowhere_is_not_delivered(world: World) -> None:
    """What EventBridge does then is not documented: the sandbox refuses it, so that no template rests on it."""
    target = {"Id": "inbox", "Arn": world.inbox, "SqsParameters": {"MessageGroupId": "$.detail.nothing.there"}}
    world.client("events", world.hub, HUB_REGION).put_targets(Rule="in", EventBusName=HUB_BUS, Targets=[target])
    world.router.emit(world.event())
    assert (world.events(), world.codes()) == ([], ["INTERNAL_ERROR"])
