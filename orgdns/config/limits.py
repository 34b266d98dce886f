"""Limits of the configuration file, checked on YAML's events, before anything is built from the file. Pure.

Aliases make a small file large: seven levels of nine aliases each stand for five million values. An alias therefore
counts as everything that it stands for, and the file is refused at the line where it passes a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

# An organization with 10,000 accounts, each listed on a line of its own, fits in.
MAX_TEXT: Final = 500_000
MAX_VALUES: Final = 20_000
# A name, a tag's key and a tag's value have at most 256 characters; a template with many variables can have more.
MAX_VALUE: Final = 1_000
MAX_DEPTH: Final = 32


class TooLarge(Exception):
    """The file passes a limit. The message says which, and what to do."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a part of the file is with its aliases expanded: values, characters in them, levels of nesting."""

    values: int = 0
    characters: int = 0
    depth: int = 0

    def __add__(self, other: Extent) -> Extent:
        return Extent(self.values + other.values, self.characters + other.characters, max(self.depth, other.depth))


_ONE: Final = Extent(values=1)


def check_limits(text: str) -> Extent:
    """Return the extent of the file. Its events are read one at a time, and none beyond a limit.

    Raises:
        TooLarge: if the file passes a limit.
        yaml.YAMLError: if the text is not YAML.
    """
    if len(text) > MAX_TEXT:
        line = text.count("\n", 0, MAX_TEXT) + 1
        raise TooLarge(line, f"the file is too large: orgdns reads at most {MAX_TEXT:,} characters")
    return _Walk().extent(yaml.parse(text, Loader=yaml.SafeLoader))


class _Walk:
    """A walk over the events: the extent of each anchor, and of the collections that are still open."""

    def __init__(self) -> None:
        self._anchors: dict[str, Extent | None] = {}
        # The innermost last; the first is the file itself.
        self._open: list[tuple[str | None, Extent]] = [(None, Extent())]
        self._total = Extent()

    def extent(self, events: Iterator[yaml.Event]) -> Extent:
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            match event:
                case yaml.ScalarEvent():
                    self._value(event, line)
                case yaml.AliasEvent():
                    self._alias(event.anchor or "", line)
                case yaml.CollectionStartEvent():
                    if event.anchor:
                        # Unknown until the collection ends.
                        self._anchors[event.anchor] = None
                    self._open.append((event.anchor, Extent()))
                    self._count(_ONE, line)
                case yaml.CollectionEndEvent():
                    self._close()
        return self._total

    def _value(self, event: yaml.ScalarEvent, line: int) -> None:
        if len(event.value) > MAX_VALUE:
            raise TooLarge(line, f"the value has {len(event.value):,} characters; it can have {MAX_VALUE:,}")
        extent = Extent(values=1, characters=len(event.value))
        if event.anchor:
            self._anchors[event.anchor] = extent
        self._count(extent, line)

    def _alias(self, anchor: str, line: int) -> None:
        # An alias without an anchor is not YAML, which its reader says.
        extent = self._anchors.get(anchor, Extent())
        if extent is None:
            raise TooLarge(line, "the alias is inside the value that it stands for: write the value out")
        self._count(extent, line)

    def _count(self, extent: Extent, line: int) -> None:
        """Add a value to the innermost open collection."""
        anchor, inner = self._open[-1]
        self._open[-1] = anchor, inner + extent
        self._total = self._total + extent
        if len(self._open) - 1 + extent.depth > MAX_DEPTH:
            raise TooLarge(line, f"is nested too deeply: there can be {MAX_DEPTH} levels")
        if self._total.values > MAX_VALUES:
            raise TooLarge(
                line, f"the file is too large: with all aliases (*name) expanded, it can have {MAX_VALUES:,} values"
            )
        if self._total.characters > MAX_TEXT:
            raise TooLarge(
                line,
                f"the file is too large: with all aliases (*name) expanded, it can have {MAX_TEXT:,} characters",
            )

    def _close(self) -> None:
        anchor, inner = self._open.pop()
        extent = Extent(inner.values, inner.characters, inner.depth + 1)
        if anchor:
            self._anchors[anchor] = extent
        outer, around = self._open[-1]
        # What is inside was counted with the collection when it began.
        self._open[-1] = outer, around + extent
