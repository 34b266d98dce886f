"""Which instance an event names, and what it says of it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.messages import NotOurs
from hub.runtime.model.names import InstanceRef, InstanceState, Millis, Spoke
from hub.runtime.observer.events import Call, Hint, event_of
from tests.support.build import DOCUMENTS, hint_of

STATE_CHANGE: dict[str, Any] = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())


TAG_CHANGE: dict[str, Any] = json.loads((DOCUMENTS / "tag-change.json").read_text())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def millis(text: str) -> Millis:
    """A time as EventBridge writes it, as a number."""
    return Millis(int(datetime.fromisoformat(text).timestamp() * 1000))


def test_published_state_change_is_a_hint() -> None:
    """The event as AWS publishes it names account, region, instance and state."""
    expected = InstanceRef("123456789012", "us-east-1", "i-abcd1111")
    hint = Hint(expected, InstanceState.RUNNING, attempt=2, reported_at=millis(STATE_CHANGE["time"]))
    assert hint_of(json.dumps(STATE_CHANGE), 2) == hint


def test_published_tag_change_is_a_hint() -> None:
    """The tag event as AWS publishes it names the instance and its tags."""
    tags: dict[str, str] = TAG_CHANGE["detail"]["tags"]
    assert hint_of(json.dumps(TAG_CHANGE), 3) == Hint(
        InstanceRef("123456789012", "us-east-1", "i-0000000aaaaaaaaaa"),
        expected_tags=frozenset({tuple(sorted(tags.items()))}),
        attempt=3,
        time=TAG_CHANGE["time"],
        reported_at=millis(TAG_CHANGE["time"]),
    )


def test_tag_change_without_a_time_is_the_oldest() -> None:
    """The latest report of tags counts, and a report without a time is never the latest."""
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
def test_tags_of_a_tag_change_are_expectations(tags: object, expected: set[object]) -> None:
    """The tags in the event are what a description is expected to show; an incomplete report expects nothing."""
    assert hint_of(json.dumps(TAG_CHANGE | {"detail": {"tags": tags}})).expected_tags == expected


@pytest.mark.parametrize("state", ["shutting-down", "terminated"])
def test_end_is_taken_from_the_event(state: str) -> None:
    """The observer takes the two final states from the event itself."""
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
def test_message_that_is_not_an_event_is_refused(body: str, reason: str) -> None:
    """Any text that is not an event is refused with a reason, without a crash."""
    with pytest.raises(NotOurs) as refused:
        hint_of(body)
    assert str(refused.value) == reason


@given(st.dictionaries(st.sampled_from(sorted(STATE_CHANGE)), JSON))
def test_garbled_event_is_a_hint_or_refused(garbled: dict[str, Any]) -> None:
    """Whatever the fields of an event contain, the result is a hint about its own account, or a refusal."""
    event = STATE_CHANGE | garbled
    try:
        hint = hint_of(json.dumps(event))
    except NotOurs:
        return
    assert (hint.ref.account, hint.ref.region) == (event["account"], event["region"])


ATTACH: dict[str, Any] = json.loads((DOCUMENTS / "attach-network-interface.json").read_text())


def test_n3_published_call_says_which_spoke_to_sweep() -> None:
    """The event of a call, as CloudTrail writes it, gives its account, its region and its time, and nothing else."""
    call = event_of(json.dumps(ATTACH))
    assert call == Call(Spoke("123456789012", "us-east-1"), 1_666_983_311_000)  # type: ignore[arg-type]  # Millis
    detail = ATTACH["detail"] | {
        "requestParameters": {"instanceId": "i-99999999"},
        "recipientAccountId": "999999999999",
    }
    assert event_of(json.dumps(ATTACH | {"detail": detail})) == call
    assert isinstance(event_of(json.dumps(STATE_CHANGE)), Hint)


@pytest.mark.parametrize(
    ("envelope", "detail", "reason"),
    [
        ({}, {"errorCode": "Client.UnauthorizedOperation"}, "changes no instance"),
        ({}, {"eventName": "CreateVpc"}, "changes no instance"),
        ({}, {"eventName": ["AttachInstances"]}, "changes no instance"),
        ({}, {"awsRegion": "eu-west-1"}, "from different regions"),
        ({"account": "1"}, {}, "from different regions"),
        ({"account": None}, {}, "from different regions"),
        ({"region": "us-east-1/../x"}, {"awsRegion": "us-east-1/../x"}, "from different regions"),
        ({"source": "aws.s3"}, {}, "does not handle calls of source 'aws.s3'"),
        ({"time": "yesterday"}, {}, "'yesterday' is not the time of an event"),
        ({"time": None}, {}, "is not the time of an event"),
    ],
)
def test_call_that_is_not_ours_is_refused(envelope: dict[str, Any], detail: dict[str, Any], reason: str) -> None:
    """Failed calls, other calls, and events that contradict themselves are refused with a reason."""
    event = ATTACH | envelope | {"detail": ATTACH["detail"] | detail}
    with pytest.raises(NotOurs, match=reason):
        event_of(json.dumps(event))


@given(
    JSON, st.sampled_from(["source", "detail-type", "account", "region", "time", "detail", "eventName", "awsRegion"])
)
def test_call_with_any_field_is_a_call_or_refused(value: object, field: str) -> None:
    """No content of an event breaks the function."""
    event = ATTACH | {"detail": dict(ATTACH["detail"])}
    (event if field in event else event["detail"])[field] = value
    with suppress(NotOurs):
        assert isinstance(event_of(json.dumps(event)), (Call, Hint))
