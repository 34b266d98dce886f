"""The ledger's table: single rows, many rows and queries. All reads are strongly consistent."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime import contract
from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed, PageTokens, required
from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.aws.sessions import error_code
from hub.runtime.boundary import schema
from hub.runtime.boundary.chunks import chunks
from hub.runtime.model.names import NEVER
from hub.runtime.ports import LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.ports import Clock, Sleep

# DynamoDB API Reference, BatchWriteItem: up to 25 put or delete requests; BatchGetItem: up to 100 items.
ROWS_A_WRITE: Final = 25
ROWS_A_READ: Final = 100
UNPROCESSED_TRIES: Final = 6


def _unreported(_rows_read: int) -> None:
    """Report no progress."""


class Table:
    """One DynamoDB table. Each method raises LedgerUnavailable without a complete answer of DynamoDB."""

    def __init__(self, client: DynamoDBClient, name: str, clock: Clock, sleep: Sleep, stream: str = "") -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._stream = stream

    @property
    def name(self) -> str:
        """The table's name."""
        return self._name

    @property
    def stream(self) -> str:
        """The ARN of the table's stream; empty if the reader does not need the generation of the ledger."""
        return self._stream

    def latest_stream(self) -> str:
        """The ARN of the stream that the table has now; empty if it has none, as a table that was just restored.

        Someone may have restored the table under its name since the function started, and records of the stream of the
        former table still come for a day (DynamoDB Developer Guide, "Change data capture for DynamoDB Streams").
        """
        with translated():
            table = required(self._client.describe_table(TableName=self._name), "Table")
        return str(table.get("LatestStreamArn", ""))

    def get(self, key: Row) -> Row | None:
        """The row with a key, or None."""
        with translated():
            answer = self._client.get_item(TableName=self._name, Key=written(key), ConsistentRead=True)
        return read(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Collection[Row]) -> Iterator[Row]:
        """The rows with these keys, in no order; a key without a row is left out."""
        for part in chunks(keys, ROWS_A_READ):
            requests: Any = {self._name: {"Keys": [written(key) for key in part], "ConsistentRead": True}}
            for attempt in range(UNPROCESSED_TRIES):
                with translated():
                    answer = self._client.batch_get_item(RequestItems=requests)
                    found = required(answer, "Responses")
                yield from map(read, found.get(self._name, ()))
                requests = answer.get("UnprocessedKeys")
                if not requests:
                    break
                # DynamoDB returns the keys that it could not read, to be repeated after a pause (API Reference,
                # BatchGetItem).
                self._sleep(0.05 * 2**attempt)
            else:
                raise LedgerUnavailable(f"DynamoDB left rows of {self._name} unread after {UNPROCESSED_TRIES} attempts")

    def query(self, partition: str, prefix: str = "") -> Iterator[Row]:
        """The rows of a partition whose sort keys have the prefix, read page by page."""
        condition = f"{contract.PARTITION_KEY} = :pk"
        values = {":pk": partition}
        if prefix:
            condition += f" AND begins_with({contract.SORT_KEY}, :prefix)"
            values[":prefix"] = prefix
        request = {"KeyConditionExpression": condition, "ExpressionAttributeValues": written(values)}
        for page in self._pages(self._client.query, request):
            yield from map(read, page["Items"])

    def scan(
        self,
        condition: str = "",
        values: Mapping[str, object] | None = None,
        progress: Callable[[int], None] = _unreported,
    ) -> Iterator[Row]:
        """The rows of the whole table, or those that meet a condition, read page by page.

        `progress` is called after each page with the number of rows read so far.
        """
        filtered: dict[str, Any] = (
            {"FilterExpression": condition, "ExpressionAttributeValues": written(values or {})} if condition else {}
        )
        rows_read = 0
        for page in self._pages(self._client.scan, filtered):
            yield from map(read, page["Items"])
            rows_read += page.get("ScannedCount", 0)
            progress(rows_read)

    def _pages(self, call: Callable[..., Any], request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The pages of a query or scan. Each has `Items`."""
        tokens = PageTokens()
        start: dict[str, Any] = {}
        while True:
            with translated():
                page = call(TableName=self._name, ConsistentRead=True, **request, **start)
                required(page, "Items")
            yield page
            # An empty page is not necessarily the last one; only a missing key marks the last page.
            if not page.get("LastEvaluatedKey"):
                return
            with translated():
                start = {"ExclusiveStartKey": tokens.once(page["LastEvaluatedKey"])}

    def put(self, row: Row, condition: str = "", values: Row | None = None) -> bool:
        """Write a row if a condition is met; return whether it was written.

        Without a condition, a row that a later version wrote stays, and the answer is False.

        Raises:
            Outdated: if the condition is not met, or a later version wrote the row.
        """
        how: Any = {"TableName": self._name, "Item": written(row), **_condition(condition, values or {})}
        return _written(condition, lambda: self._client.put_item(**how))

    def put_unless(self, row: Row, condition: str, values: Row) -> Row | None:
        """Write a row if a condition is met; otherwise return the row that does not meet it."""
        try:
            self._client.put_item(
                TableName=self._name,
                Item=written(row),
                **_condition(condition, values),
                # The row is in the error, without another read (API Reference, PutItem).
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except (ClientError, *NO_ANSWER) as error:
            response: Any = error.response if isinstance(error, ClientError) else {}
            if "Item" in response:
                return read(response["Item"])
            with translated():
                raise
        return None

    def put_many(self, rows: Collection[Row]) -> None:
        """Write rows over existing ones, without a condition: the caller has read that it may replace them."""
        for part in chunks(rows, ROWS_A_WRITE):
            requests: Any = {self._name: [{"PutRequest": {"Item": written(row)}} for row in part]}
            for attempt in range(UNPROCESSED_TRIES):
                with translated():
                    requests = self._client.batch_write_item(RequestItems=requests).get("UnprocessedItems")
                if not requests:
                    break
                # As above (API Reference, BatchWriteItem).
                self._sleep(0.05 * 2**attempt)
            else:
                raise LedgerUnavailable(
                    f"DynamoDB left rows of {self._name} unwritten after {UNPROCESSED_TRIES} attempts"
                )

    def update(
        self,
        key: Row,
        attributes: Row,
        remove: Collection[str] = (),
        add: Mapping[str, int] | None = None,
        before: int | None = None,
    ) -> bool:
        """Set some attributes of a row, add to some numbers, and remove some attributes; the others do not change.

        Return whether that was written. Without `before`, a row that a later version wrote stays, and it was not.

        Raises:
            Outdated: if `before` is given, and the first attribute is another number, or a later version wrote the
                row. A number that is missing counts as 0.
        """
        add = add or {}
        names = {f"#{number}": name for number, name in enumerate((*attributes, *add, *remove))}
        given = len(attributes) + len(add)
        sets = ", ".join(f"#{number} = :{number}" for number in range(len(attributes)))
        added = ", ".join(f"#{number} :{number}" for number in range(len(attributes), given))
        removed = ", ".join(f"#{number}" for number in range(given, len(names)))
        parts = (("SET", sets), ("ADD", added), ("REMOVE", removed))
        expression = " ".join(f"{verb} {part}" for verb, part in parts if part)
        values = {f":{number}": value for number, value in enumerate((*attributes.values(), *add.values()))}
        condition = ""
        if before is not None:
            condition = "#0 = :before" + (" OR attribute_not_exists(#0)" if not before else "")
            values[":before"] = before
        return self._update(key, expression, names, values, condition)

    def begin(self, key: Row, attribute: str, now: int) -> None:
        """Set an attribute to the time now, unless it has a time: what it stands for has lasted since then."""
        with suppress(Outdated):
            self.update(key, {attribute: now}, before=NEVER)

    def add(self, key: Row, attribute: str, values: Collection[str], most: int | None = None) -> None:
        """Add texts to a set of a row, which may not exist yet. What others add at the same time stays.

        Raises:
            Outdated: if the set has `most` texts or more.
        """
        self._change_set("ADD", key, attribute, values, most)

    def discard(self, key: Row, attribute: str, values: Collection[str]) -> None:
        """Remove texts from a set of a row, if they are there."""
        self._change_set("DELETE", key, attribute, values)

    def _change_set(
        self, verb: str, key: Row, attribute: str, values: Collection[str], most: int | None = None
    ) -> None:
        condition = ""
        bound: Row = {":0": set(values)}
        if most is not None:
            condition = "attribute_not_exists(#0) OR size(#0) < :1"
            bound[":1"] = most
        # Sets have no order, and each change is atomic (DynamoDB Developer Guide, "Update expressions").
        self._update(key, f"{verb} #0 :0", {"#0": attribute}, bound, condition)

    def _update(self, key: Row, expression: str, names: dict[str, str], values: Row, condition: str) -> bool:
        how: Any = {"TableName": self._name, "Key": written(key), "UpdateExpression": expression}
        how |= _condition(condition, values, names)
        return _written(condition, lambda: self._client.update_item(**how))

    def delete(self, key: Row) -> None:
        """Delete a row, if it exists. One that a later version wrote stays."""
        how: Any = {"TableName": self._name, "Key": written(key), **_condition("", {})}
        _written("", lambda: self._client.delete_item(**how))

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self._clock()

    def expiry(self, after: int) -> int:
        """When a row that is kept for so many milliseconds expires, in seconds: the unit of DynamoDB's time to live."""
        return (self._clock() + after) // 1000


def _condition(condition: str, values: Row, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The arguments of a write that leaves a row of a later version as it is, and that another condition may guard."""
    return {
        "ConditionExpression": f"{schema.WRITABLE} AND ({condition})" if condition else schema.WRITABLE,
        "ExpressionAttributeNames": {**(names or {}), **schema.NAMES},
        "ExpressionAttributeValues": written({**values, **schema.VALUES}),
    }


def _written(condition: str, write: Callable[[], object]) -> bool:
    """Write a row; return False if a row of a later version stays, for which only another condition raises."""
    try:
        with translated():
            write()
    except Outdated:
        if condition:
            raise
        return False
    return True


@contextmanager
def translated() -> Iterator[None]:
    """Raise AWS's errors as errors of the ports."""
    try:
        yield
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            raise Outdated(str(error)) from error
        raise LedgerUnavailable(str(error)) from error
    except (*NO_ANSWER, AnswerMalformed) as error:
        raise LedgerUnavailable(str(error)) from error
