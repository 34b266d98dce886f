"""A page as text: in columns and folded at a terminal, and one row a line in a pipe or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from orgdns.cli.render.formats.page import Listing, Page, Paragraph, Table, Tone, parts_of, visible
from orgdns.cli.render.layout import INDENT, show_line

if TYPE_CHECKING:
    from rich.console import Console

    from orgdns.cli.render.formats.page import Block, Line

_STYLES: Final = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.GOOD: "green",
    Tone.WARNING: "yellow",
    Tone.BAD: "red",
    Tone.QUIET: "dim",
}
_GAP: Final = "  "


def show_page(console: Console, page: Page) -> None:
    """Show the page; its title is the first line."""
    show_line(console, Text(visible(page.title), "bold"))
    for block in page.blocks:
        _show(console, block)
    for section in page.sections:
        console.print()
        show_line(console, Text(visible(section.title), "bold"))
        for block in section.blocks:
            _show(console, block)


def _show(console: Console, block: Block) -> None:
    match block:
        case Paragraph():
            show_line(console, _line(block.line))
        case Listing():
            for line in block.lines:
                show_line(console, _line(line), indent=INDENT)
            _show_rest(console, block)
        case Table():
            _show_table(console, block)
            _show_rest(console, block)


def _show_table(console: Console, table: Table) -> None:
    rows = [tuple(map(_line, row)) for row in table.rows]
    headings = tuple(Text(visible(heading), "bold") for heading in table.headings)
    widths = [max(cell.cell_len for cell in column) for column in zip(headings, *rows, strict=True)]
    if not console.soft_wrap and sum(widths) + len(_GAP) * (len(widths) - 1) > console.width:
        for row in rows:
            show_line(console, row[0])
            for heading, cell in zip(table.headings[1:], row[1:], strict=True):
                if cell.plain:
                    show_line(console, Text(f"{heading}: ", "dim") + cell, indent=INDENT)
        return
    for row in (headings, *rows):
        cells = [
            _filled(cell, width, number=place in table.numbers)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        show_line(console, Text(_GAP).join(cells))


def _filled(cell: Text, width: int, *, number: bool) -> Text:
    spaces = Text(" " * (width - cell.cell_len))
    return spaces + cell if number else cell + spaces


def _show_rest(console: Console, block: Listing | Table) -> None:
    if block.left_out:
        hint = f": {block.hint}" if block.hint else ""
        show_line(console, Text(visible(f"and {block.left_out:,} more{hint}"), "dim"), indent=INDENT)


def _line(line: Line) -> Text:
    return Text(" ").join(Text(visible(part.text), _STYLES[part.tone]) for part in parts_of(line) if part.text)
