from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.associator.events import association_of, vpc_hint_of
from hub.runtime.messages import NotOurs
from hub.runtime.model.names import InstanceRef, InstanceState, Spoke
from hub.runtime.model.tasks import Associate
from hub.runtime.observer.events import Hint, hint_of
from tests.support.build import DOCUMENTS

STATE_CHANGE: dict[str, Any] = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())
TAG_CHANGE: dict[str, Any] = json.loads((DOCUMENTS / "tag-change.json").read_text())

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def test_published_state_change_is_a_hint() -> None:
    """The event as AWS publishes it names account, region, instance and state."""
    expected = InstanceRef("123456789012", "us-east-1", "i-abcd1111")
    assert hint_of(json.dumps(STATE_CHANGE), 2) == Hint(expected, InstanceState.RUNNING, attempt=2)


def test_published_tag_change_is_a_hint() -> None:
    """The tag event as AWS publishes it names the instance, and the tags to look for."""
    tags: dict[str, str] = TAG_CHANGE["detail"]["tags"]
    assert hint_of(json.dumps(TAG_CHANGE), 3) == Hint(
        InstanceRef("123456789012", "us-east-1", "i-0000000aaaaaaaaaa"),
        expected_tags=frozenset({tuple(sorted(tags.items()))}),
        attempt=3,
        time=TAG_CHANGE["time"],
    )


def test_tag_change_without_a_time_is_older_than_any() -> None:
    """Of tags that were told the latest count, and those of an event that tells no time never are the latest."""
    event = {key: value for key, value in TAG_CHANGE.items() if key != "time"}
    assert hint_of(json.dumps(event)).time == ""


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"Name": "web", "A": "b"}, {(("A", "b"), ("Name", "web"))}),
        ({}, {()}),
        ({"Name": None}, set()),
        ({"Name": 3}, set()),
        (None, set()),
        ([], set()),
    ],
)
def test_tags_of_a_tag_change_are_only_what_to_look_for(tags: object, expected: set[object]) -> None:
    """What the event says of the tags is carried as an expectation; what it does not say is none."""
    assert hint_of(json.dumps(TAG_CHANGE | {"detail": {"tags": tags}})).expected_tags == expected


@pytest.mark.parametrize("state", ["shutting-down", "terminated"])
def test_end_is_taken_from_the_event(state: str) -> None:
    """The two final states are the one thing that an event decides."""
    assert hint_of(json.dumps(STATE_CHANGE | {"detail": STATE_CHANGE["detail"] | {"state": state}})).final


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"source": "my.app"},
            "orgdns does not handle events of source 'my.app' and detail-type 'EC2 Instance State-change Notification'",
        ),
        ({"detail-type": "EC2 Spot Instance Interruption Warning"}, "'EC2 Spot Instance Interruption Warning'"),
        ({"source": "x" * 100}, f"orgdns does not handle events of source '{'x' * 79}[.]{{3}} and"),
        ({"account": "999999999999"}, "another account or region"),
        ({"region": "eu-west-1"}, "another account or region"),
        ({"resources": []}, "one resource"),
        ({"resources": STATE_CHANGE["resources"] * 2}, "one resource"),
        ({"resources": ["arn:aws:s3:::bucket"]}, "'arn:aws:s3:::bucket' is not the ARN of an instance"),
        ({"detail": None}, "no detail"),
        ({"detail": {"instance-id": "i-99999999", "state": "terminated"}}, "not the instance"),
        ({"detail": {"instance-id": "i-abcd1111", "state": "rebooting"}}, "'rebooting' is not a state of an instance"),
    ],
)
def test_event_that_is_not_ours_is_refused(change: dict[str, Any], reason: str) -> None:
    """An event that contradicts itself or is of another kind is refused with its reason."""
    with pytest.raises(NotOurs, match=reason):
        hint_of(json.dumps(STATE_CHANGE | change))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the message is not valid JSON"),
        ("no json", "the message is not valid JSON"),
        ("[" * 100_000, "the message is nested too deeply"),
        ("[]", "the message is not a JSON object"),
        ("3", "the message is not a JSON object"),
        ("null", "the message is not a JSON object"),
        ("{}", "the event has no detail"),
    ],
)
def test_message_that_is_no_event_is_refused(body: str, reason: str) -> None:
    """A message of whatever text is refused with its reason, never a crash."""
    with pytest.raises(NotOurs) as refused:
        hint_of(body)
    assert str(refused.value) == reason


@given(st.dictionaries(st.sampled_from(sorted(STATE_CHANGE)), JSON))
def test_garbled_event_is_a_hint_or_refused(garbled: dict[str, Any]) -> None:
    """Whatever stands in an event's places, the outcome is a hint about its own account, or a refusal."""
    event = STATE_CHANGE | garbled
    try:
        hint = hint_of(json.dumps(event))
    except NotOurs:
        return
    assert (hint.ref.account, hint.ref.region) == (event["account"], event["region"])


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
    """What is taken from it is which VPC to look at, in the account and region that it comes from."""
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
def test_event_that_is_of_no_vpc_is_refused(event: dict[str, Any] | str, reason: str) -> None:
    """What is no event of a VPC, or contradicts itself, never can succeed, and says why."""
    with pytest.raises(NotOurs) as refused:
        vpc_hint_of(event if isinstance(event, str) else json.dumps(event))
    assert reason in str(refused.value)


ASSOCIATE = {"orgdns": "associate", "account": "444444444444", "region": "eu-central-1", "vpcs": [VPC]}


@pytest.mark.parametrize("content", [CALL, TAGGED, ASSOCIATE])
def test_associator_takes_events_and_tasks(content: dict[str, Any]) -> None:
    """An event of a VPC asks for the same as a task with this VPC."""
    assert association_of(json.dumps(content)) == Associate(Spoke("444444444444", "eu-central-1"), (VPC,))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"orgdns": "schedule audits"}, "the message is a task for the sweeper"),
        (ASSOCIATE | {"vpcs": ["vpc-*"]}, "the message is not a task of orgdns"),
        (CALL | {"detail": None}, "the event has no detail"),
        ([], "the message is not a JSON object"),
    ],
)
def test_associator_refuses_what_is_neither(content: object, reason: str) -> None:
    """Another function's task, a garbled task and a garbled event each say what is wrong."""
    with pytest.raises(NotOurs) as refused:
        association_of(json.dumps(content))
    assert str(refused.value) == reason
