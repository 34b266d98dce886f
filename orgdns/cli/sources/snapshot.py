"""The ledger read by an operator: all of it at once, or the rows of one instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import (
    Row,
    claim_of,
    instance_key,
    name_key_of,
    observation_of,
    published_of,
    read,
    written,
)
from hub.runtime.model.names import Claim, InstanceRef, NameKey, NameState, Published
from hub.runtime.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from hub.runtime.model.observation import Observation

# Told how many rows were read so far, after each page.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All instances that the ledger remembers, and all names; rows written meanwhile may be in it or not."""

    observations: tuple[Observation, ...]
    names: dict[NameKey, NameState]


def snapshot(client: DynamoDBClient, table: str, progress: Progress) -> Snapshot:
    """The whole ledger, to the last page.

    Raises:
        LedgerUnavailable: When a page could not be read, or a row is not one that this version knows.
    """
    observations: list[Observation] = []
    claims: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    published: dict[NameKey, Published] = {}
    for row in _rows(client, table, progress):
        partition, sort = row[contract.PARTITION_KEY], row[contract.SORT_KEY]
        try:
            if sort.startswith(contract.INSTANCE_PREFIX):
                observations.append(observation_of(row))
            elif sort == contract.PUBLISHED_KEY:
                key = name_key_of(partition)
                published[key] = published_of(key, row)
            elif sort.startswith(contract.CLAIM_PREFIX) and row.get("live"):
                claims[name_key_of(partition)].append(claim_of(row))
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(partition, sort) from error
    names = {
        key: NameState(key, tuple(claims.get(key, ())), published.get(key, Published()))
        for key in sorted(claims.keys() | published.keys())
    }
    return Snapshot(tuple(sorted(observations, key=lambda seen: seen.ref)), names)


def observation(client: DynamoDBClient, table: str, ref: InstanceRef) -> Observation | None:
    """What the ledger remembers of an instance.

    Raises:
        LedgerUnavailable: When it cannot be read.
    """
    try:
        answer = client.get_item(TableName=table, Key=written(instance_key(ref)), ConsistentRead=True)
    except (ClientError, BotoCoreError) as error:
        raise _unavailable(table, error) from error
    return _observation(read(answer["Item"])) if "Item" in answer else None


def observations_of_id(
    client: DynamoDBClient, table: str, instance_id: str, progress: Progress
) -> tuple[Observation, ...]:
    """What the ledger remembers of all instances with an id, whatever their account and region.

    It reads the whole table, as DynamoDB filters what it has read (API Reference, Scan,
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).

    Raises:
        LedgerUnavailable: When a page could not be read.
    """
    only = {
        "FilterExpression": f"{contract.SORT_KEY} = :instance",
        "ExpressionAttributeValues": written({":instance": f"{contract.INSTANCE_PREFIX}{instance_id}"}),
    }
    found = [_observation(row) for row in _rows(client, table, progress, only)]
    return tuple(sorted(found, key=lambda seen: seen.ref))


def _observation(row: Row) -> Observation:
    try:
        return observation_of(row)
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(row[contract.PARTITION_KEY], row[contract.SORT_KEY]) from error


def _rows(client: DynamoDBClient, table: str, progress: Progress, only: dict[str, Any] | None = None) -> Iterator[Row]:
    seen = 0
    start: dict[str, Any] = {}
    while True:
        try:
            page = client.scan(TableName=table, ConsistentRead=True, **(only or {}), **start)
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(table, error) from error
        yield from map(read, page["Items"])
        # A page may be empty and not the last: only the key says that there is no other.
        seen += page["ScannedCount"]
        progress(seen)
        if not page.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _unavailable(table: str, error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"the ledger {table} cannot be read to the end: {error}")


def _unreadable(partition: str, sort: str) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"the ledger's row {partition!r} / {sort!r} was written by another version of orgdns: use the command that "
        "belongs to the deployed one"
    )
