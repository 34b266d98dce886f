"""The generation of the ledger: a random id in a row that a table loses when it is emptied.

A restored table keeps its rows, but has another stream, so the row's key names the stream. Whatever was written in an
earlier generation may lack what the ledger has lost since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from hub.runtime import contract
from hub.runtime.boundary.schema import read_row, text
from hub.runtime.boundary.unreadable import Malformed, Unreadable
from hub.runtime.ports import LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table


def generation_key(stream: str) -> Row:
    """The key of the row with the generation, by the ARN of the table's stream, which ends with the stream's label."""
    label = stream.rpartition("/")[2]
    return {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: f"{contract.GENERATION_PREFIX}{label}"}


def generation_of(row: Mapping[str, object] | None) -> str:
    """The generation in its row. It is empty if there is no row, or if the row cannot be read: no spoke is settled."""
    found = _id_of(row) if row else ""
    return "" if isinstance(found, Unreadable) else found


def with_generation(table: Table, keys: Iterable[Row], stream: str) -> tuple[Row | None, list[Row]]:
    """The row with the generation, and the rows with these keys, read together. A key without a row is left out."""
    key = generation_key(stream)
    rows = list(table.get_many([key, *keys]))
    generation = next((row for row in rows if row[contract.SORT_KEY] == key[contract.SORT_KEY]), None)
    return generation, [row for row in rows if row is not generation]


def begun(table: Table, row: Mapping[str, object] | None) -> str:
    """The generation from its row, which was read; a new generation if there was none, or if the row is malformed.

    The generation is empty if a later version wrote the row, which stays.

    Raises:
        LedgerUnavailable: if the row disappears again meanwhile.
    """
    if row is None:
        row = _another(table)
        try:
            table.put(row, f"attribute_not_exists({contract.PARTITION_KEY})")
        except Outdated:
            # Another function began it, or an earlier attempt of this call did.
            row = table.get(generation_key(table.stream))
    elif isinstance(_id_of(row), Unreadable):
        # If two functions do this at once, what the first one has written counts as of an earlier generation.
        another = _another(table)
        row = another if table.put(another) else row
    if row is None:
        raise LedgerUnavailable("the row with the generation of the ledger disappeared")
    return generation_of(row)


def _another(table: Table) -> Row:
    return generation_key(table.stream) | {"id": uuid4().hex, "at": table.now()}


def _id_of(row: Mapping[str, object]) -> str | Unreadable:
    return read_row(lambda each: _known(text(each["id"])), row, contract.GENERATION_PREFIX)


def _known(generation: str) -> str:
    if not generation:
        raise Malformed("the id is empty")
    return generation
