"""Values as DynamoDB expects and returns them. Pure.

Each value comes with its type ("Data type descriptors",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html). boto3 has this, too, but
the package does not contain boto3.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hub.runtime.boundary.texts import storable
from hub.runtime.boundary.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping


def written(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as DynamoDB expects it. Of a text that cannot be encoded, the rest is stored.

    Raises:
        TypeError: if it has a value of another type than rows have.
    """
    return {storable(name): _written(value) for name, value in row.items()}


def read(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A row from the attributes that DynamoDB returns. Numbers are int if they are whole, and Decimal otherwise.

    An attribute of another type than rows have is Unreadable. So it affects only what its row is read for.
    """
    # Most are texts, and an organization has many millions of them.
    return {name: value["S"] if "S" in value else _read(value) for name, value in attributes.items()}


def _written(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of a row
    match value:
        case None:
            attribute: tuple[str, Any] = "NULL", True
        case bool():
            attribute = "BOOL", value
        case int() | Decimal():
            attribute = "N", str(value)
        case str():
            attribute = "S", storable(value)
        case list() | tuple():
            attribute = "L", [_written(each) for each in value]
        case dict():
            attribute = "M", written(value)
        case set() | frozenset() if value and all(isinstance(each, str) for each in value):
            attribute = "SS", sorted({storable(each) for each in value})
        case _:
            raise TypeError(f"the ledger does not store {value!r}")
    return dict([attribute])


def _read(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    ((kind, value),) = attribute.items()
    # The most frequent ones first: a scan reads very many.
    match kind:
        case "S" | "BOOL":
            found: Any = value
        case "M":
            found = read(value)
        case "L":
            found = [each["S"] if "S" in each else _read(each) for each in value]
        case "N":
            found = int(value) if value.isdecimal() else Decimal(value)
        case "NULL":
            found = None
        case "SS":
            found = set(value)
        case _:
            found = Unreadable("an attribute of a row", f"the ledger does not store attributes of type {kind}")
    return found
