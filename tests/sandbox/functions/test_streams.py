"""Functions that read a DynamoDB stream."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox.functions import ACCOUNT, REGION, World


def test_stream_record_has_the_documented_form(world: World) -> None:
    """A record has the fields of AWS's sample event, in the table's own region."""
    world.table()
    world.put("claim#1")
    world.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": "name"}, "sk": {"S": "claim#1"}})
    world.functions.converge()
    inserted, removed = world.logged("publisher")[0]["event"]["Records"]
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


def test_filter_skips_other_records(world: World) -> None:
    """Records that no pattern matches are skipped, and do not fill a batch."""
    pattern = json.dumps({"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "claim#"}]}}}})
    world.table(FilterCriteria={"Filters": [{"Pattern": pattern}]}, BatchSize=2)
    world.put("published", "claim#1", "history#1", "claim#2", "claim#3", "published")
    world.functions.converge()
    assert world.batches() == [["claim#1", "claim#2"], ["claim#3"]]


def test_window_gathers_records(world: World) -> None:
    """With a batching window, records wait until it is over, or until the batch is full."""
    world.table(MaximumBatchingWindowInSeconds=300, BatchSize=3)
    world.put("a")
    world.functions.converge()
    world.clock.advance(299)
    world.put("b")
    world.functions.converge()
    assert world.batches() == []
    world.clock.advance(1)
    world.functions.converge()
    assert world.batches() == [["a", "b"]]
    world.put("c", "d", "e", "f")
    world.functions.converge()
    assert world.batches() == [["a", "b"], ["c", "d", "e"]]
    world.functions.converge()
    world.clock.advance(300)
    world.functions.converge()
    assert world.batches()[2:] == [["f"]]


def test_stream_retries_from_the_first_failure(world: World) -> None:
    """Records before the failure are done, later batches wait, and a retry waits for its backoff."""
    world.table(BatchSize=3)
    world.put("a", "b-fail", "c-fail", "d")
    world.functions.converge()
    assert world.functions.retrying()
    world.clock.advance(1)
    world.functions.converge()
    assert world.batches() == [["a", "b-fail", "c-fail"], ["b-fail", "c-fail"]]


def test_bisection_isolates_the_bad_record(world: World) -> None:
    """The bad record goes alone to the failure destination, and all others succeed."""
    url = world.sqs.create_queue(QueueName="discarded")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:discarded"}}
    world.table(BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig=destination)
    world.put("a", "b", "c-raise", "d")
    for _ in range(3):
        world.functions.converge()
        world.clock.advance(60)
    assert not world.functions.retrying()
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


def test_records_expire_after_a_day(world: World) -> None:
    """A record that is not read within 24 hours leaves the stream."""
    world.table()
    world.put("old")
    world.clock.advance(24 * 3600)
    world.put("new")
    world.functions.converge()
    assert world.batches() == [["new"]]


def test_rolled_back_transaction_keeps_the_position(world: World) -> None:
    """The poller continues at its position even if a failed transaction replaces the table object."""
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


def test_endless_loop_is_an_error(world: World) -> None:
    """Converging stops with an error after a limit of rounds."""
    world.queue(BatchSize=1)
    world.send("one", "two", "three")
    with pytest.raises(RuntimeError, match="not converged after 2 rounds"):
        world.functions.converge(limit=2)


def test_t21_a_restored_table_has_another_stream(world: World) -> None:
    """A restored table has no stream; with a new one, the mapping still follows the old one, and polls nothing."""
    world.table()
    world.put("a")
    world.functions.converge()
    backup = world.dynamodb.create_backup(TableName="ledger", BackupName="daily")["BackupDetails"]["BackupArn"]
    world.dynamodb.delete_table(TableName="ledger")
    world.clock.advance(60)
    world.dynamodb.restore_table_from_backup(TargetTableName="ledger", BackupArn=backup)
    restored = world.dynamodb.describe_table(TableName="ledger")["Table"]
    assert "LatestStreamArn" not in restored
    assert not restored["DeletionProtectionEnabled"]
    live = world.dynamodb.describe_time_to_live(TableName="ledger")["TimeToLiveDescription"]
    assert live["TimeToLiveStatus"] == "DISABLED"
    world.put("b")
    world.functions.converge()
    world.dynamodb.update_table(
        TableName="ledger", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    world.put("c")
    world.functions.converge()
    assert world.batches() == [["a"]]
    stream = world.dynamodb.describe_table(TableName="ledger")["Table"]["LatestStreamArn"]
    world.mapping("publisher", stream, StartingPosition="TRIM_HORIZON")
    world.functions.converge()
    assert world.batches() == [["a"], ["c"]]
