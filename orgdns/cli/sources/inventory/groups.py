"""Which hosts are in which group, on the disk: an organization has a few million of these pairs."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH: Final = 1_000


class StoredGroups:
    """The hosts of each group, in a file without a name that vanishes with the process."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384; "
            "PRAGMA temp_store = FILE; "
            "CREATE TABLE members (name TEXT NOT NULL, host TEXT NOT NULL); BEGIN"
        )
        self._waiting: list[tuple[str, str]] = []

    def add(self, group: str, host: str) -> None:
        """Put a host into a group."""
        self._waiting.append((group, host))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def sorted(self) -> Iterator[tuple[str, Iterator[str]]]:
        """The groups, sorted, each with its hosts, sorted; the hosts of a group are read before the next group."""
        self._flush()
        found = self._database.execute("SELECT name, host FROM members ORDER BY name, host")
        for group, pairs in groupby(found, key=lambda pair: pair[0]):
            yield group, (host for _, host in pairs)

    def close(self) -> None:
        """Remove the file."""
        self._database.close()

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO members VALUES (?, ?)", self._waiting)
        self._waiting.clear()
