"""The emulator's caches and shortcuts do not change its answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.ec2.models import ec2_backends

from sandbox.aws.emulator import emulated_aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

REGION = "eu-central-1"
ALL_ITEMS = Table.all_items


@pytest.fixture
def table() -> Iterator[Any]:
    """A table with unordered rows in three partitions, and an index on their color."""
    with emulated_aws():
        make: Any = boto3.client
        client = make("dynamodb", region_name=REGION, aws_access_key_id="AKIA", aws_secret_access_key="secret")
        names = {"pk": "S", "sk": "N", "color": "S"}
        client.create_table(
            TableName="rows",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names.items()],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-color",
                    "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        for number in (11, 2, 7, 30, 1, 8):
            row = {"pk": f"p{number % 3}", "color": ("red", "blue")[number % 2], "sk": number}
            client.put_item(TableName="rows", Item={k: {"NS"[isinstance(v, str)]: str(v)} for k, v in row.items()})
        yield client


def numbers(answer: dict[str, Any]) -> list[int]:
    return [int(row["sk"]["N"]) for row in answer["Items"]]


def test_a_query_reads_its_own_partition(table: Any) -> None:  # noqa: ANN401 - boto3's client
    """A query returns a partition's rows by range key. A query of an empty partition returns and creates nothing."""
    request = {"TableName": "rows", "KeyConditionExpression": "pk = :pk"}
    found = {pk: numbers(table.query(**request, ExpressionAttributeValues={":pk": {"S": pk}})) for pk in ("p2", "none")}
    assert found == {"p2": [2, 8, 11], "none": []}
    assert len(numbers(table.scan(TableName="rows"))) == 6


def test_a_query_of_an_index_reads_all_partitions(table: Any) -> None:  # noqa: ANN401 - boto3's client
    """A query of an index returns rows from all partitions of the table."""
    request = {"TableName": "rows", "IndexName": "by-color", "KeyConditionExpression": "color = :c"}
    assert sorted(numbers(table.query(**request, ExpressionAttributeValues={":c": {"S": "red"}}))) == [2, 8, 30]


def test_rows_are_in_the_emulators_order(table: Any) -> None:  # noqa: ANN401 - boto3's client
    """A scan returns rows in the order of the emulator's own sort."""
    (backend,) = (account[REGION] for account in dynamodb_backends.values() if REGION in account)
    rows = backend.tables["rows"].all_items()
    assert rows == ALL_ITEMS(backend.tables["rows"])
    assert [int(row.range_key.value) for row in rows] == numbers(table.scan(TableName="rows"))


def test_sessions_have_separate_loaders(table: Any) -> None:  # noqa: ANN401 - boto3's client
    """Sessions share parsed service models, but not their search paths."""
    del table
    loader, other = (boto3.Session()._session.get_component("data_loader") for _ in range(2))  # noqa: SLF001 - the loader is not public
    assert loader is not other
    loader.search_paths.append("elsewhere")
    assert "elsewhere" not in other.search_paths
    assert loader.load_service_model("sqs", "service-2") == other.load_service_model("sqs", "service-2")


def test_a_reset_empties_backends_that_were_made_during_a_reset() -> None:
    """Nothing of an organization is in the next one, although a reset may leave backends that are not listed."""
    account, region = "111111111111", "eu-central-1"
    with emulated_aws():
        backends = ec2_backends
        backends[account][region].create_key_pair("left", "rsa", [])
        # What a reset does that clears a service's backends before another service makes them anew.
        in_use: list[Any] = BackendDict._instances  # noqa: SLF001 - what a reset goes through
        in_use.clear()
        assert backends[account][region].key_pairs
        BackendDict.reset()
        assert not backends[account][region].key_pairs


def test_long_poll_of_an_empty_queue_ends_at_once() -> None:
    """A poll that waits for messages returns without them. Without the shortcut it takes 20 seconds."""
    with emulated_aws():
        make: Any = boto3.client
        client = make("sqs", region_name=REGION, aws_access_key_id="AKIA", aws_secret_access_key="secret")
        queue = client.create_queue(QueueName="queue")["QueueUrl"]
        start = time.monotonic()
        assert "Messages" not in client.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        assert time.monotonic() - start < 10
        client.send_message(QueueUrl=queue, MessageBody="body")
        assert len(client.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]) == 1


# Of every type, as botocore takes it.
ITEM: dict[str, Any] = {
    "pk": {"S": "one"},
    "bytes": {"B": b"\x00\xff"},
    "several": {"BS": [b"\x01", b""]},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "count": {"N": "7"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "empty": {"S": ""},
    "nested": {"M": {"list": {"L": [{"S": "x"}, {"M": {"b": {"B": b"z"}}}, {"L": []}]}, "map": {"M": {}}}},
}
# Updates and conditions: right ones, those that are not met, and wrong ones. Each is made twice.
UPDATES: list[tuple[str, str | None, dict[str, Any]]] = [
    ("SET #c = #c + :one, color = if_not_exists(color, :red)", None, {":one": {"N": "1"}, ":red": {"S": "red"}}),
    ("SET nested.map.deep = :red REMOVE nested.list[0]", "attribute_exists(pk)", {":red": {"S": "red"}}),
    ("ADD #c :one, texts :more", "#c < :one OR NOT (yes = :one)", {":one": {"N": "1"}, ":more": {"SS": ["c"]}}),
    ("DELETE texts :more SET bytes = :b", None, {":more": {"SS": ["a"]}, ":b": {"B": b"\x02"}}),
    ("SET color = :red", "attribute_not_exists(pk)", {":red": {"S": "red"}}),
    ("SET color = :red", "#c BETWEEN :one AND :one", {":red": {"S": "red"}, ":one": {"N": "1"}}),
    ("SET pk = :red", None, {":red": {"S": "red"}}),
    ("SET #c = missing + :one", None, {":one": {"N": "1"}}),
    ("SET color = :red SET bytes = :red", None, {":red": {"S": "red"}}),
    ("SET color = :red, color = :red", None, {":red": {"S": "red"}}),
    ("SET color :red", None, {":red": {"S": "red"}}),
    ("SET color = :red", "color &", {":red": {"S": "red"}}),
]


def answers(emulator: AbstractContextManager[object]) -> list[object]:
    """What an emulator answers to these updates."""
    found: list[object] = []
    with emulator:
        make: Any = boto3.client
        client = make("dynamodb", region_name=REGION, aws_access_key_id="AKIA", aws_secret_access_key="secret")
        schema = {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        }
        client.create_table(TableName="items", BillingMode="PAY_PER_REQUEST", **schema)
        client.put_item(TableName="items", Item=ITEM)
        for update, condition, values in [*UPDATES, *UPDATES]:
            names = {"#c": "count"} if "#c" in update or "#c" in (condition or "") else {}
            options: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
            options |= {"ExpressionAttributeNames": names} if names else {}
            try:
                answer = client.update_item(
                    TableName="items",
                    Key={"pk": {"S": "one"}},
                    UpdateExpression=update,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **options,
                )
                found.append(answer["Attributes"])
            except ClientError as error:
                found.append({key: value for key, value in error.response.items() if key != "ResponseMetadata"})
            except ValueError as error:
                # The emulator's own way to refuse what it cannot parse.
                found.append({"Error": str(error)})
        found.append(client.get_item(TableName="items", Key={"pk": {"S": "one"}})["Item"])
        found.append(client.scan(TableName="items")["Items"])
    return found


def test_sizes_are_those_of_the_emulator() -> None:
    """Attributes of every type, also nested ones and those that are not ASCII, and the whole item."""
    more: dict[str, Any] = {"ü": {"S": "ä€"}, "deep": {"M": {"ö": {"L": [{"M": {"x": {"N": "12"}}}]}}}}
    attributes = {name: DynamoType(attribute) for name, attribute in (ITEM | more).items()}
    item = Item(DynamoType(ITEM["pk"]), None, ITEM | more)
    alone = {name: attribute.size() for name, attribute in attributes.items()}, item.size()
    with emulated_aws():
        assert ({name: attribute.size() for name, attribute in attributes.items()}, item.size()) == alone


def test_quick_ways_of_dynamodb_change_no_answer() -> None:
    """Items of every type, updates, conditions and errors are those of the emulator alone."""
    alone = answers(mock_aws())
    assert answers(emulated_aws()) == alone
    assert sum("Error" in answer for answer in alone if isinstance(answer, dict)) >= len(UPDATES)


def test_update_that_makes_a_row_is_one_record_of_the_stream(table: Any) -> None:  # noqa: ANN401 - boto3's client
    """A stream record is one modification of one item: the first one has the whole row."""
    table.update_table(TableName="rows", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    for value in ("1", "2"):
        table.update_item(
            TableName="rows",
            Key={"pk": {"S": "new"}, "sk": {"N": "1"}},
            UpdateExpression="SET color = :color",
            ExpressionAttributeValues={":color": {"S": value}},
        )
    (stored,) = (
        each for account in dynamodb_backends.values() for each in [account[REGION].tables.get("rows")] if each
    )
    records = [
        (each.record["eventName"], each.record["dynamodb"]["NewImage"]["color"]) for each in stored.stream_shard.items
    ]
    assert records == [("INSERT", {"S": "1"}), ("MODIFY", {"S": "2"})]
