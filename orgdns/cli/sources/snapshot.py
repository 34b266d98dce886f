"""The ledger read by an operator: all of it at once, or the rows of one instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import (
    Row,
    claim_of,
    instance_key,
    name_key_of,
    observation_of,
    published_of,
)
from hub.runtime.model.names import Claim, InstanceRef, NameKey, NameState, Published
from hub.runtime.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.observation import Observation

# Told how many rows were read so far, after each page.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All instances that the ledger remembers, and all names; rows written meanwhile may be in it or not."""

    observations: tuple[Observation, ...]
    names: dict[NameKey, NameState]


def snapshot(table: Table, progress: Progress) -> Snapshot:
    """The whole ledger, to the last page.

    Raises:
        LedgerUnavailable: When a page could not be read, or a row is not one that this version knows.
    """
    observations: list[Observation] = []
    claims: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    published: dict[NameKey, Published] = {}
    for row in _rows(table, progress):
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


def observation(table: Table, ref: InstanceRef) -> Observation | None:
    """What the ledger remembers of an instance.

    Raises:
        LedgerUnavailable: When it cannot be read.
    """
    row = table.get(instance_key(ref))
    return None if row is None else _observation(row)


def observations_of_id(table: Table, instance_id: str, progress: Progress) -> tuple[Observation, ...]:
    """What the ledger remembers of all instances with an id, whatever their account and region.

    It reads the whole table, as DynamoDB filters what it has read (API Reference, Scan,
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).

    Raises:
        LedgerUnavailable: When a page could not be read.
    """
    instance = {":instance": f"{contract.INSTANCE_PREFIX}{instance_id}"}
    found = map(_observation, _rows(table, progress, f"{contract.SORT_KEY} = :instance", instance))
    return tuple(sorted(found, key=lambda seen: seen.ref))


def _observation(row: Row) -> Observation:
    try:
        return observation_of(row)
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(row[contract.PARTITION_KEY], row[contract.SORT_KEY]) from error


def _rows(
    table: Table, progress: Progress, condition: str = "", values: Mapping[str, object] | None = None
) -> Iterator[Row]:
    try:
        yield from table.scan(condition, values, progress)
    except LedgerUnavailable as error:
        raise LedgerUnavailable(f"the ledger {table.name} cannot be read to the end: {error}") from error


def _unreadable(partition: str, sort: str) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"the ledger's row {partition!r} / {sort!r} was written by another version of orgdns: use the command that "
        "belongs to the deployed one"
    )
