"""Further messages of the observer's queue: what is received, and what is deleted, whatever SQS answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hub.runtime.aws.queues.further import MOST_MESSAGES, FurtherMessages
from hub.runtime.model.names import Millis

URL = "https://sqs.eu-central-1.amazonaws.com/222222222222/orgdns-events"
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ReceiveMessage")


def message(number: int, **changed: object) -> dict[str, Any]:
    whole = {
        "MessageId": f"m{number}",
        "ReceiptHandle": f"r{number}",
        "Body": f"body {number}",
        "Attributes": {"ApproximateReceiveCount": "2"},
    }
    return {key: value for key, value in (whole | changed).items() if value is not None}


class Sqs:
    """Answers receives one after the other, each of which takes some milliseconds, and remembers deletes."""

    def __init__(self, *answers: object, takes: int = 1) -> None:
        self.answers = list(answers)
        self.takes = takes
        self.now = 0
        self.received = 0
        self.deleted: list[str] = []
        self.refuse: Callable[[list[dict[str, str]]], Any] = lambda _entries: {"Failed": []}

    def receive_message(self, **request: object) -> Any:  # noqa: ANN401 - an answer
        most = request.pop("MaxNumberOfMessages")
        assert isinstance(most, int)
        assert 1 <= most <= 10
        assert request == {
            "QueueUrl": URL,
            "WaitTimeSeconds": 0,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        }
        self.now += self.takes
        self.received += 1
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return answer

    def delete_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: ANN401, N803 - as AWS calls them
        assert QueueUrl == URL
        assert len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        answer = self.refuse(Entries)
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]
        return answer


def further(sqs: Sqs) -> FurtherMessages:
    return FurtherMessages(sqs, URL, lambda: Millis(sqs.now))  # type: ignore[arg-type]  # stands for the client


def full(first: int = 0) -> dict[str, Any]:
    return {"Messages": [message(number) for number in range(first, first + 10)]}


def test_messages_are_received_until_an_answer_has_none() -> None:
    """A message has the form of Lambda's records. SQS may return fewer than it has, so a short answer ends nothing."""
    sqs = Sqs(full(), {"Messages": [message(10)]}, {"Messages": []}, full(20))
    records, fault = further(sqs).receive()
    assert (len(records), fault, sqs.received) == (11, "", 3)
    assert records[10] == {
        "messageId": "m10",
        "receiptHandle": "r10",
        "body": "body 10",
        "attributes": {"ApproximateReceiveCount": "2"},
    }


def test_a_run_has_a_hundred_messages_at_most() -> None:
    """A batch of ten and ninety further messages."""
    sqs = Sqs(*(full(10 * number) for number in range(20)))
    assert len(further(sqs).receive()[0]) == MOST_MESSAGES == 90
    assert sqs.received == 9


def test_messages_do_not_wait_for_a_slow_queue() -> None:
    """After half a second, the run works on what it has."""
    sqs = Sqs(*(full(10 * number) for number in range(20)), takes=200)
    assert len(further(sqs).receive()[0]) == 30


@pytest.mark.parametrize("error", [DENIED, ReadTimeoutError(endpoint_url=URL)])
def test_failed_receive_keeps_what_was_received(error: Exception) -> None:
    """A receive that fails ends the receiving, says why, and fails nothing."""
    records, fault = further(Sqs(full(), error, full(10))).receive()
    assert len(records) == 10
    assert fault.startswith(f"cannot receive from {URL}: ")


@pytest.mark.parametrize(
    "odd",
    [
        message(1, Body=None),
        message(1, ReceiptHandle=None),
        message(1, MessageId=""),
        message(1, Body=3),
        "message",
        None,
    ],
)
def test_incomplete_message_is_left_to_its_next_delivery(odd: object) -> None:
    """It is neither handled nor deleted; the others are."""
    records, fault = further(Sqs({"Messages": [message(0), odd, message(2)]})).receive()
    assert [record["messageId"] for record in records] == ["m0", "m2"]
    assert fault == ""


def test_odd_listing_is_no_message() -> None:
    """An answer whose messages are no list says so."""
    assert further(Sqs({"Messages": "many"})).receive() == ([], f"cannot receive from {URL}: its messages are str")


def test_messages_are_deleted_ten_a_call() -> None:
    """Each by its receipt."""
    sqs = Sqs(full(), full(10), {"Messages": [message(20)]})
    queue = further(sqs)
    assert queue.delete(queue.receive()[0]) == ""
    assert sqs.deleted == [f"r{number}" for number in range(21)]
    assert queue.delete([]) == ""


def test_failed_delete_loses_no_other() -> None:
    """A call that fails, or a message that is not deleted, is said. The other messages are deleted."""
    sqs = Sqs(full(), full(10))
    queue = further(sqs)
    records, _ = queue.receive()

    def refuse(entries: list[dict[str, str]]) -> Any:  # noqa: ANN401 - an answer
        if entries[0]["ReceiptHandle"] == "r0":
            raise DENIED
        return {"Failed": [{"Id": "3", "Code": "InternalError"}]}

    sqs.refuse = refuse
    assert queue.delete(records).startswith(f"cannot delete from {URL}: ")
    assert sqs.deleted == [f"r{number}" for number in range(10, 20)]
    assert "did not delete all messages" in queue.delete(records[10:])
