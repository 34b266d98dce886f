"""Rows of the inventory as a table at a terminal, and as lines with tabs elsewhere.

Columns are as wide as the first rows need. Where they do not fit, each row is a name with the rest below.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from rich.text import Text

from orgdns.cli.render.layout import INDENT, show_line
from orgdns.cli.render.text import visible
from orgdns.cli.reports.inventory.columns import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from orgdns.cli.reports.inventory.row import InventoryRow

    _Show = Callable[[Console, Sequence[str], str], None]

# So many rows decide how wide columns are.
_MEASURED: Final = 1_000
# Stands for nothing, so that each line has all columns.
NOTHING: Final = "-"
_GAP: Final = "  "


def show_rows(console: Console, rows: Iterable[InventoryRow], columns: Sequence[str]) -> int:
    """Show rows below the names of the columns, and return how many there are. Without rows, show nothing."""
    number = 0
    lines = ([_cell(text_of(row, column)) for column in columns] for row in rows)
    first = list(islice(lines, _MEASURED))
    if not first:
        return 0
    if console.soft_wrap:
        show: _Show = _write
    else:
        widths = [max(map(len, cells)) for cells in zip(columns, *first, strict=True)]
        fits = sum(widths) + len(_GAP) * (len(widths) - 1) <= console.width
        show = _aligned(widths) if fits else _stacked
    show(console, columns, "bold")
    for cells in chain(first, lines):
        show(console, cells, "")
        number += 1
    return number


def _cell(text: str) -> str:
    return (text if text.isprintable() else visible(text).plain) or NOTHING


def _write(console: Console, cells: Sequence[str], _style: str) -> None:
    # rich replaces tabs, and takes long for a million lines.
    console.file.write("\t".join(cells).rstrip() + "\n")


def _aligned(widths: Sequence[int]) -> _Show:
    def show(console: Console, cells: Sequence[str], style: str) -> None:
        line = _GAP.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        if len(line.rstrip()) > console.width:
            # A later row is wider than those that were measured.
            _stacked(console, cells, style)
        else:
            console.print(Text(line.rstrip(), style))

    return show


def _stacked(console: Console, cells: Sequence[str], style: str) -> None:
    show_line(console, Text(cells[0], style or "bold"))
    if cells[1:]:
        show_line(console, Text(_GAP.join(cells[1:]), style), indent=INDENT)
