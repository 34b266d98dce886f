"""A report as a page of sections, which `markdown`, `html` and `text` render. Pure.

A part of a line is a sentence of orgdns, or a `Literal`: a name, an id or a value, as the reader would type it. Texts
from tags are always literals. The renderers escape both kinds, so that no text becomes markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Format(StrEnum):
    """The formats of a report."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class Tone(StrEnum):
    """How a part of a line is emphasized where the format has colors."""

    PLAIN = "plain"
    STRONG = "strong"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of orgdns."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Literal:
    """A name, an id or a value."""

    text: str
    tone: Tone = Tone.PLAIN


Part = str | Phrase | Literal
# The parts of a line follow each other with a space between them.
Line = Part | tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of its own."""

    line: Line


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines below each other. `left_out` is how many more there are, and `hint` how to see them."""

    lines: tuple[Line, ...]
    left_out: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a cell for each heading. The columns in `numbers` are aligned to the right.

    `left_out` is how many more rows there are, and `hint` how to see them.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    numbers: frozenset[int] = frozenset()
    left_out: int = 0
    hint: str = ""


Block = Paragraph | Listing | Table


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report. `blocks` come before the first section."""

    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = field(default_factory=tuple)


def parts_of(line: Line) -> tuple[Phrase | Literal, ...]:
    """The parts of a line, each with its tone."""
    parts = line if isinstance(line, tuple) else (line,)
    return tuple(Phrase(part) if isinstance(part, str) else part for part in parts)


def visible(text: str) -> str:
    """The text on one line, with all that cannot be printed as Python's escapes."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def shortened(entries: Sequence[T], most: int | None) -> tuple[tuple[T, ...], int]:
    """The first entries, and how many are left out; all of them if `most` is None."""
    shown = tuple(entries if most is None else entries[:most])
    return shown, len(entries) - len(shown)
