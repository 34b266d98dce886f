"""A page as an HTML document of its own, without scripts and without anything to load. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from orgdns.cli.render.formats.page import Listing, Literal, Page, Paragraph, Phrase, Table, Tone, parts_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.cli.render.formats.page import Block, Line

# Not even a text that escaped the escaping could run or load anything (W3C, "Content Security Policy Level 3").
_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top }}
.number {{ text-align: right }}
code {{ overflow-wrap: anywhere }}
.strong {{ font-weight: bold }}
.good {{ color: #116329 }}
.warning {{ color: #7d4e00 }}
.bad {{ color: #a40e26; font-weight: bold }}
.quiet {{ color: #57606a }}
</style>
</head>
<body>"""


def html(page: Page) -> str:
    """The page as an HTML document that ends with a line break."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    title = _escaped(page.title)
    yield _HEAD.format(title=title)
    yield f"<h1>{title}</h1>"
    for block in page.blocks:
        yield from _block(block)
    for section in page.sections:
        yield f"<h2>{_escaped(section.title)}</h2>"
        for block in section.blocks:
            yield from _block(block)
    yield "</body>\n</html>"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield f"<p>{_line(block.line)}</p>"
        case Listing():
            yield "<ul>"
            yield from (f"<li>{_line(line)}</li>" for line in block.lines)
            if block.left_out:
                yield f'<li class="quiet">{_rest(block)}</li>'
            yield "</ul>"
        case Table():
            yield "<table>"
            yield from _row("th", block.headings, block.numbers)
            for row in block.rows:
                yield from _row("td", row, block.numbers)
            yield "</table>"
            if block.left_out:
                yield f'<p class="quiet">{_rest(block)}</p>'


def _row(tag: str, cells: tuple[Line, ...], numbers: frozenset[int]) -> Iterator[str]:
    yield "<tr>"
    for place, cell in enumerate(cells):
        marked = ' class="number"' if place in numbers else ""
        yield f"<{tag}{marked}>{_line(cell)}</{tag}>"
    yield "</tr>"


def _rest(block: Listing | Table) -> str:
    return _escaped(f"and {block.left_out:,} more" + (f": {block.hint}" if block.hint else ""))


def _line(line: Line) -> str:
    return " ".join(_part(part) for part in parts_of(line) if part.text)


def _part(part: Phrase | Literal) -> str:
    text = _escaped(part.text)
    if isinstance(part, Literal):
        text = f"<code>{text}</code>"
    return text if part.tone is Tone.PLAIN else f'<span class="{part.tone}">{text}</span>'


def _escaped(text: str) -> str:
    return escape(visible(text))
