"""Events that a caller sends with PutEvents."""

from __future__ import annotations

import json

from tests.support.sandbox.eventbridge import HUB_REGION, REGION, World, put


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
