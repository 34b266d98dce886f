"""Functions that poll an SQS queue."""

from __future__ import annotations

import pytest

from sandbox.aws.functions.service import Killed
from tests.support.sandbox.functions import QUEUE, REGION, World


def test_a_message_arrives_as_lambda_documents_it(world: World) -> None:
    """The record of a message has the fields of AWS's sample event, counts and times as text."""
    world.queue()
    attribute = {"RULE": {"DataType": "String", "StringValue": "r"}}
    world.sqs.send_message(QueueUrl=world.url, MessageBody="one", MessageAttributes=attribute)  # type: ignore[arg-type] # plain dicts do
    assert world.functions.converge() == 1
    (record,) = world.told("observer")[0]["event"]["Records"]
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


def test_only_what_failed_comes_again_and_then_to_the_dead_letters(world: World) -> None:
    """Successes are deleted at once; a failure is visible after its timeout, until it was received often enough."""
    dead = world.queue()
    world.send("good", "fail", "good")
    assert world.functions.converge() == 3
    assert world.functions.converge() == 0
    world.clock.advance(179)
    assert world.functions.converge() == 0
    world.clock.advance(2)
    assert world.functions.converge() == 1
    (record,) = world.told("observer")[-1]["event"]["Records"]
    assert (record["body"], record["attributes"]["ApproximateReceiveCount"]) == ("fail", "2")
    world.clock.advance(181)
    assert world.functions.converge() == 0
    assert world.waiting(dead) == ["fail"]


@pytest.mark.parametrize("body", ["raise", "malformed", "linger"])
def test_an_error_a_bad_response_and_a_timeout_fail_the_whole_batch(world: World, body: str) -> None:
    """Without a proper report no message of the batch is deleted."""
    world.queue()
    world.send("good", body)
    world.functions.converge()
    assert world.waiting(world.url) == []
    world.clock.advance(181)
    assert sorted(world.waiting(world.url)) == sorted(["good", body])


def test_without_the_report_switched_on_only_an_error_fails(world: World) -> None:
    """A mapping without ReportBatchItemFailures takes any response for success."""
    world.queue(FunctionResponseTypes=[])
    world.send("fail")
    world.functions.converge()
    world.clock.advance(181)
    assert world.waiting(world.url) == []


def test_batches_are_no_larger_than_the_mapping_says(world: World) -> None:
    """Seven messages in batches of three are three invocations."""
    world.queue(BatchSize=3)
    world.send(*["one"] * 7)
    assert world.functions.converge() == 7
    assert [len(line["event"]["Records"]) for line in world.told("observer")] == [3, 3, 1]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_around_an_invocation_loses_its_environment(world: World, moment: str) -> None:
    """The batch comes again after its timeout, to a new environment, whether its work was done or not."""
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
    assert [line["invocation"] for line in world.told("observer")] == ([1] if moment == "before" else [1, 1])
    assert world.waiting(world.url) == []


def test_pollers_and_logs_need_the_functions_role(world: World) -> None:
    """Every action of the service in the function's name is put to the guard, and a denied one stops it."""
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
    with pytest.raises(PermissionError):
        world.functions.poll()


def test_a_disabled_mapping_is_not_polled(world: World) -> None:
    """Messages for a disabled mapping wait."""
    world.queue(Enabled=False)
    world.send("one")
    assert world.functions.converge() == 0
    assert world.waiting(world.url) == ["one"]
