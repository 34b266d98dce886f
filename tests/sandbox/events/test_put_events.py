"""Events that a caller sends with PutEvents."""

from __future__ import annotations

import json

from tests.support.sandbox.eventbridge import HUB_REGION, REGION, World, put


def test_put_events_sets_account_and_region(world: World) -> None:
    """PutEvents sets account, region, time and id, and keeps the caller's other fields."""
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


def test_aws_source_is_refused(world: World) -> None:
    """PutEvents refuses a source of AWS with the documented code."""
    forged = put(world.rules, Source="aws.ec2", Detail=json.dumps({"state": "running"}))
    assert forged["ErrorCode"] == "NotAuthorizedForSourceException"
    assert world.events() == []


def test_malformed_entry_fails_alone(world: World) -> None:
    """An entry without a field, or whose detail is not a JSON object, fails alone."""
    assert put(world.rules, Detail="no json")["ErrorCode"] == "MalformedDetail"
    assert put(world.rules, Detail="[]")["ErrorCode"] == "MalformedDetail"
    assert put(world.rules, Source="")["ErrorCode"] == "InvalidArgument"


def test_bus_policy_distinguishes_callers_from_rules(world: World) -> None:
    """The hub's policy can admit a caller's PutEvents and a rule's delivery separately."""
    caller = world.client("events", world.member, HUB_REGION)
    assert put(caller, EventBusName=world.bus)["ErrorCode"] == "AccessDeniedException"
    world.admit(**{"events:eventBusInvocation": "false", "aws:PrincipalArn": f"arn:aws:iam::{world.member}:role/admin"})
    assert "EventId" in put(caller, EventBusName=world.bus)
    assert [event["account"] for event in world.events()] == [world.member]
