"""Pages of the ledger's rows, read quickly: several segments of a scan at the same time, with little work for each row.

Eventually consistent reads cost half as much as strongly consistent ones (DynamoDB Developer Guide, "DynamoDB read
consistency", https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html). A scan
shows no single moment in any case: rows that are written while it runs may be missing.
"""

from __future__ import annotations

import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.answers import PageTokens, required
from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.aws.ledger.table import ROWS_A_READ, translated
from hub.runtime.boundary.chunks import chunks
from hub.runtime.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from hub.runtime.aws.ledger.rows import Row

# Segments of a scan that are read at the same time. One partition of the table serves 3,000 read units a second
# (DynamoDB Developer Guide, "Best practices for designing and using partition keys effectively"), and a segment takes
# about 1,300, so that the hub's functions keep their share.
SEGMENTS: Final = 4
# Of a scan. A page without a limit has up to 1 MB, and takes thirty times as much memory once it is parsed.
_ROWS_A_PAGE: Final = 1_000
# Queries and batches of rows that are read at the same time.
AT_ONCE: Final = 16


class Pages:
    """Reads pages of one table, strongly consistent if that is set. Each method raises LedgerUnavailable.

    `units` are the read units consumed so far, and `rows` the rows that were read, also those that a condition left
    out.
    """

    def __init__(self, client: Any, table: str, progress: Callable[[Pages], None]) -> None:  # noqa: ANN401 - see below
        self._client = _with_plain_rows(client)
        self._table = table
        self._progress = progress
        self.units = 0.0
        self.rows = 0
        self.consistent = False

    def scan(
        self, columns: Collection[str], condition: str, values: Mapping[str, str]
    ) -> Iterator[tuple[str, list[Row]]]:
        """The rows of each partition that meet a condition, of which only some attributes are read.

        A segment returns the rows of a partition one after another. Several pages may have rows of one partition.
        """
        request = _projection(columns) | {
            "FilterExpression": condition,
            "ExpressionAttributeValues": written(values),
            "TotalSegments": SEGMENTS,
            "Limit": _ROWS_A_PAGE,
        }
        segments = deque(
            _Segment(self._pages(self._client.scan, request | {"Segment": each})) for each in range(SEGMENTS)
        )
        with ThreadPoolExecutor(SEGMENTS) as pool:
            for segment in segments:
                segment.start(pool)
            while segments:
                segment = segments.popleft()
                yield from segment.partitions(self._rows(segment.page(pool)))
                if not segment.over:
                    segments.append(segment)

    def query(self, partition: str, prefix: str = "", columns: Collection[str] = ()) -> Iterator[Row]:
        """The rows of a partition whose sort keys have the prefix."""
        condition = f"{contract.PARTITION_KEY} = :pk"
        values = {":pk": partition}
        if prefix:
            condition += f" AND begins_with({contract.SORT_KEY}, :prefix)"
            values[":prefix"] = prefix
        request = _projection(columns) if columns else {}
        request |= {"KeyConditionExpression": condition, "ExpressionAttributeValues": written(values)}
        for page in self._pages(self._client.query, request):
            yield from self._rows(page)

    def each_partition(self, partitions: Iterable[str]) -> Iterator[tuple[str, list[Row]]]:
        """All rows of each partition, several partitions at the same time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for some in chunks(partitions, 8 * AT_ONCE):
                yield from pool.map(lambda each: (each, list(self.query(each))), some)

    def get(self, keys: Iterable[Row], columns: Collection[str]) -> Iterator[Row]:
        """The rows with these keys, in no order; a key without a row is left out."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for some in chunks(keys, 2 * AT_ONCE * ROWS_A_READ):
                for rows in pool.map(lambda part: list(self._batch(part, columns)), chunks(some, ROWS_A_READ)):
                    yield from rows

    def _batch(self, keys: Collection[Row], columns: Collection[str]) -> Iterator[Row]:
        requests: Any = {
            self._table: {
                "Keys": [written(key) for key in keys],
                **_projection(columns),
                "ConsistentRead": self.consistent,
            }
        }
        while requests:
            with translated():
                answer = self._client.batch_get_item(RequestItems=requests, ReturnConsumedCapacity="TOTAL")
                found = required(answer, "Responses")
            yield from map(read, found.get(self._table, ()))
            self._consumed(answer.get("ConsumedCapacity", ()))
            # The client has waited before each repetition (API Reference, BatchGetItem: UnprocessedKeys).
            requests = answer.get("UnprocessedKeys")

    def _pages(self, call: Callable[..., Any], request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        tokens = PageTokens()
        start: dict[str, Any] = {}
        while True:
            try:
                with translated():
                    how = {"ConsistentRead": self.consistent, "ReturnConsumedCapacity": "TOTAL"}
                    page = call(TableName=self._table, **how, **request, **start)
                    required(page, "Items")
            except LedgerUnavailable as error:
                raise LedgerUnavailable(f"the ledger {self._table} cannot be read completely: {error}") from error
            yield page
            if not page.get("LastEvaluatedKey"):
                return
            with translated():
                start = {"ExclusiveStartKey": tokens.once(page["LastEvaluatedKey"])}

    def _rows(self, page: Mapping[str, Any]) -> Iterator[Row]:
        self.rows += page.get("ScannedCount", 0)
        self._consumed([page.get("ConsumedCapacity") or {}])
        yield from map(read, page["Items"])

    def _consumed(self, capacities: Iterable[Mapping[str, Any]]) -> None:
        self.units += sum(float(each.get("CapacityUnits", 0)) for each in capacities)
        self._progress(self)


class _Segment:
    """A segment of a scan, of which the next page is read while the current one is used."""

    def __init__(self, pages: Iterator[Mapping[str, Any]]) -> None:
        self._pages = pages
        self._next: Any = None
        self._key = ""
        self._rows: list[Row] = []
        self.over = False

    def start(self, pool: ThreadPoolExecutor) -> None:
        """Begin to read the next page."""
        self._next = pool.submit(next, self._pages, None)

    def page(self, pool: ThreadPoolExecutor) -> Mapping[str, Any]:
        """The next page; an empty one at the end."""
        page: Mapping[str, Any] = self._next.result() or {"Items": ()}
        self.over = not page.get("LastEvaluatedKey")
        if not self.over:
            self.start(pool)
        return page

    def partitions(self, rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
        """The partitions that end in a page; the last one waits for the next page, unless the segment is over."""
        for row in rows:
            key = row[contract.PARTITION_KEY]
            # The rows of instances do not belong together, and a spoke may have very many.
            if key != self._key or key.startswith(contract.SPOKE_PREFIX):
                yield from self._end()
                self._key = key
            self._rows.append(row)
        if self.over:
            yield from self._end()

    def _end(self) -> Iterator[tuple[str, list[Row]]]:
        if self._rows:
            yield self._key, self._rows
            self._rows = []


def _with_plain_rows(client: Any) -> Any:  # noqa: ANN401 - the stubs know rows as botocore parses them
    """The client, which takes the rows of an answer as its JSON has them.

    botocore looks up the shape of every attribute, which takes twenty times as long as everything else that a scan
    does. An attribute is the same without that, but for binary ones, of which the ledger has none.
    """
    for operation in ("Scan", "Query", "BatchGetItem"):
        client.meta.events.register(f"before-parse.dynamodb.{operation}", _take_rows, unique_id=f"rows-{operation}")
    return client


def _take_rows(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: object) -> None:
    if response_dict["status_code"] != 200:  # noqa: PLR2004 - HTTP's OK
        return
    try:
        answer = json.loads(response_dict["body"])
        rows = {field: answer.pop(field) for field in ("Items", "Responses") if field in answer}
    except (ValueError, AttributeError, TypeError):
        # botocore says what is wrong with it.
        return
    customized_response_dict |= rows
    response_dict["body"] = json.dumps(answer).encode()


def _projection(columns: Collection[str]) -> dict[str, Any]:
    """The arguments that request only some attributes. Each has an alias, as some are reserved words."""
    aliases = {f"#{number}": column for number, column in enumerate(columns)}
    return {"ProjectionExpression": ", ".join(aliases), "ExpressionAttributeNames": aliases}
