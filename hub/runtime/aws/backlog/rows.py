"""The ledger's rows of the backlog: names that come back, readings of zones, and numbers by account and hour."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import name_pk
from hub.runtime.boundary.schema import number, read_row, texts
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Fqdn, Millis
from hub.runtime.model.tasks import AUDITS
from hub.runtime.publisher.foreign import ZoneReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.reasons.cause import Reason
    from hub.runtime.model.tasks import DeferredName

# The publisher reads the row at once, and the numbers of the last two hours are shown. Milliseconds.
KEPT_MILLIS: Final = 86_400_000
HOUR_MILLIS: Final = 3_600_000
HOURS_SHOWN: Final = 2
# An update has at most 4 KB of text (DynamoDB Developer Guide, "Constraints": expression parameters).
ACCOUNTS_COUNTED: Final = 50


class DynamoBacklog:
    """The rows of the backlog. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def release(self, names: Iterable[tuple[DeferredName, str]]) -> None:
        """Bring names back, each with the account because of which it was in the backlog.

        The row of an earlier release has nothing that is still needed.
        """
        expiry, now = self._table.expiry(KEPT_MILLIS), self._table.now()
        self._table.put_many(
            [
                {
                    contract.PARTITION_KEY: name_pk(name.key),
                    contract.SORT_KEY: contract.RELEASED_KEY,
                    "changed_at": name.changed_at,
                    "marked": name.marked,
                    "account": account,
                    # A row that is written again as it is makes no record in the stream.
                    "at": now,
                    contract.EXPIRES: expiry,
                    **_reason_row(name.reason),
                }
                for name, account in names
            ]
        )

    def reading(self, zone_id: str) -> ZoneReading | None:
        """The last reading of a zone. One that cannot be read is as if there were none."""
        found = read_row(_reading_of, self._table.get(_reading_key(zone_id)) or {}, contract.READING_PREFIX)
        return None if isinstance(found, Unreadable) else found

    def put_reading(self, zone_id: str, reading: ZoneReading) -> None:
        """Store a reading of a zone in place of the last one."""
        self._table.put(
            {
                **_reading_key(zone_id),
                "at": reading.at,
                "took": reading.took,
                "replacing": reading.replacing,
                "whole": reading.whole,
                "foreign": sorted(reading.foreign),
                contract.EXPIRES: self._table.expiry(KEPT_MILLIS),
            }
        )

    def count(self, names: Mapping[str, int]) -> None:
        """Add to the numbers of names that went to the backlog because of accounts: of those with the most names."""
        most = dict(Counter(names).most_common(ACCOUNTS_COUNTED))
        key = _hour_key(self._table.now())
        add = {account or AUDITS: number for account, number in most.items()}
        self._table.update(key, {contract.EXPIRES: self._table.expiry(KEPT_MILLIS)}, add=add)

    def counts(self) -> dict[str, int]:
        """The numbers of names that went to the backlog in this hour and the one before, by account."""
        now = self._table.now()
        counts: Counter[str] = Counter()
        for hour in range(HOURS_SHOWN):
            row = self._table.get(_hour_key(now - hour * HOUR_MILLIS)) or {}
            found = read_row(_counts_of, row, contract.BACKLOG_PREFIX)
            counts.update({} if isinstance(found, Unreadable) else found)
        return dict(counts)


def _reason_row(reason: Reason) -> Row:
    return {name: text for name, text in ((contract.CAUSE, reason.cause.value), ("by", reason.by)) if text}


def _hour_key(at: int) -> Row:
    hour = datetime.fromtimestamp(at / 1_000, UTC).strftime("%Y-%m-%dT%H")
    return {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: f"{contract.BACKLOG_PREFIX}{hour}"}


def _reading_key(zone_id: str) -> Row:
    return {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: f"{contract.READING_PREFIX}{zone_id}"}


def _reading_of(row: Mapping[str, Any]) -> ZoneReading:
    return ZoneReading(
        Millis(number(row["at"])),
        frozenset(map(Fqdn, texts(row["foreign"]))),
        number(row["took"]),
        replacing=row["replacing"] is True,
        whole=row["whole"] is True,
    )


def _counts_of(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: number(value) for name, value in row.items() if name == AUDITS or name.isdecimal()}
