"""Which rows this version can read, and which it may write over. Pure.

A row may carry the number of the oldest schema whose readers can read it; a row without one has the first. An
installation that goes back to an older version finds rows of the newer one: it leaves them as they are, so that the
newer version can return. An attribute that older readers may ignore does not need a new number.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hub.runtime.boundary.unreadable import Malformed, Unreadable, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_Out = TypeVar("_Out")

# The schema of this version's rows. It rises when an older version must no longer read or write over a row.
SCHEMA: Final = 2
# The schema of rows with something in dry run, which the versions before would publish.
DRY_RUN: Final = 2
ATTRIBUTE: Final = "schema"
# "schema" is a reserved word of DynamoDB's expressions.
WRITABLE: Final = "(attribute_not_exists(#schema) OR #schema <= :schema)"
NAMES: Final = {"#schema": ATTRIBUTE}
VALUES: Final = {":schema": SCHEMA}


class LaterSchema(Malformed):
    """A later version wrote the row."""


def read_row(parse: Callable[[Mapping[str, Any]], _Out], row: Mapping[str, Any], what: object) -> _Out | Unreadable:
    """Return what a parser makes of a row, or that the row cannot be read; `what` identifies it."""
    return readable(lambda each: parse(_supported(each)), row, what)


def _supported(row: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = number(row.get(ATTRIBUTE, 1))
    if schema > SCHEMA:
        raise LaterSchema(
            f"a later version of orgdns wrote the row: its schema is {schema}, this version reads {SCHEMA}"
        )
    return row


def text(value: object) -> str:
    """Return a value that must be a text."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def texts(values: Iterable[object]) -> tuple[str, ...]:
    """Return values of which each must be a text."""
    if isinstance(values, str):
        raise TypeError(f"{values!r} is one text, and not several")
    return tuple(map(text, values))


def flag(value: object) -> bool:
    """Return a value that must be a truth value."""
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def number(value: object) -> int:
    """Return a value that must be a whole number.

    DynamoDB does not compare a text with a number: a conditional write over a version in the form of a text always
    fails.
    """
    if type(value) is int:
        # Nearly all are, and a listing of the ledger reads some twenty for each name.
        return value
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value != int(value):
        raise TypeError(f"{value!r} is not a whole number")
    return int(value)
