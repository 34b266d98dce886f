"""The task that a message of the associator's queue calls for."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import contract
from hub.runtime.associator.events import association_of, vpc_hint_of
from hub.runtime.messages import NotOurs
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import Associate

VPC = "vpc-0a1b2c3d4e5f60718"


CALL: dict[str, Any] = {
    "source": "aws.ec2",
    "detail-type": "AWS API Call via CloudTrail",
    "account": "444444444444",
    "region": "eu-central-1",
    "resources": [],
    "detail": {
        "eventSource": "ec2.amazonaws.com",
        "awsRegion": "eu-central-1",
        "eventName": "CreateVpc",
        "responseElements": {"vpc": {"vpcId": VPC}},
    },
}


DELETED = {"awsRegion": "eu-central-1", "eventName": "DeleteVpc", "requestParameters": {"vpcId": VPC}}


TAGGED = {
    "source": "aws.tag",
    "detail-type": "Tag Change on Resource",
    "account": "444444444444",
    "region": "eu-central-1",
    "resources": [f"arn:aws:ec2:eu-central-1:444444444444:vpc/{VPC}"],
    "detail": {"service": "ec2", "resource-type": "vpc"},
}


@pytest.mark.parametrize(
    "event",
    [
        CALL,
        CALL | {"detail": DELETED},
        CALL | {"detail": DELETED | {"eventName": "ModifyVpcAttribute"}},
        TAGGED,
    ],
)
def test_event_of_a_vpc_is_a_hint(event: dict[str, Any]) -> None:
    """The event names the VPC; account and region are those that it comes from."""
    assert vpc_hint_of(json.dumps(event)) == (Spoke("444444444444", "eu-central-1"), VPC)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("{", "the message is not valid JSON"),
        ("[]", "the message is not a JSON object"),
        ("{}", "the event has no detail"),
        (
            CALL | {"source": "custom"},
            "orgdns does not handle events of source 'custom' and detail-type 'AWS API Call via CloudTrail'",
        ),
        (CALL | {"account": "payments"}, "the event and the call in it are from different regions"),
        (CALL | {"region": "us-east-1"}, "the event and the call in it are from different regions"),
        (CALL | {"detail": DELETED | {"eventName": "CreateSubnet"}}, "does not create, change or delete a VPC"),
        (CALL | {"detail": DELETED | {"requestParameters": None}}, "does not create, change or delete a VPC"),
        (CALL | {"detail": DELETED | {"requestParameters": {"vpcId": "vpc-*"}}}, "'vpc-*' is not the id of a VPC"),
        (TAGGED | {"resources": ["arn:aws:ec2:eu-central-1:444444444444:subnet/x"]}, "is not the ARN of a VPC"),
        (TAGGED | {"resources": []}, "the event does not have exactly one resource"),
        (TAGGED | {"account": "555555555555"}, "the resource is in another account or region than the event"),
    ],
)
def test_event_without_a_vpc_is_refused(event: dict[str, Any] | str, reason: str) -> None:
    """An event that is not about a VPC, or contradicts itself, is refused with a reason."""
    with pytest.raises(NotOurs) as refused:
        vpc_hint_of(event if isinstance(event, str) else json.dumps(event))
    assert reason in str(refused.value)


ASSOCIATE = {"orgdns": "associate", "account": "444444444444", "region": "eu-central-1", "vpcs": [VPC]}


HOME = Spoke("444444444444", "eu-central-1")


@pytest.mark.parametrize("content", [CALL, TAGGED, ASSOCIATE])
def test_associator_takes_events_and_tasks(content: dict[str, Any]) -> None:
    """An event of a VPC asks for the same as a task with this VPC, and says that it is an event."""
    by_event = content is not ASSOCIATE
    assert association_of(json.dumps(content)) == Associate(HOME, (VPC,), by_event=by_event)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"orgdns": "schedule audits"}, "the message is a task for the sweeper"),
        (ASSOCIATE | {"vpcs": ["vpc-*"]}, "the message is not a task of orgdns"),
        (CALL | {"detail": None}, "the event has no detail"),
        ([], "the message is not a JSON object"),
    ],
)
def test_associator_refuses_other_messages(content: object, reason: str) -> None:
    """Another function's task, an invalid task and an invalid event are refused with a reason each."""
    with pytest.raises(NotOurs) as refused:
        association_of(json.dumps(content))
    assert str(refused.value) == reason


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)
_PLACES = (
    ("account",),
    ("region",),
    ("source",),
    ("detail-type",),
    ("resources",),
    ("detail",),
    ("detail", "awsRegion"),
    ("detail", "eventName"),
    ("detail", "responseElements"),
    ("detail", "responseElements", "vpc"),
    ("detail", "responseElements", "vpc", "vpcId"),
)


@given(place=st.sampled_from(_PLACES), odd=_json)
def test_any_event_is_a_task_or_not_ours(place: tuple[str, ...], odd: object) -> None:
    """One odd message of a batch is dropped by itself: it never ends the function for the others."""
    event = deepcopy(CALL)
    of: Any = event
    for name in place[:-1]:
        of = of[name]
    of[place[-1]] = odd
    with suppress(NotOurs):
        assert association_of(json.dumps(event)) == Associate(HOME, (VPC,), by_event=True)


@given(task=_json, account=_json, vpcs=_json)
def test_any_task_is_one_of_ours_or_dropped(task: object, account: object, vpcs: object) -> None:
    """Whatever a task's fields hold, nothing but NotOurs is raised."""
    body = {"orgdns": "associate", "task": task, "account": account, "region": "eu-central-1", "vpcs": vpcs}
    for content in (body, body | {contract.TASK: contract.ASSOCIATE}):
        with suppress(NotOurs):
            assert isinstance(association_of(json.dumps(content)), Associate)
