"""The first rows of many, without all of them in memory. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Generic, TypeVar

from orgdns.report.model import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

Row = TypeVar("Row")


class Bounded(Generic[Row]):
    """Counts rows by kind, and keeps the first `most` of them in an order that does not depend on when they came.

    At most twice as many rows are in memory.
    """

    def __init__(self, most: int, order: Callable[[Row], tuple[object, ...]]) -> None:
        self._most = most
        self._order = order
        self._rows: list[Row] = []
        self._kinds = Counter[str]()

    def add(self, row: Row, kind: str = "") -> None:
        """Count a row, and keep it while it is among the first."""
        self._kinds[kind] += 1
        self._rows.append(row)
        if len(self._rows) >= 2 * self._most:
            self._cut()

    def listing(self) -> Listing[Row]:
        """What was counted and kept."""
        self._cut()
        kinds = {kind: number for kind, number in sorted(self._kinds.items()) if kind}
        return Listing(self._kinds.total(), kinds, tuple(self._rows))

    def _cut(self) -> None:
        self._rows.sort(key=self._order)
        del self._rows[self._most :]
