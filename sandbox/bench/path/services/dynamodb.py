"""The ledger's table in memory, with the latency, the partitions' limits and the stream of DynamoDB.

A row is read and written at one moment, in the middle of the call. The stream has each change, in order for each
partition key, and a partition key is always in one shard ("Change data capture for DynamoDB Streams",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.dynamodb.expressions import meets, updated
from sandbox.aws.dynamodb.writes import written
from sandbox.aws.partition import arn_of
from sandbox.bench.path.services.quotas import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.bench.path.kernel import Simulation
    from sandbox.bench.path.services.calls import Caller

Item = dict[str, Any]
Key = tuple[str, str]
STREAM: Final = arn_of("dynamodb", "eu-central-1", "222222222222", f"table/{NAMES.ledger_table}/stream/2026-01-01")
# Of a query or scan: pages of 1 MB ("Query", Amazon DynamoDB Developer Guide), some 500 bytes a row.
ROWS_A_PAGE: Final = 2_000
# "Working with items": a write unit is 1 KB.
_UNIT: Final = 1_000
# Partitions of few rows that are rarely written.
_COLD: Final = (contract.NAME_PREFIX,)


@dataclass(slots=True)
class Ledger:
    """The rows, and who is told of each change."""

    simulation: Simulation
    partition_writes: tuple[float, float]
    rows: dict[str, dict[str, Item]] = field(default_factory=dict)
    changed: Callable[[str, Item], None] = field(default=lambda _partition, _record: None)
    _numbers: int = 0
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def row(self, key: Key) -> Item | None:
        """Return a row."""
        return self.rows.get(key[0], {}).get(key[1])

    def put(self, key: Key, item: Item | None) -> None:
        """Replace a row, or delete it. Writing what is there already is no change, and has no record."""
        partition, sort = key
        before = self.row(key)
        if before == item:
            return
        of_partition = self.rows.setdefault(partition, {})
        if item is None:
            of_partition.pop(sort)
        else:
            of_partition[sort] = item
        self._numbers += 1
        keys = {contract.PARTITION_KEY: {"S": partition}, contract.SORT_KEY: {"S": sort}}
        change: Item = {
            "Keys": keys,
            "SequenceNumber": str(self._numbers),
            "ApproximateCreationDateTime": self.simulation.now,
        }
        change |= {name: image for name, image in (("OldImage", before), ("NewImage", item)) if image is not None}
        name = "REMOVE" if item is None else "INSERT" if before is None else "MODIFY"
        self.changed(partition, {"eventID": str(self._numbers), "eventName": name, "dynamodb": change})

    def delay(self, partition: str, item: Item) -> float:
        """Return how many seconds a write has to wait, with the SDK's repeats, for its partition."""
        if partition.startswith(_COLD):
            return 0.0
        bucket = self._buckets.setdefault(partition, Bucket(*self.partition_writes))
        units = 1 + len(str(item)) // _UNIT
        return bucket.reserve(units, self.simulation.now)


class LedgerClient:
    """A client of DynamoDB, as botocore's, for one execution environment."""

    def __init__(self, ledger: Ledger, caller: Caller) -> None:
        self._ledger, self._caller = ledger, caller

    def describe_table(self, **_given: object) -> Any:  # noqa: ANN401 - botocore's
        """Return the table's stream."""
        self._waited()
        return {"Table": {"LatestStreamArn": STREAM}}

    def get_item(self, *, Key: Item, **_given: object) -> Any:  # noqa: ANN401, N803 - botocore's
        """Read a row."""
        self._waited()
        return self._found(Key)

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Read rows."""
        self._waited()
        ((name, request),) = RequestItems.items()
        answers = [self._found(key) for key in request["Keys"]]
        return {"Responses": {name: [answer["Item"] for answer in answers if "Item" in answer]}}

    def put_item(self, *, Item: Item, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        """Write a row, if a condition is met."""
        self._waited(_key(Item)[0], Item)
        return self._written(_key(Item), given, lambda _before: Item)

    def update_item(self, *, Key: Item, UpdateExpression: str, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        """Change a row, if a condition is met."""
        names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
        self._waited(_key(Key)[0], values)
        return self._written(_key(Key), given, lambda before: updated(before or Key, UpdateExpression, names, values))

    def delete_item(self, *, Key: Item, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        """Delete a row, if a condition is met."""
        self._waited(_key(Key)[0], Key)
        return self._written(_key(Key), given, lambda _before: None)

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Write rows, as slowly as their slowest partition takes them."""
        ((_, requests),) = RequestItems.items()
        items = [request["PutRequest"]["Item"] for request in requests]
        delay = max(self._ledger.delay(_key(item)[0], item) for item in items)
        self._caller.wait(self._caller.services.ledger, delay)
        for item in items:
            self._ledger.put(_key(item), item)
        return {}

    def query(self, **given: Any) -> Any:  # noqa: ANN401 - botocore's
        """Read a page of a partition."""
        self._waited()
        values, names = given["ExpressionAttributeValues"], given.get("ExpressionAttributeNames", {})
        rows = self._ledger.rows.get(values[":pk"]["S"], {})
        after = _key(given["ExclusiveStartKey"])[1] if "ExclusiveStartKey" in given else ""
        order = sorted(rows)
        found = [rows[sort] for sort in order[bisect_right(order, after) :]]
        # The partition is the one that the condition names.
        if "begins_with" in given["KeyConditionExpression"]:
            found = [row for row in found if meets(row, given["KeyConditionExpression"], names, values)]
        page, rest = found[:ROWS_A_PAGE], found[ROWS_A_PAGE:]
        keys = (contract.PARTITION_KEY, contract.SORT_KEY)
        last = {"LastEvaluatedKey": {name: page[-1][name] for name in keys}} if rest else {}
        return {"Items": page, "Count": len(page), "ScannedCount": len(page), **last}

    def _waited(self, partition: str = "", item: Item | None = None) -> None:
        delay = self._ledger.delay(partition, item) if item is not None else 0.0
        self._caller.wait(self._caller.services.ledger, delay)

    def _found(self, key: Item) -> Item:
        row = self._ledger.row(_key(key))
        return {} if row is None else {"Item": row}

    def _written(self, key: Key, given: Item, after: Callable[[Item | None], Item | None]) -> Item:
        before = self._ledger.row(key)
        item = written(before, given, after)
        self._ledger.put(key, item)
        return {"Attributes": item or before or {}} if given.get("ReturnValues") else {}


def _key(item: Item) -> Key:
    return item[contract.PARTITION_KEY]["S"], item[contract.SORT_KEY]["S"]
