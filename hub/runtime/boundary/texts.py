"""Texts that come from outside: bounded, and always possible to store and to log. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any, Final

# The most characters of a text that the ledger stores or a log line contains. DynamoDB stores 400 KB in a row, and
# Lambda truncates nothing: each line is paid for.
MAX_TEXT: Final = 500
# The most characters of all values in one log line, and the most items of a list that it shows.
MAX_LINE: Final = 20_000
MAX_ITEMS: Final = 100
# How deep the values of a log line are shown.
MAX_DEPTH: Final = 6


def storable(text: str) -> str:
    """Return a text that can be stored and logged.

    Lone surrogates, which UTF-8 cannot encode, and so neither DynamoDB nor a log accepts, become question marks.
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def bounded(text: object, most: int = MAX_TEXT) -> str:
    """Return a storable text with at most `most` characters, and an ellipsis if it was longer."""
    whole = str(text)
    return storable(whole if len(whole) <= most else f"{whole[:most]}...")


def bounded_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a log line, so that the line is bounded whatever the fields contain.

    Each text and each list is bounded, and so are all of them together: a full line leaves out what follows.
    """
    return _Line().fields(fields)


class _Line:
    """The room that is left in one log line."""

    def __init__(self) -> None:
        self._left = MAX_LINE

    def fields(self, fields: Mapping[Any, Any], depth: int = 0) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, value in islice(fields.items(), MAX_ITEMS):
            if self._left <= 0:
                break
            shown[self._text(name)] = self._value(value, depth)
        return shown | ({"more": len(fields) - len(shown)} if len(fields) > len(shown) else {})

    def _items(self, items: Collection[Any], depth: int) -> list[Any]:
        shown: list[Any] = []
        for each in islice(items, MAX_ITEMS):
            if self._left <= 0:
                break
            shown.append(self._value(each, depth))
        return [*shown, *((f"and {len(items) - len(shown):,} more",) if len(items) > len(shown) else ())]

    def _value(self, value: Any, depth: int) -> Any:  # noqa: ANN401 - whatever a field contains
        # A number takes room, too, and so do the brackets of an empty list.
        self._left -= 4
        match value:
            case None | bool() | float():
                return value
            case int():
                # Python refuses to write integers of more than 4,300 digits.
                return value if abs(value) < 2**64 else "a number of more than 64 bits"
            case Mapping() if depth < MAX_DEPTH:
                return self.fields(value, depth + 1)
            case list() | tuple() | AbstractSet() if depth < MAX_DEPTH:
                return self._items(value, depth + 1)
            case _:
                return self._text(value)

    def _text(self, value: object) -> str:
        text = bounded(value, min(MAX_TEXT, max(self._left, 0)))
        self._left -= len(text)
        return text
