"""Read the whole ledger, or the rows of an instance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime import contract
from hub.runtime.aws.ledger.labels import label_of_row
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
    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.observation import Observation

# Called after each page with the number of rows read so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All instances, names and labels in the ledger. Rows written while it is read may be missing."""

    observations: tuple[Observation, ...]
    names: dict[NameKey, NameState]
    labels: tuple[HeldLabel, ...] = ()


def snapshot(table: Table, progress: Progress) -> Snapshot:
    """The whole ledger, to the last page.

    Raises:
        LedgerUnavailable: if a page cannot be read, or a row is not in the format of this version.
    """
    observations: list[Observation] = []
    claims: defaultdict[NameKey, list[Claim]] = defaultdict(list)
    published: dict[NameKey, Published] = {}
    labels: list[HeldLabel] = []
    for row in _rows(table, progress):
        partition, sort = row[contract.PARTITION_KEY], row[contract.SORT_KEY]
        try:
            if sort.startswith(contract.INSTANCE_PREFIX):
                observations.append(observation_of(row))
            elif partition == contract.LABELS_KEY:
                labels.append(label_of_row(row))
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
    return Snapshot(tuple(sorted(observations, key=lambda row: row.ref)), names, tuple(labels))


def observation(table: Table, ref: InstanceRef) -> Observation | None:
    """The observation of an instance in the ledger, or None.

    Raises:
        LedgerUnavailable: if it cannot be read.
    """
    row = table.get(instance_key(ref))
    return None if row is None else _observation(row)


def observations_of_id(table: Table, instance_id: str, progress: Progress) -> tuple[Observation, ...]:
    """The observations of all instances with an id, in any account and region.

    This reads the whole table, as DynamoDB applies filters after reading (API Reference, Scan,
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).

    Raises:
        LedgerUnavailable: if a page cannot be read.
    """
    instance = {":instance": f"{contract.INSTANCE_PREFIX}{instance_id}"}
    found = map(_observation, _rows(table, progress, f"{contract.SORT_KEY} = :instance", instance))
    return tuple(sorted(found, key=lambda row: row.ref))


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
        raise LedgerUnavailable(f"the ledger {table.name} cannot be read completely: {error}") from error


def _unreadable(partition: str, sort: str) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"another version of orgdns wrote the ledger's row {partition!r} / {sort!r}: use the command of the deployed "
        "version"
    )
