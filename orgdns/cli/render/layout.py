"""The layout of a report: folded to the width of a terminal, and one record a line in a pipe or a file.

At a terminal, lines fold at spaces, and a word that is too long folds at slashes first, so that an id that fits into
the width stays in one piece. A console that was made
with `soft_wrap` folds nothing: what reads a pipe finds a record and its ids in one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

INDENT: Final = 3
# A narrower column of values would cut most ids: the value goes below its key.
_LEAST_VALUES: Final = 24
_GAP: Final = 2
_LEAST: Final = 8
_WORD: Final = re.compile(r"\S+")


def show_line(console: Console, line: Text, first: Text | None = None, indent: int = 0) -> None:
    """Show a line behind `first`. At a terminal, what does not fit continues below, indented."""
    first = first if first is not None else Text(" " * indent)
    if console.soft_wrap:
        _print(console, first + line)
        return
    width = max(console.width - indent, _LEAST)
    for number, part in enumerate(_folded(console, line, width) or [Text()]):
        _print(console, (Text(" " * indent) if number else first) + part)


def _print(console: Console, line: Text) -> None:
    line.rstrip()
    console.print(line)


def _folded(console: Console, line: Text, width: int) -> list[Text]:
    breaks: list[int] = []
    for word in _WORD.finditer(line.plain):
        start = word.start()
        while word.end() - start > width and (slash := line.plain.rfind("/", start, start + width)) >= 0:
            start = slash + 1
            breaks.append(start)
    return [part for piece in line.divide(breaks) for part in piece.wrap(console, width)]


def show_lines(console: Console, lines: Iterable[Text], indent: int = INDENT) -> None:
    """Show lines, all indented."""
    for line in lines:
        show_line(console, line, indent=indent)


def record(console: Console, parts: Sequence[Text]) -> Text:
    """The parts of a record: below each other at a terminal, and in one line elsewhere."""
    return Text("; " if console.soft_wrap else "\n").join(parts)


def show_pairs(console: Console, pairs: Sequence[tuple[str, Text]], indent: int = 2, style: str = "") -> None:
    """Show keys with their values in two columns, or each value below its key where a terminal is narrow."""
    width = max((len(key) for key, _ in pairs), default=0) + _GAP
    narrow = not console.soft_wrap and console.width - indent - width < _LEAST_VALUES
    for key, value in pairs:
        if narrow:
            if key:
                show_line(console, Text(key, style), indent=indent)
            show_line(console, value, indent=indent + _GAP)
        else:
            first = Text.assemble(" " * indent, (f"{key:<{width}}", style))
            show_line(console, value, first, indent + width)


def show_table(console: Console, headings: Sequence[str], rows: Sequence[tuple[Text, Sequence[str]]]) -> None:
    """Show rows with a text and a number for each further heading, or a list of them where a terminal is narrow."""
    widths = [max(map(len, column)) for column in zip(headings[1:], *(cells for _, cells in rows), strict=True)]
    subjects = max(len(headings[0]), *(subject.cell_len for subject, _ in rows))
    if not console.soft_wrap and subjects + sum(width + 1 for width in widths) > console.width:
        for subject, cells in rows:
            show_line(console, subject)
            numbers = ", ".join(f"{heading} {cell}" for heading, cell in zip(headings[1:], cells, strict=True))
            show_line(console, Text(numbers), indent=INDENT)
        return
    for subject, cells in ((Text(headings[0], "bold"), headings[1:]), *rows):
        filled = " " * (subjects - subject.cell_len)
        numbers = "".join(f" {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        console.print(subject + Text(filled) + Text(numbers))


def show_divider(console: Console) -> None:
    """Show where one report ends and the next begins."""
    if console.soft_wrap:
        console.print()
    else:
        console.rule()
