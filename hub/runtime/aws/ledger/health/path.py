"""The rows with the last heartbeat, and with what keeps the publisher and the zones from working."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.status_rows import zone_key
from hub.runtime.boundary.schema import number, read_row, text
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.path import PathState, Stall
from hub.runtime.ports import Outdated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table


def _key(sort_key: str) -> Row:
    return {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: sort_key}


_HEARTBEAT: Final = _key(contract.HEARTBEAT_KEY)
_PUBLISHER: Final = _key(contract.PUBLISHER_KEY)


class DynamoPath:
    """The state of the path in the ledger. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def observed(self, sent_at: Millis) -> None:
        """Record that a heartbeat reached the observer, unless a later one did: a queue has no order.

        The ledger's stream carries it on to the publisher.
        """
        row = _HEARTBEAT | {"sent_at": sent_at, "observed_at": self._table.now()}
        with suppress(Outdated):
            self._table.put(row, "attribute_not_exists(sent_at) OR sent_at < :sent_at", {":sent_at": sent_at})

    def answered(self, sent_at: Millis) -> None:
        """Record that a heartbeat reached the publisher."""
        self._table.update(_PUBLISHER, {"answered": sent_at, "answered_at": self._table.now()})

    def put_stall(self, stall: Stall) -> None:
        """Record what keeps the publisher waiting."""
        row = {"stall": stall.reason, "stall_since": stall.since, "stall_names": stall.names}
        self._table.update(_PUBLISHER, row | {"stalled_at": self._table.now()})

    def put_zone_open(self, zone_id: str) -> None:
        """Record that Route 53 lets the writer role change a zone."""
        row = {"checked_at": self._table.now(), "closed_since": NEVER, "closed_reason": "", "closed_names": 0}
        self._table.update(zone_key(zone_id), row)

    def put_zone_closed(self, zone_id: str, reason: str, names: int) -> None:
        """Record that it does not, since the first time that it did not, and add to the names that wait for it."""
        key, now = zone_key(zone_id), self._table.now()
        self._table.begin(key, "closed_since", now)
        self._table.update(key, {"checked_at": now, "closed_reason": reason}, add={"closed_names": names})

    def state(self) -> PathState:
        """Return the state of the path."""
        observed = read_row(_observed, self._table.get(_HEARTBEAT) or {}, contract.HEARTBEAT_KEY)
        state = read_row(_publisher, self._table.get(_PUBLISHER) or {}, contract.PUBLISHER_KEY)
        if isinstance(observed, Unreadable) or isinstance(state, Unreadable):
            return PathState(row_fault=str(observed if isinstance(observed, Unreadable) else state))
        sent_at, observed_at = observed
        return replace(state, sent_at=sent_at, observed_at=observed_at)


def _observed(row: Mapping[str, Any]) -> tuple[Millis, Millis]:
    return _millis(row, "sent_at"), _millis(row, "observed_at")


def _publisher(row: Mapping[str, Any]) -> PathState:
    reason = text(row.get("stall", ""))
    stall = Stall(reason, _millis(row, "stall_since"), number(row.get("stall_names", 0)))
    return PathState(
        answered=_millis(row, "answered"),
        answered_at=_millis(row, "answered_at"),
        stall=stall if reason else None,
        stalled_at=_millis(row, "stalled_at"),
    )


def _millis(row: Mapping[str, Any], name: str) -> Millis:
    return Millis(number(row.get(name, NEVER)))
