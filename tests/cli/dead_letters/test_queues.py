"""Reading dead-letter queues and sending events again, call by call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.reports.dead_letters import (
    DeadLetterQueue,
)
from orgdns.cli.sources.dead_letter_queues import MESSAGES_A_CALL, VISIBILITY_SECONDS, DeadLetterQueues
from orgdns.cli.sources.deployed import HubUnknown
from sandbox.example import HUB
from tests.support.cli.dead_letters import REGION, STATE_EVENT

Client = Any  # boto3's clients are made when the program runs


@pytest.fixture
def stubbed() -> Iterator[tuple[Client, Stubber]]:
    client = boto3.client("sqs", region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


URL = {letters: f"https://sqs.{REGION}.amazonaws.com/{HUB}/{letters.queue(NAMES)}" for letters in DeadLetterQueue}

TARGET = f"https://sqs.{REGION}.amazonaws.com/{HUB}/{NAMES.events_queue}"


def located(stub: Stubber, queue: str, url: str) -> None:
    stub.add_response("get_queue_url", {"QueueUrl": url}, {"QueueName": queue})


def counted(stub: Stubber, url: str, hidden: int = 0) -> None:
    name = "ApproximateNumberOfMessagesNotVisible"
    stub.add_response(
        "get_queue_attributes", {"Attributes": {name: str(hidden)}}, {"QueueUrl": url, "AttributeNames": [name]}
    )


def received(stub: Stubber, url: str, *ids: str, reading: int = 1) -> None:
    request = {
        "QueueUrl": url,
        "MaxNumberOfMessages": MESSAGES_A_CALL,
        "VisibilityTimeout": VISIBILITY_SECONDS,
        "WaitTimeSeconds": 1,
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        "MessageAttributeNames": ["All"],
    }
    messages = [
        {
            "MessageId": message_id,
            "ReceiptHandle": f"{message_id}-{reading}",
            "Body": STATE_EVENT,
            "Attributes": {"ApproximateReceiveCount": "6"},
        }
        for message_id in ids
    ]
    stub.add_response("receive_message", {"Messages": messages} if messages else {}, request)


def given_back(stub: Stubber, url: str, *handles: str) -> None:
    entries = [
        {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0} for number, handle in enumerate(handles)
    ]
    answer: dict[str, Any] = {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}
    stub.add_response("change_message_visibility_batch", answer, {"QueueUrl": url, "Entries": entries})


def sent(stub: Stubber) -> None:
    request = {"QueueUrl": TARGET, "MessageBody": STATE_EVENT, "MessageGroupId": json.loads(STATE_EVENT)["account"]}
    stub.add_response("send_message", {"MessageId": "new"}, request)


def deleted(stub: Stubber, handle: str) -> None:
    stub.add_response("delete_message", {}, {"QueueUrl": URL[DeadLetterQueue.EVENTS], "ReceiptHandle": handle})


def test_queue_is_read_to_its_end_and_released(stubbed: tuple[Client, Stubber]) -> None:
    """Each message is listed once and released with its newest receipt handle, ten a call. Nothing is deleted."""
    client, stub = stubbed
    url = URL[DeadLetterQueue.EVENTS]
    located(stub, DeadLetterQueue.EVENTS.queue(NAMES), url)
    counted(stub, url, 4)
    first = [f"m{number}" for number in range(10)]
    received(stub, url, *first)
    received(stub, url, "m0", "n0", reading=2)
    received(stub, url)
    given_back(stub, url, "m0-2", *(f"{message_id}-1" for message_id in first[1:]))
    given_back(stub, url, "n0-2")
    found = DeadLetterQueues(client, NAMES).read([DeadLetterQueue.EVENTS])
    assert sorted(event.message_id for event in found.events) == sorted([*first, "n0"])
    assert {event.received for event in found.events} == {6}
    assert found.hidden == {DeadLetterQueue.EVENTS: 4}


def test_reading_ends_when_messages_repeat(stubbed: tuple[Client, Stubber]) -> None:
    """Reading ends even if the queue is so full that messages become visible again before its end."""
    client, stub = stubbed
    url = URL[DeadLetterQueue.PUBLISHER]
    located(stub, DeadLetterQueue.PUBLISHER.queue(NAMES), url)
    counted(stub, url)
    received(stub, url, "m1", "m2")
    received(stub, url, "m2", "m1", reading=2)
    given_back(stub, url, "m1-1", "m2-1")
    assert len(DeadLetterQueues(client, NAMES).read([DeadLetterQueue.PUBLISHER]).discarded_records) == 2


def test_messages_are_released_when_reading_fails(stubbed: tuple[Client, Stubber]) -> None:
    """A failed read hides no message from others, and is an error, not a shorter list."""
    client, stub = stubbed
    url = URL[DeadLetterQueue.EVENTS]
    located(stub, DeadLetterQueue.EVENTS.queue(NAMES), url)
    counted(stub, url)
    received(stub, url, "m1")
    stub.add_client_error("receive_message", "RequestThrottled", "slowly")
    given_back(stub, url, "m1-1")
    with pytest.raises(HubUnknown, match=r"listed in docs/operate.md, Dead letters.*slowly"):
        DeadLetterQueues(client, NAMES).read([DeadLetterQueue.EVENTS])


def test_event_is_deleted_after_it_was_sent(stubbed: tuple[Client, Stubber]) -> None:
    """Each event is sent, then deleted. Messages that arrived later are released."""
    client, stub = stubbed
    url = URL[DeadLetterQueue.EVENTS]
    located(stub, NAMES.events_queue, TARGET)
    located(stub, DeadLetterQueue.EVENTS.queue(NAMES), url)
    received(stub, url, "m1", "later", "m2")
    for handle in ("m1-1", "m2-1"):
        sent(stub)
        deleted(stub, handle)
    given_back(stub, url, "later-1")
    assert DeadLetterQueues(client, NAMES).resend(["m1", "m2"]) == 2


def test_event_that_cannot_be_sent_stays(stubbed: tuple[Client, Stubber]) -> None:
    """If the observer's queue refuses, nothing is deleted, all is released, and the error has the number sent."""
    client, stub = stubbed
    url = URL[DeadLetterQueue.EVENTS]
    located(stub, NAMES.events_queue, TARGET)
    located(stub, DeadLetterQueue.EVENTS.queue(NAMES), url)
    received(stub, url, "m1", "m2", "m3")
    sent(stub)
    deleted(stub, "m1-1")
    stub.add_client_error("send_message", "AccessDenied", "you may not")
    given_back(stub, url, "m2-1", "m3-1")
    with pytest.raises(HubUnknown, match=r"queue orgdns-events cannot.*you may not.*\(1 of 3 events"):
        DeadLetterQueues(client, NAMES).resend(["m1", "m2", "m3"])


def test_event_that_another_reader_took_is_not_counted(stubbed: tuple[Client, Stubber]) -> None:
    """An event that another reader took is neither sent nor waited for."""
    client, stub = stubbed
    url = URL[DeadLetterQueue.EVENTS]
    located(stub, NAMES.events_queue, TARGET)
    located(stub, DeadLetterQueue.EVENTS.queue(NAMES), url)
    received(stub, url, "m1")
    sent(stub)
    deleted(stub, "m1-1")
    received(stub, url)
    assert DeadLetterQueues(client, NAMES).resend(["m1", "gone"]) == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "AWS.SimpleQueueService.NonExistentQueue",
            "queue orgdns-events-dead-letters does not exist in eu-central-1.*AWS_REGION",
        ),
        ("QueueDoesNotExist", "queue orgdns-events-dead-letters does not exist in eu-central-1.*AWS_PROFILE"),
        ("InvalidClientTokenId", r"credentials \(--profile or AWS_PROFILE\) are valid"),
    ],
)
def test_unusable_queue_is_an_error(stubbed: tuple[Client, Stubber], code: str, message: str) -> None:
    """The message says what to do, and what AWS said."""
    client, stub = stubbed
    stub.add_client_error("get_queue_url", code, "as AWS puts it")
    with pytest.raises(HubUnknown, match=message) as unknown:
        DeadLetterQueues(client, NAMES).read([DeadLetterQueue.EVENTS])
    assert "as AWS puts it" in str(unknown.value)
