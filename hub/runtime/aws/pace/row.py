"""The ledger's row of the pace of calls to Route 53."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import floor
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.boundary.schema import SCHEMA, number, read_row
from hub.runtime.boundary.unreadable import Malformed, Unreadable
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.rate_limit import LEAST_RATE, Pace, is_bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table

# The row has whole numbers: thousandths of a token, and of the rate.
_UNIT: Final = 1_000
# No demand is larger than 1,000 tokens, and a bucket is full before it goes below 0.
_LEAST_TOKENS: Final = -1_000 * _UNIT
# Also met by a row without a version, or with one that is no number: nobody else could write over it.
_IS_BEFORE: Final = "NOT version >= :none OR (version >= :version AND version < :next)"


class DynamoPaceRow:
    """The pace in the ledger. Buckets that the row does not have, or whose row cannot be read, are full."""

    def __init__(self, table: Table, share: float) -> None:
        self._table = table
        self._share = share

    def replaced(self, before: int, pace: Pace) -> Pace | None:
        """Store a pace in place of the one of this version; return None, or the one that is stored instead of that.

        The row of a later version of orgdns stays. This worker then counts its own calls only.
        """
        values: Row = {":none": 0, ":version": before, ":next": before + 1}
        stored = self._table.put_unless(pace_row(pace), _IS_BEFORE, values)
        return None if stored is None or _is_later(stored) else pace_of(stored, self._share)


def pace_row(pace: Pace) -> Row:
    """The row of a pace."""
    return {
        contract.PARTITION_KEY: contract.CONTROL_KEY,
        contract.SORT_KEY: contract.PACE_KEY,
        "tokens": {bucket: floor(tokens * _UNIT) for bucket, tokens in pace.tokens.items()},
        "at": pace.at,
        "rate": round(pace.rate * _UNIT),
        "version": pace.version,
    }


def pace_of(row: Mapping[str, Any], share: float) -> Pace:
    """The pace in a row. Of one that cannot be read, only its version counts: the buckets are full."""
    found = read_row(partial(_pace, share), row, contract.PACE_KEY)
    full = replace(Pace.full(share, NEVER), version=_version(row))
    return full if isinstance(found, Unreadable) else found


def _pace(share: float, row: Mapping[str, Any]) -> Pace:
    tokens = {bucket: number(thousandths) for bucket, thousandths in row["tokens"].items() if is_bucket(bucket)}
    rate = number(row["rate"]) / _UNIT
    if any(thousandths < _LEAST_TOKENS for thousandths in tokens.values()) or not LEAST_RATE <= rate <= 1:
        raise Malformed("no turn leaves so few tokens, or such a rate")
    return Pace(
        share=share,
        tokens={bucket: thousandths / _UNIT for bucket, thousandths in tokens.items()},
        at=Millis(number(row["at"])),
        rate=rate,
        version=_version(row),
    )


def _version(row: Mapping[str, Any]) -> int:
    """The version of a row, rounded down, so that even one that is not a whole number can be replaced."""
    version = row.get("version")
    return floor(version) if isinstance(version, (int, Decimal)) else 0


def _is_later(row: Mapping[str, Any]) -> bool:
    schema = row.get("schema", SCHEMA)
    # DynamoDB compares only numbers with a number, so a row with any other schema cannot be written over either.
    return not isinstance(schema, (int, Decimal)) or schema > SCHEMA
