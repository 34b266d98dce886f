"""The ledger's rows of labels: which account has which label by its name.

All rows are in one partition, so that one query reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
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
        return map(label_of_row, self._table.query(contract.LABELS_KEY))

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
    """The label in a row."""
    return HeldLabel(
        label=row[contract.SORT_KEY].removeprefix(contract.LABEL_PREFIX),
        account_id=row["account_id"],
        reserved=row["reserved"],
        version=int(row["version"]),
        **{name: Millis(int(row[name])) for name in _TIMES if name in row},
    )
