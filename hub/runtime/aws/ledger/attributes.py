"""Values as DynamoDB expects and returns them. Pure.

Each value comes with its type ("Data type descriptors",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html). boto3 has this, too, but
the package does not contain boto3.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def written(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as DynamoDB expects it.

    Raises:
        TypeError: if it has a value of another type than rows have.
    """
    return {name: _written(value) for name, value in row.items()}


def read(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A row from the attributes that DynamoDB returns. Numbers are Decimal.

    A later version may store values of types that this one does not: they are returned as DynamoDB returns them.
    """
    return {name: _read(value) for name, value in attributes.items()}


def _written(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of a row
    match value:
        case None:
            attribute: tuple[str, Any] = "NULL", True
        case bool():
            attribute = "BOOL", value
        case int() | Decimal():
            attribute = "N", str(value)
        case str():
            attribute = "S", value
        case list() | tuple():
            attribute = "L", [_written(each) for each in value]
        case dict():
            attribute = "M", written(value)
        case set() | frozenset() if value and all(isinstance(each, str) for each in value):
            attribute = "SS", sorted(value)
        case _:
            raise TypeError(f"the ledger does not store {value!r}")
    return dict([attribute])


def _read(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    ((kind, value),) = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return Decimal(value)
        case "L":
            return [_read(each) for each in value]
        case "M":
            return read(value)
        case "SS":
            return set(value)
        case _:
            return value
