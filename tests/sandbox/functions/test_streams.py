"""Functions that read a DynamoDB stream."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox.functions import ACCOUNT, REGION, World


def test_a_stream_record_arrives_as_lambda_documents_it(world: World) -> None:
    """The record of a change has the fields of AWS's sample event, in the table's own region."""
    world.table()
    world.put("claim#1")
    world.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": "name"}, "sk": {"S": "claim#1"}})
    world.functions.converge()
    inserted, removed = world.told("publisher")[0]["event"]["Records"]
    assert inserted.pop("eventID") != removed["eventID"]
    assert inserted["dynamodb"].pop("SizeBytes") > 0
    assert int(inserted["dynamodb"].pop("SequenceNumber")) < int(removed["dynamodb"]["SequenceNumber"])
    assert inserted == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 1793610000,
            "Keys": {"pk": {"S": "name"}, "sk": {"S": "claim#1"}},
            "NewImage": {"pk": {"S": "name"}, "sk": {"S": "claim#1"}, "n": {"N": "1"}},
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": world.stream,
    }
    assert removed["eventName"] == "REMOVE"
    assert removed["dynamodb"]["OldImage"]["n"] == {"N": "1"}


def test_a_filter_keeps_other_records_from_the_function(world: World) -> None:
    """Records that no pattern matches are passed over, and do not fill a batch."""
    pattern = json.dumps({"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "claim#"}]}}}})
    world.table(FilterCriteria={"Filters": [{"Pattern": pattern}]}, BatchSize=2)
    world.put("published", "claim#1", "history#1", "claim#2", "claim#3", "published")
    world.functions.converge()
    assert world.batches() == [["claim#1", "claim#2"], ["claim#3"]]


def test_a_stream_is_read_again_from_the_lowest_failure_and_in_order(world: World) -> None:
    """What came before the failure is done, what comes after the batch waits, and a retry waits its time."""
    world.table(BatchSize=3)
    world.put("a", "b-fail", "c-fail", "d")
    world.functions.converge()
    world.clock.advance(1)
    world.functions.converge()
    assert world.batches() == [["a", "b-fail", "c-fail"], ["b-fail", "c-fail"]]


def test_a_batch_is_halved_until_the_bad_record_stands_alone_and_is_given_up(world: World) -> None:
    """With bisection one bad record goes to the destination by itself, and all others succeed."""
    url = world.sqs.create_queue(QueueName="discarded")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:discarded"}}
    world.table(BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig=destination)
    world.put("a", "b", "c-raise", "d")
    for _ in range(3):
        world.functions.converge()
        world.clock.advance(60)
    assert world.batches() == [
        ["a", "b", "c-raise", "d"],
        ["a", "b"],
        ["c-raise", "d"],
        ["c-raise"],
        ["c-raise"],
        ["d"],
    ]
    (body,) = world.waiting(url)
    letter = json.loads(body)
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 2
    assert letter["responseContext"]["functionError"] == "Unhandled"
    batch = letter["DDBStreamBatchInfo"]
    assert (batch["batchSize"], batch["streamArn"]) == (1, world.stream)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]


def test_records_older_than_a_day_are_gone(world: World) -> None:
    """What nobody read within 24 hours is not in the stream any more."""
    world.table()
    world.put("old")
    world.clock.advance(24 * 3600)
    world.put("new")
    world.functions.converge()
    assert world.batches() == [["new"]]


def test_a_rolled_back_transaction_neither_repeats_nor_loses_records(world: World) -> None:
    """The table may be another object after a failed transaction, and the reading goes on where it was."""
    world.table()
    world.put("a")
    world.functions.converge()
    condition = {"Key": {"pk": {"S": "x"}, "sk": {"S": "y"}}, "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(world.dynamodb.exceptions.TransactionCanceledException):
        world.dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "ledger", "Item": {"pk": {"S": "name"}, "sk": {"S": "rolled"}}}},
                {"ConditionCheck": {"TableName": "ledger", **condition}},  # type: ignore[typeddict-item] # as above
            ]
        )
    world.put("b")
    world.functions.converge()
    assert world.batches() == [["a"], ["b"]]


def test_a_loop_that_never_settles_is_told(world: World) -> None:
    """Settling gives up with an error rather than for ever."""
    world.queue(BatchSize=1)
    world.send("one", "two", "three")
    with pytest.raises(RuntimeError, match="not converged after 2 rounds"):
        world.functions.converge(limit=2)
