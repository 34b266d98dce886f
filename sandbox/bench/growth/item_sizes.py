"""The size of a row, as DynamoDB counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# DynamoDB Developer Guide, "Constraints": item size.
MOST_BYTES: Final = 400 * 1024


def item_size(value: Mapping[str, Any]) -> int:
    """The size of attributes, as DynamoDB counts it ("DynamoDB item sizes and formats").

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _size_of(each) for name, each in value.items())


def _size_of(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return 21
        case "L":
            return 3 + sum(1 + _size_of(each) for each in value)
        case "M":
            return 3 + len(value) + item_size(value)
        case "SS":
            return sum(len(each.encode()) for each in value)
    return 1
