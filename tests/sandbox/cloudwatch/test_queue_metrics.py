"""The metrics of queues: AWS/SQS, once a minute, while the queue is active."""

from __future__ import annotations

import json

import pytest

from sandbox.aws.cloudwatch.metrics import metric
from tests.support.sandbox.cloudwatch import PLACE, Watched

VISIBLE, HIDDEN, DELAYED, AGE, SENT, RECEIVED, DELETED = (
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateAgeOfOldestMessage",
    "NumberOfMessagesSent",
    "NumberOfMessagesReceived",
    "NumberOfMessagesDeleted",
)
HOUR = 3600


def sampled(watched: Watched, name: str, queue: str = "events") -> list[float]:
    """What a sample of now gives for a metric, in a minute of its own."""
    watched.clock.advance(60 - watched.clock.now() % 60)
    watched.queues.sample()
    now = watched.clock.now()
    return watched.store.values(PLACE, metric("AWS/SQS", name, QueueName=queue), now, now + 60)


@pytest.fixture
def queue(watched: Watched) -> Watched:
    """A queue that no function polls, with a dead-letter queue after two receives."""
    watched.world.queue(Enabled=False)
    return watched


def receive(watched: Watched, timeout: int = 0) -> None:
    sqs = watched.world.sqs
    sqs.receive_message(QueueUrl=watched.world.url, MaxNumberOfMessages=10, VisibilityTimeout=timeout)


def test_messages_are_counted_where_they_are(queue: Watched) -> None:
    """A message is visible, in flight or delayed."""
    queue.world.send("one", "two")
    receive(queue, timeout=3 * HOUR)
    queue.world.send("three")
    queue.world.sqs.send_message(QueueUrl=queue.world.url, MessageBody="four", DelaySeconds=900)
    assert sampled(queue, VISIBLE) == [1]
    assert sampled(queue, HIDDEN) == [2]
    assert sampled(queue, DELAYED) == [1]


def test_empty_queue_reports_that_nothing_is_visible(queue: Watched) -> None:
    """The other metrics are reported only if there is something to report."""
    assert sampled(queue, VISIBLE) == [0]
    assert sampled(queue, SENT) == [0]
    for name in (HIDDEN, DELAYED, AGE):
        assert sampled(queue, name) == []


def test_sent_messages_are_counted_once(queue: Watched) -> None:
    """Each sample counts what came since the one before."""
    queue.world.send("one", "two")
    assert sampled(queue, SENT) == [2]
    assert sampled(queue, SENT) == [0]


def test_messages_that_a_function_gets_are_counted(watched: Watched) -> None:
    """As received, and as deleted if Lambda may delete them."""
    watched.world.queue()
    watched.world.send("one", "fail")
    watched.world.functions.converge()
    assert sampled(watched, RECEIVED) == [2]
    assert sampled(watched, RECEIVED) == [0]
    watched.world.send("two", "three")
    watched.world.functions.converge()
    assert sampled(watched, DELETED) == [2]
    watched.world.guard.denied = "sqs:DeleteMessage"
    watched.world.send("four")
    watched.world.functions.converge()
    assert sampled(watched, DELETED) == [0]


def test_message_that_a_person_deletes_is_counted(queue: Watched) -> None:
    """As any other."""
    queue.world.send("one", "two")
    received = queue.world.sqs.receive_message(QueueUrl=queue.world.url)["Messages"]
    receipts = [{"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(received)]
    queue.world.sqs.delete_message_batch(QueueUrl=queue.world.url, Entries=receipts)  # type: ignore[arg-type] # plain dicts do
    assert sampled(queue, DELETED) == [len(received)]


def test_age_is_that_of_the_oldest_message(queue: Watched) -> None:
    """In seconds, also of a message in flight."""
    queue.world.send("one")
    queue.clock.advance(300)
    queue.world.send("two")
    receive(queue, timeout=600)
    assert sampled(queue, AGE) == [360]


def test_message_that_nobody_can_process_has_no_age(queue: Watched) -> None:
    """What was received more than three times does not count for the age."""
    redrive = {"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead", "maxReceiveCount": 9}
    attributes = {"RedrivePolicy": json.dumps(redrive)}
    queue.world.sqs.set_queue_attributes(QueueUrl=queue.world.url, Attributes=attributes)  # type: ignore[arg-type] # plain dicts do
    queue.world.send("poison")
    for _ in range(3):
        receive(queue)
        queue.clock.advance(1)
    assert len(sampled(queue, AGE)) == 1
    receive(queue)
    assert sampled(queue, AGE) == []
    assert sampled(queue, VISIBLE) == [1]


def test_dead_letter_ages_anew_and_was_not_sent(queue: Watched) -> None:
    """In the dead-letter queue, a message is as old as its move, and does not count as sent."""
    queue.world.send("one")
    for _ in range(3):
        queue.clock.advance(100)
        receive(queue)
    assert sampled(queue, VISIBLE, "dead") == [1]
    assert sampled(queue, SENT, "dead") == [0]
    (age,) = sampled(queue, AGE, "dead")
    assert age <= 300


def test_expired_message_does_not_count(queue: Watched) -> None:
    """SQS deletes messages after the retention period."""
    queue.world.send("one")
    queue.clock.advance(4 * 24 * HOUR)
    assert sampled(queue, VISIBLE) == []


def test_idle_queue_reports_nothing_after_six_hours(queue: Watched) -> None:
    """An action on the queue, or a message in it, makes it active again."""
    queue.clock.advance(6 * HOUR - 120)
    assert sampled(queue, VISIBLE) == [0]
    queue.clock.advance(120)
    assert sampled(queue, VISIBLE) == []
    receive(queue)
    assert sampled(queue, VISIBLE) == [0]
    queue.world.send("one")
    queue.clock.advance(7 * HOUR)
    assert sampled(queue, VISIBLE) == [1]


def test_polled_queue_is_active(watched: Watched) -> None:
    """The pollers of a function receive messages all the time."""
    watched.world.queue()
    watched.clock.advance(24 * HOUR)
    watched.world.functions.converge()
    assert sampled(watched, VISIBLE) == [0]
