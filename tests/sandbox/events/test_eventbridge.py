from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from sandbox.aws.events.delivery import bus_arn
from sandbox.aws.events.eventbridge import Router, events_routed
from sandbox.aws.organization import organization_id
from sandbox.clock import moved_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION, HUB_REGION = "us-west-2", "eu-west-1"
HUB_BUS = "names"


class World:
    """A member account with a rule that forwards to the hub account's bus, and there a rule to a queue."""

    def __init__(self) -> None:
        self.router = Router()
        management = boto3.client("organizations", region_name="us-east-1")
        management.create_organization(FeatureSet="ALL")
        made = [
            management.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
            for name in ("hub", "member")
        ]
        self.hub, self.member = (status["AccountId"] for status in made)
        self.org = str(organization_id(self.member))
        self.bus = bus_arn(self.hub, HUB_REGION, HUB_BUS)
        self.role = f"arn:aws:iam::{self.member}:role/delivery"
        self._make_hub()
        self._make_member()

    def client(self, service: str, account: str, region: str) -> Any:  # noqa: ANN401 - a client of any service
        role = f"arn:aws:iam::{account}:role/admin"
        session = boto3.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="test")
        key = session["Credentials"]
        return boto3.client(
            service,  # type: ignore[call-overload] # the stubs want a literal
            region_name=region,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
        )

    def queue(self, name: str, account: str, region: str, rule_arn: str) -> str:
        arn = f"arn:aws:sqs:{region}:{account}:{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
        }
        self.client("sqs", account, region).create_queue(
            QueueName=name, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        )
        return arn

    def received(self, queue_arn: str) -> list[dict[str, Any]]:
        _, _, _, region, account, name = queue_arn.split(":")
        sqs = self.client("sqs", account, region)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.received(self.inbox)]

    def admit(self, **condition: str) -> None:
        equal = {"aws:PrincipalOrgID": self.org, "events:eventBusInvocation": "true", **condition}
        statement = {
            "Sid": "spokes",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": self.bus,
            "Condition": {"StringEquals": equal},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.client("events", self.hub, HUB_REGION).put_permission(EventBusName=HUB_BUS, Policy=json.dumps(policy))

    def trust(self, service: str) -> None:
        document = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        self.client("iam", self.member, REGION).update_assume_role_policy(
            RoleName="delivery", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [document]})
        )

    def permit(self, resource: str) -> None:
        document = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": resource}
        self.client("iam", self.member, REGION).put_role_policy(
            RoleName="delivery",
            PolicyName="put",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [document]}),
        )

    def _make_hub(self) -> None:
        events = self.client("events", self.hub, HUB_REGION)
        events.create_event_bus(Name=HUB_BUS)
        self.admit()
        pattern = json.dumps({"source": ["aws.ec2", "aws.tag", "team.app"]})
        rule = events.put_rule(Name="in", EventBusName=HUB_BUS, EventPattern=pattern)["RuleArn"]
        self.inbox = self.queue("inbox", self.hub, HUB_REGION, rule)
        events.put_targets(Rule="in", EventBusName=HUB_BUS, Targets=[{"Id": "inbox", "Arn": self.inbox}])

    def _make_member(self) -> None:
        iam = self.client("iam", self.member, REGION)
        iam.create_role(RoleName="delivery", AssumeRolePolicyDocument="{}")
        self.trust("events.amazonaws.com")
        self.permit(self.bus)
        self.rules = self.client("events", self.member, REGION)
        pattern = json.dumps({"source": ["aws.ec2"], "detail": {"state": ["running", "terminated"]}})
        self.rule = self.rules.put_rule(Name="out", EventPattern=pattern)["RuleArn"]
        self.dead = self.queue("dead", self.member, REGION, self.rule)
        self.forward(self.bus)

    def forward(self, arn: str) -> None:
        dead = {"Arn": self.dead}
        target = {"Id": "hub", "Arn": arn, "RoleArn": self.role, "DeadLetterConfig": dead}
        self.rules.put_targets(Rule="out", Targets=[target])

    def event(self, state: str = "running", number: int = 0) -> dict[str, Any]:
        instance = f"i-{number:017x}"
        return {
            "version": "0",
            "id": f"7bf73129-1428-4cd3-a780-{number:012x}",
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "account": self.member,
            "time": "2026-11-02T09:00:00Z",
            "region": REGION,
            "resources": [f"arn:aws:ec2:{REGION}:{self.member}:instance/{instance}"],
            "detail": {"instance-id": instance, "state": state},
        }

    def codes(self) -> list[str]:
        return [undelivered.code for undelivered in self.router.undelivered]


@pytest.fixture
def world() -> Iterator[World]:
    with moved_clock(), mock_aws():
        world = World()
        with events_routed(world.router):
            yield world


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


def put(client: Any, **entry: object) -> dict[str, Any]:  # noqa: ANN401 - a client for events
    defaults = {"Source": "team.app", "DetailType": "deployed", "Detail": '{"n": 1}'}
    (answer,) = client.put_events(Entries=[{**defaults, **entry}])["Entries"]
    result: dict[str, Any] = answer
    return result


def test_a_callers_own_event_has_the_services_account_and_region(world: World) -> None:
    """PutEvents sets account, region, time and id, and keeps the rest of the caller's."""
    pattern = json.dumps({"source": ["team.app"]})
    world.rules.put_rule(Name="out", EventPattern=pattern)
    answer = put(world.rules, Resources=["arn:aws:s3:::b"])
    (event,) = world.events()
    assert event == {
        "version": "0",
        "id": answer["EventId"],
        "detail-type": "deployed",
        "source": "team.app",
        "account": world.member,
        "time": "2026-11-02T09:00:00Z",
        "region": REGION,
        "resources": ["arn:aws:s3:::b"],
        "detail": {"n": 1},
    }


def test_a_caller_cannot_speak_as_aws(world: World) -> None:
    """A source of AWS in PutEvents is refused with the documented code."""
    forged = put(world.rules, Source="aws.ec2", Detail=json.dumps({"state": "running"}))
    assert forged["ErrorCode"] == "NotAuthorizedForSourceException"
    assert world.events() == []


def test_malformed_entries_are_answered_one_by_one(world: World) -> None:
    """What is missing or no JSON object fails alone."""
    assert put(world.rules, Detail="no json")["ErrorCode"] == "MalformedDetail"
    assert put(world.rules, Detail="[]")["ErrorCode"] == "MalformedDetail"
    assert put(world.rules, Source="")["ErrorCode"] == "InvalidArgument"


def test_a_direct_put_to_the_hub_is_not_a_rules_delivery(world: World) -> None:
    """The hub's policy tells a caller's own PutEvents from a rule's delivery, and may let it in or not."""
    caller = world.client("events", world.member, HUB_REGION)
    assert put(caller, EventBusName=world.bus)["ErrorCode"] == "AccessDeniedException"
    world.admit(**{"events:eventBusInvocation": "false", "aws:PrincipalArn": f"arn:aws:iam::{world.member}:role/admin"})
    assert "EventId" in put(caller, EventBusName=world.bus)
    assert [event["account"] for event in world.events()] == [world.member]
