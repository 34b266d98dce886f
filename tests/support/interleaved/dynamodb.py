"""The ledger's table as DynamoDB keeps it, and a client of it. Nothing is atomic but the write or read of one row.

A batch reads and writes its rows one by one, and a scan or query its pages. The pages are short. The stream has each
change of a row that the publisher's filter lets pass, in order for each partition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from hub.runtime import contract
from sandbox.aws.dynamodb.expressions import meets, updated
from sandbox.aws.dynamodb.shards import shard_of
from sandbox.aws.dynamodb.writes import written

SHARDS = 4
Item = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the stream: the key of a row that changed, and its image since then."""

    key: Key
    at: int
    image: Item | None

    def event(self, number: int) -> Item:
        """The record as Lambda passes it on."""
        keys = {contract.PARTITION_KEY: {"S": self.key[0]}, contract.SORT_KEY: {"S": self.key[1]}}
        change = {"Keys": keys, "SequenceNumber": str(number), "ApproximateCreationDateTime": self.at / 1_000}
        return {"dynamodb": change | ({"NewImage": self.image} if self.image else {})}


@dataclass(slots=True)
class MemoryTable:
    """The rows. `label` is that of the stream, and each shard has its records that are not delivered yet.

    The records of releases are in a shard that is `astray` from that of their names, if a planted fault has it so.
    """

    now: Callable[[], int]
    rows: dict[str, dict[str, Item]] = field(default_factory=dict)
    label: str = "stream-0"
    astray: int = 0
    shards: tuple[list[Record], ...] = field(default_factory=lambda: tuple([] for _ in range(SHARDS)))

    def row(self, key: Key) -> Item | None:
        return self.rows.get(key[0], {}).get(key[1])

    def put(self, key: Key, item: Item | None) -> None:
        """Replace a row, or delete it. Writing what is there already is no change, and has no record."""
        partition, sort = key
        if self.row(key) == item:
            return
        of_partition = self.rows.setdefault(partition, {})
        if item is None:
            of_partition.pop(sort)
            if not of_partition:
                del self.rows[partition]
        else:
            of_partition[sort] = item
        released = sort == contract.RELEASED_KEY
        if sort.startswith(contract.CLAIM_PREFIX) or sort == contract.MARK_KEY or released:
            shard = shard_of(partition, SHARDS) + (self.astray if released else 0)
            self.shards[shard % SHARDS].append(Record(key, self.now(), item))

    def sorted_keys(self) -> list[Key]:
        return [(partition, sort) for partition in sorted(self.rows) for sort in sorted(self.rows[partition])]

    def snapshot(self) -> dict[str, dict[str, Item]]:
        return {partition: dict(rows) for partition, rows in self.rows.items()}


def stream_arn(label: str) -> str:
    """The ARN of the ledger's stream with a label."""
    return f"arn:aws:dynamodb:::table/ledger/stream/{label}"


class Client:
    """A client of DynamoDB. `step` is called before each row or page is read or written, with what it does."""

    def __init__(self, table: MemoryTable, step: Callable[[str, Callable[[], Any]], Any], page: int) -> None:
        self._table, self._step, self._page = table, step, page

    def describe_table(self, **_: object) -> Any:  # noqa: ANN401 - botocore's
        return self._step("describe table", lambda: {"Table": {"LatestStreamArn": stream_arn(self._table.label)}})

    def get_item(self, *, Key: Item, **_: object) -> Any:  # noqa: ANN401, N803 - botocore's
        return self._step(f"get {_short(Key)}", lambda: self._found(Key))

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: ANN401, N803 - botocore's
        ((name, request),) = RequestItems.items()
        found = []
        for key in sorted(request["Keys"], key=_key):
            answer = self._step(f"batch get {_short(key)}", partial(self._found, key))
            found += [answer["Item"]] if "Item" in answer else []
        return {"Responses": {name: found}}

    def put_item(self, *, Item: Item, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        return self._step(f"put {_short(Item)} {_told(Item)}", lambda: self._written(_key(Item), given, lambda _: Item))

    def update_item(self, *, Key: Item, UpdateExpression: str, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
        return self._step(
            f"update {_short(Key)} {UpdateExpression}",
            lambda: self._written(
                _key(Key), given, lambda before: updated(before or Key, UpdateExpression, names, values)
            ),
        )

    def delete_item(self, *, Key: Item, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        return self._step(f"delete {_short(Key)}", lambda: self._written(_key(Key), given, lambda _: None))

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: ANN401, N803 - botocore's
        ((_, requests),) = RequestItems.items()
        for request in requests:
            if "PutRequest" in request:
                self.put_item(Item=request["PutRequest"]["Item"])
            else:
                self.delete_item(Key=request["DeleteRequest"]["Key"])
        return {}

    def query(self, **given: Any) -> Any:  # noqa: ANN401 - botocore's
        values = given["ExpressionAttributeValues"]
        partition = values[":pk"]["S"]
        start = given.get("ExclusiveStartKey")
        after = _key(start)[1] if start else ""

        def page() -> Any:  # noqa: ANN401 - botocore's
            rows = self._table.rows.get(partition, {})
            condition, names = given["KeyConditionExpression"], given.get("ExpressionAttributeNames", {})
            found = [
                rows[sort] for sort in sorted(rows) if sort > after and meets(rows[sort], condition, names, values)
            ]
            return _page(found, self._page, given)

        return self._step(f"query {partition} after {after!r}", page)

    def scan(self, **given: Any) -> Any:  # noqa: ANN401 - botocore's
        start = given.get("ExclusiveStartKey")
        after = _key(start) if start else ("", "")

        def page() -> Any:  # noqa: ANN401 - botocore's
            rows = [self._table.rows[key[0]][key[1]] for key in self._table.sorted_keys() if key > after]
            return _page(rows, self._page, given)

        return self._step(f"scan after {after}", page)

    def _found(self, key: Item) -> Item:
        row = self._table.row(_key(key))
        return {} if row is None else {"Item": row}

    def _written(self, key: Key, given: Item, after: Callable[[Item | None], Item | None]) -> Item:
        before = self._table.row(key)
        item = written(before, given, after)
        self._table.put(key, item)
        return {"Attributes": item or before or {}} if given.get("ReturnValues") else {}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")


def _page(rows: list[Item], size: int, given: Item) -> Item:
    read, rest = rows[:size], rows[size:]
    names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
    found = [row for row in read if meets(row, given.get("FilterExpression", ""), names, values)]
    last = {name: read[-1][name] for name in (contract.PARTITION_KEY, contract.SORT_KEY)} if rest else None
    return {"Items": found, "ScannedCount": len(read), "Count": len(found)} | (
        {"LastEvaluatedKey": last} if last else {}
    )


def _key(item: Item) -> Key:
    return item[contract.PARTITION_KEY]["S"], item[contract.SORT_KEY]["S"]


def _short(item: Item) -> str:
    return " ".join(_key(item))


def _told(item: Item) -> str:
    """Return the attributes of a row that say what a write does, for a trace."""
    told: dict[str, Any] = {
        name: next(iter(item[name].values()))
        for name in (
            "live",
            "version",
            "settled",
            "ended",
            "pending",
            "conflict",
            "reason",
            "generation",
            "swept_at",
            "id",
            "observed_at",
        )
        if name in item
    }
    for name in ("claims", "withdrawing"):
        if name in item:
            names = [each["M"]["fqdn"]["S"] if "M" in each else each["L"][1]["S"] for each in item[name]["L"]]
            told[name] = ",".join(each.removesuffix(".corp.internal.") for each in names)
    if "record_sets" in item:
        told["record_sets"] = ",".join(each["M"]["set_identifier"]["S"][-3:] for each in item["record_sets"]["L"])
    return " ".join(f"{name}={value}" for name, value in told.items())
