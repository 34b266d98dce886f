"""The ledger's rows of labels: which account has which label by its name.

All rows are in one partition, so that one query reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.boundary.schema import flag, number, read_row, text
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import NEVER, Millis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table

# A function knows the rows for 15 minutes. It must not take the row of a new label for a version of the deleted one.
FREE_MILLIS: Final = 86_400_000
_TIMES: Final = ("released_at", "searched_at", "vacant_since")


class DynamoLabels:
    """The rows about labels. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def labels(self) -> Iterator[HeldLabel]:
        """All labels, read page by page."""
        return map(label_of_row, self._table.query(contract.LABELS_KEY, contract.LABEL_PREFIX))

    def put_label(self, held: HeldLabel) -> None:
        """Replace the previous version of the row.

        Raises:
            Outdated: if the row has another version.
        """
        row: Row = {
            contract.PARTITION_KEY: contract.LABELS_KEY,
            contract.SORT_KEY: f"{contract.LABEL_PREFIX}{held.label}",
            "account_id": held.account_id,
            "reserved": held.reserved,
            "version": held.version,
        }
        row |= {name: time for name in _TIMES if (time := getattr(held, name)) != NEVER}
        if not held.account_id:
            row[contract.EXPIRES] = self._table.expiry(FREE_MILLIS)
        if held.version == 1:
            self._table.put(row, f"attribute_not_exists({contract.PARTITION_KEY})")
        else:
            self._table.put(row, "version = :before", {":before": held.version - 1})


def label_of_row(row: Mapping[str, Any]) -> HeldLabel:
    """The label in a row. Of one that cannot be read, only that is known, and whether the label is reserved."""
    label = row[contract.SORT_KEY].removeprefix(contract.LABEL_PREFIX)
    found = read_row(_label_of, row, label)
    if isinstance(found, Unreadable):
        # Whoever had a name of the label before its account keeps the name.
        return HeldLabel(label, reserved=row.get("reserved") is not False, row_fault=found.reason)
    return found


def _label_of(row: Mapping[str, Any]) -> HeldLabel:
    return HeldLabel(
        label=row[contract.SORT_KEY].removeprefix(contract.LABEL_PREFIX),
        account_id=text(row["account_id"]),
        reserved=flag(row["reserved"]),
        version=number(row["version"]),
        released_at=_time(row, "released_at"),
        searched_at=_time(row, "searched_at"),
        vacant_since=_time(row, "vacant_since"),
    )


def _time(row: Mapping[str, Any], name: str) -> Millis:
    return Millis(number(row.get(name, NEVER)))
