"""What Organizations says of an account, kept in the ledger for a while, so that not every function asks for itself.

AWS throttles DescribeAccount for the whole organization and does not publish the numbers ("Quotas and service limits
for AWS Organizations", https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html). A burst
starts many execution environments at once, and each works for many accounts.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.boundary.schema import number, read_row, text, texts
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Millis
from hub.runtime.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table

# The row of an account is of use for 15 minutes; a day later DynamoDB deletes it. Milliseconds.
_ROW_MILLIS: Final = 86_400_000
# The clocks of functions differ a little.
_SKEW_MILLIS: Final = 60_000
_FACTS: Final = ("Name", "State")


class SharedAccounts:
    """The accounts as functions described them lately. What cannot be read or written here is asked for anew."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def found(self, account_id: str) -> tuple[dict[str, Any], Millis] | None:
        """What DescribeAccount answered, and when, or None. A time in the future is of no use."""
        try:
            row = self._table.get(_key(account_id))
        except LedgerUnavailable:
            return None
        found = None if row is None else read_row(_described, row, account_id)
        if found is None or isinstance(found, Unreadable):
            return None
        return None if found[1] > self._table.now() + _SKEW_MILLIS else found

    def keep(self, account_id: str, described: Mapping[str, Any], at: Millis) -> None:
        """Keep a complete answer of DescribeAccount from that time."""
        paths = described.get("Paths")
        facts = [described.get(name) for name in _FACTS]
        if not (isinstance(paths, list) and all(isinstance(each, str) for each in (*paths, *facts))):
            return
        row = _key(account_id) | {"paths": list(paths), "at": at, contract.EXPIRES: self._table.expiry(_ROW_MILLIS)}
        with suppress(LedgerUnavailable):
            self._table.put(row | dict(zip(_FACTS, facts, strict=True)))


def _key(account_id: str) -> Row:
    return {contract.PARTITION_KEY: contract.ACCOUNTS_KEY, contract.SORT_KEY: account_id}


def _described(row: Mapping[str, Any]) -> tuple[dict[str, Any], Millis]:
    facts: dict[str, Any] = {name: text(row[name]) for name in _FACTS}
    return facts | {"Paths": list(texts(row["paths"]))}, Millis(number(row["at"]))
