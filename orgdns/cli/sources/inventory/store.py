"""Rows of the inventory on the disk, in a file without a name that vanishes with the process: memory stays flat.

A scan returns the rows of names and of instances in the order of hashes, so that a name comes long before or after its
instance. SQLite joins and sorts them: a million names take some 450 MB in the folder for temporary files (TMPDIR), and
as much again while they are sorted. What is neither joined nor sorted is in Python's own format, which takes less than
half of the time of JSON. Only this process can write the file.
"""

from __future__ import annotations

import marshal
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from hub.runtime.model.names import Fqdn, InstanceRef, Interface, Millis
from orgdns.cli.reports.inventory.columns import text_of
from orgdns.cli.reports.inventory.row import InstanceFacts, InventoryRow, NameRow, NameStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orgdns.cli.reports.inventory.selection import Selection

# Of SQLite's cache, in kibibytes; what is more goes to the file.
_CACHE: Final = 32_768
_BATCH: Final = 1_000
_TABLES: Final = """
CREATE TABLE instances (ref TEXT PRIMARY KEY, facts BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE names (fqdn TEXT NOT NULL, zone_id TEXT NOT NULL, ref TEXT NOT NULL, row BLOB NOT NULL);
"""
BY_NAME: Final = "names.fqdn, names.zone_id, names.ref, names.row"
BY_INSTANCE: Final = "names.ref, names.fqdn, names.zone_id, names.row"


class InventoryStore:
    """The rows that a selection takes. `names` and `instances` count what was added."""

    def __init__(self, selection: Selection, domains: Mapping[str, Fqdn]) -> None:
        # An empty name is a temporary database on the disk ("In-Memory Databases", https://www.sqlite.org/inmemorydb.html).
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE}; "
            f"PRAGMA temp_store = FILE; {_TABLES}"
        )
        self._database.execute("BEGIN")
        self._selection = selection
        self._domains = domains
        self._names: list[tuple[str, str, str, bytes]] = []
        self._instances: list[tuple[str, bytes]] = []
        self.names = 0
        self.instances = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._database.close()

    def add_name(self, row: NameRow) -> None:
        """Keep a row, if it is selected as far as it shows that itself."""
        if not self._selection.has_row(row):
            return
        self.names += 1
        ref = str(row.instance) if row.instance else ""
        self._names.append((row.fqdn, row.zone_id, ref, _name_bytes(row)))
        if len(self._names) >= _BATCH:
            self._flush()

    def add_facts(self, facts: InstanceFacts) -> None:
        """Keep the facts of an instance, if they are selected."""
        self.instances += 1
        if self._selection.has_facts(facts):
            self._instances.append((str(facts.ref), _facts_bytes(facts)))
            if len(self._instances) >= _BATCH:
                self._flush()

    def rows(self, order: str = BY_NAME, limit: int | None = None) -> Iterator[InventoryRow]:
        """The selected rows with their instances, in this order."""
        self._flush()
        join = "JOIN" if self._selection.needs_facts else "LEFT JOIN"
        sql = (
            "SELECT names.fqdn, names.zone_id, names.ref, names.row, instances.facts FROM names "
            f"{join} instances ON instances.ref = names.ref ORDER BY {order} LIMIT ?"
        )
        for columns in self._database.execute(sql, (-1 if limit is None else limit,)):
            yield self._row(*columns)

    def sorted_rows(
        self, column: str, limit: int | None = None, *, greatest_first: bool = False
    ) -> Iterator[InventoryRow]:
        """The selected rows, sorted by the text of a column, and then by name; numbers are sorted as numbers."""
        if column == "name" and not greatest_first:
            return self.rows(BY_NAME, limit)
        return self._sorted(column, limit, "DESC" if greatest_first else "ASC")

    def _sorted(self, column: str, limit: int | None, direction: str) -> Iterator[InventoryRow]:
        self._database.execute("CREATE TABLE keys (place INTEGER PRIMARY KEY, key)")
        join = "JOIN" if self._selection.needs_facts else "LEFT JOIN"
        joined = f"FROM names {join} instances ON instances.ref = names.ref"
        self._database.create_function("sort_key", 5, partial(self._key, column), deterministic=True)
        columns = "names.fqdn, names.zone_id, names.ref, names.row, instances.facts"
        self._flush()
        self._database.execute(f"INSERT INTO keys SELECT names.rowid, sort_key({columns}) {joined}")
        order = f"(SELECT key FROM keys WHERE place = names.rowid) {direction}, {BY_NAME}"
        return self.rows(order, limit)

    def _key(self, column: str, fqdn: str, zone_id: str, ref: str, row: bytes, facts: bytes | None) -> str | int:
        text = text_of(self._row(fqdn, zone_id, ref, row, facts), column)
        return int(text) if column in {"ttl", "holders"} and text else text

    def _row(self, fqdn: str, zone_id: str, ref: str, row: bytes, facts: bytes | None) -> InventoryRow:
        found = InstanceRef.parse(ref) if ref else None
        return InventoryRow(
            _name_of(fqdn, zone_id, found, marshal.loads(row)),  # noqa: S302 - as `_name_bytes` wrote it
            self._domains.get(zone_id),
            _facts_of(found, marshal.loads(facts)) if facts and found else None,  # noqa: S302 - as above
        )

    def ambiguous(self) -> frozenset[str]:
        """The names that several zones have: few, or none."""
        self._flush()
        found = "SELECT fqdn FROM names GROUP BY fqdn HAVING min(zone_id) <> max(zone_id)"
        return frozenset(fqdn for (fqdn,) in self._database.execute(found))

    def _flush(self) -> None:
        self._database.executemany("INSERT INTO names VALUES (?, ?, ?, ?)", self._names)
        self._database.executemany("INSERT OR REPLACE INTO instances VALUES (?, ?)", self._instances)
        self._names.clear()
        self._instances.clear()


def _name_bytes(row: NameRow) -> bytes:
    status = row.status.value
    return marshal.dumps(
        (row.type, row.values, row.ttl, status, row.rule, row.reason, row.note, row.holders, row.recorded_at)
    )


def _name_of(fqdn: str, zone_id: str, ref: InstanceRef | None, row: tuple[Any, ...]) -> NameRow:
    kind, values, ttl, status, rule, reason, note, holders, recorded_at = row
    return NameRow(
        zone_id=zone_id,
        fqdn=Fqdn(fqdn),
        type=kind,
        values=values,
        ttl=ttl,
        status=NameStatus(status),
        instance=ref,
        rule=rule,
        reason=reason,
        note=note,
        holders=holders,
        recorded_at=Millis(recorded_at),
    )


def _facts_bytes(facts: InstanceFacts) -> bytes:
    interfaces = tuple(
        (each.device_index, each.vpc_id, each.subnet_id, each.ipv4, each.ipv6) for each in facts.interfaces
    )
    return marshal.dumps(
        (
            facts.seen_at,
            facts.ended,
            facts.state,
            facts.launched_at,
            facts.az,
            interfaces,
            facts.tags,
            facts.label,
            facts.units,
        )
    )


def _facts_of(ref: InstanceRef, row: tuple[Any, ...]) -> InstanceFacts:
    seen_at, ended, state, launched_at, az, interfaces, tags, label, units = row
    return InstanceFacts(
        ref=ref,
        seen_at=Millis(seen_at),
        ended=ended,
        state=state,
        launched_at=Millis(launched_at),
        az=az,
        interfaces=tuple(Interface(*each) for each in interfaces),
        tags=tags,
        label=label,
        units=units,
    )
