"""The size of a row, as DynamoDB counts it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# DynamoDB Developer Guide, "Constraints": item size.
MOST_BYTES: Final = 400 * 1024


def most_bytes_of_number(_digits: str) -> int:
    """The size of the longest number."""
    return 21


def bytes_of_number(digits: str) -> int:
    """The approximate size of a number: "(1 byte per two significant digits) + (1 byte)"."""
    return 1 + ceil(len(digits) / 2)


def item_size(value: Mapping[str, Any], of_number: Callable[[str], int] = most_bytes_of_number) -> int:
    """The size of attributes, as DynamoDB counts it ("DynamoDB item sizes and formats").

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _size_of(each, of_number) for name, each in value.items())


def _size_of(attribute: Mapping[str, Any], of_number: Callable[[str], int]) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return of_number(value)
        case "L":
            return 3 + sum(1 + _size_of(each, of_number) for each in value)
        case "M":
            return 3 + len(value) + item_size(value, of_number)
        case "SS":
            return sum(len(each.encode()) for each in value)
    return 1
