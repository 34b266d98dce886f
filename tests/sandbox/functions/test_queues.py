"""Functions that poll an SQS queue."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.functions.service import Killed
from tests.support.sandbox.functions import QUEUE, REGION, World


def test_message_record_has_the_documented_form(world: World) -> None:
    """A record has the fields of AWS's sample event, with counts and times as text."""
    world.queue()
    attribute = {"RULE": {"DataType": "String", "StringValue": "r"}}
    world.sqs.send_message(QueueUrl=world.url, MessageBody="one", MessageAttributes=attribute)  # type: ignore[arg-type] # plain dicts do
    assert world.functions.converge() == 1
    (record,) = world.logged("observer")[0]["event"]["Records"]
    assert record.pop("messageId")
    assert record.pop("receiptHandle")
    assert record.pop("md5OfMessageAttributes")
    assert record["attributes"].pop("SenderId")
    assert record == {
        "body": "one",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1793610000000",
            "ApproximateFirstReceiveTimestamp": "1793610000000",
        },
        "messageAttributes": {
            "RULE": {"stringValue": "r", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfBody": "f97c5d29941bfb1b2fdab0874906ab82",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": REGION,
    }


def test_failed_message_returns_until_dead_lettered(world: World) -> None:
    """Successful messages are deleted at once. A failed one returns after its timeout, up to maxReceiveCount."""
    dead = world.queue()
    world.send("good", "fail", "good")
    assert world.functions.converge() == 3
    assert world.functions.converge() == 0
    world.clock.advance(179)
    assert world.functions.converge() == 0
    world.clock.advance(2)
    assert world.functions.converge() == 1
    (record,) = world.logged("observer")[-1]["event"]["Records"]
    assert (record["body"], record["attributes"]["ApproximateReceiveCount"]) == ("fail", "2")
    world.clock.advance(181)
    assert world.functions.converge() == 0
    assert world.waiting(dead) == ["fail"]


@pytest.mark.parametrize("body", ["raise", "malformed", "linger"])
def test_malformed_response_fails_the_whole_batch(world: World, body: str) -> None:
    """An error, a malformed response and a timeout delete no message of the batch."""
    world.queue()
    world.send("good", body)
    world.functions.converge()
    assert world.waiting(world.url) == []
    world.clock.advance(181)
    assert sorted(world.waiting(world.url)) == sorted(["good", body])


def test_response_is_ignored_without_failure_reporting(world: World) -> None:
    """A mapping without ReportBatchItemFailures treats any response as success."""
    world.queue(FunctionResponseTypes=[])
    world.send("fail")
    world.functions.converge()
    world.clock.advance(181)
    assert world.waiting(world.url) == []


def test_batch_size_is_respected(world: World) -> None:
    """Seven messages in batches of three take three invocations."""
    world.queue(BatchSize=3)
    world.send(*["one"] * 7)
    assert world.functions.converge() == 7
    assert [len(line["event"]["Records"]) for line in world.logged("observer")] == [3, 3, 1]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_worker_loses_its_environment(world: World, moment: str) -> None:
    """The batch returns after its timeout to a new environment, whether or not it was processed."""
    world.queue()
    ends = [moment]

    def interrupt(function: str, at: str) -> None:
        assert function == "observer"
        if at in ends:
            ends.clear()
            raise Killed

    world.functions.interrupt = interrupt
    world.send("one")
    world.functions.converge()
    world.clock.advance(181)
    world.functions.converge()
    assert [line["invocation"] for line in world.logged("observer")] == ([1] if moment == "before" else [1, 1])
    assert world.waiting(world.url) == []


def test_poller_and_log_actions_need_permissions(world: World) -> None:
    """The guard checks every action of the service in the role's name. A denied one stops its poller, and is told."""
    world.queue()
    world.table()
    world.send("one")
    world.put("a")
    world.functions.converge()
    assert {action for action, _ in world.guard.checked} == {
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "dynamodb:DescribeStream",
        "dynamodb:GetShardIterator",
        "dynamodb:GetRecords",
        "dynamodb:ListStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert ("sqs:ReceiveMessage", QUEUE) in world.guard.checked
    assert ("dynamodb:GetRecords", world.stream) in world.guard.checked
    world.guard.denied = "sqs:ReceiveMessage"
    world.send("two")
    world.put("b")
    assert world.functions.poll() == 1
    results = [
        str(each["LastProcessingResult"]) for each in world.lambda_.list_event_source_mappings()["EventSourceMappings"]
    ]
    assert sorted(result.partition(":")[0] for result in results) == ["OK", "PROBLEM"]
    world.guard.denied = "logs:PutLogEvents"
    lines = len(world.functions.logs("observer"))
    world.functions.converge()
    assert (world.waiting(world.url), len(world.functions.logs("observer"))) == ([], lines)


def test_disabled_mapping_is_not_polled(world: World) -> None:
    """The messages of a disabled mapping stay in the queue."""
    world.queue(Enabled=False)
    world.send("one")
    assert world.functions.converge() == 0
    assert world.waiting(world.url) == ["one"]


def test_mapping_outlives_its_function(world: World) -> None:
    """Whoever deletes a function stops neither the service nor the other functions. The messages stay."""
    world.queue()
    world.send("good")
    world.lambda_.delete_function(FunctionName="observer")
    assert world.functions.converge() == 0
    assert world.waiting(world.url) == ["good"]


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"BatchSize": 11}, "needs a MaximumBatchingWindowInSeconds of at least 1"),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not for queues"),
    ],
)
def test_mapping_that_lambda_refuses_is_not_created(world: World, mapping: dict[str, Any], says: str) -> None:
    """Lambda checks the fields of a mapping against each other."""
    with pytest.raises(ClientError, match=says):
        world.queue(**mapping)


def test_queue_whose_messages_return_too_early_is_not_mapped(world: World) -> None:
    """Lambda refuses a visibility timeout below the function's timeout of 30 seconds."""
    url = world.sqs.create_queue(QueueName="events", Attributes={"VisibilityTimeout": "29"})["QueueUrl"]
    world.function("observer")
    refused = "Queue visibility timeout: 29 seconds is less than Function timeout: 30 seconds"
    with pytest.raises(world.lambda_.exceptions.InvalidParameterValueException, match=refused):
        world.mapping("observer", QUEUE)
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    world.mapping("observer", QUEUE)
