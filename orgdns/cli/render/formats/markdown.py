"""A page as Markdown, for a comment on a pull request or a page of a wiki. Pure.

Literals are code: there, a renderer neither reads Markdown nor makes links, mentions and emoji of a text. In sentences,
all of that is escaped (GitHub Flavored Markdown Spec, "Backslash escapes", "Code spans", "Tables", "Autolinks").
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from orgdns.cli.render.formats.page import Listing, Literal, Page, Paragraph, Phrase, Table, Tone, parts_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.cli.render.formats.page import Block, Line

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#!|~$&])")
# What begins a list or a rule at the start of a line, and is not among the special characters.
_BEGINS: Final = re.compile(r"^([-+=])|^([0-9]{1,9})(?=\.)")
# What a renderer may turn into a mention, a reference to an issue, a link or an emoji, although it is escaped.
_LINKED: Final = re.compile(r"(@|\\#|:(?=//|\w+:)|\bwww(?=\.))", re.IGNORECASE)
# A space without width keeps what stands before and after it apart.
_APART: Final = "&#8203;"


def markdown(page: Page) -> str:
    """The page as Markdown that ends with a line break."""
    return "\n\n".join(_blocks(page)) + "\n"


def _blocks(page: Page) -> Iterator[str]:
    yield f"## {_escaped(page.title)}"
    yield from map(_block, page.blocks)
    for section in page.sections:
        yield f"### {_escaped(section.title)}"
        yield from map(_block, section.blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return _line(block.line)
        case Listing():
            lines = [f"- {_line(line)}" for line in block.lines]
            return "\n".join([*lines, *([f"- {_rest(block)}"] if block.left_out else [])])
        case Table():
            rows = [block.headings, *block.rows]
            first, *others = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
            rule = "|".join(" ---: " if number in block.numbers else " --- " for number in range(len(block.headings)))
            text = "\n".join([first, f"|{rule}|", *others])
            return f"{text}\n\n{_rest(block)}" if block.left_out else text


def _rest(block: Listing | Table) -> str:
    return _escaped(f"and {block.left_out:,} more" + (f": {block.hint}" if block.hint else ""))


def _line(line: Line) -> str:
    return " ".join(_part(part) for part in parts_of(line) if part.text)


def _cell(line: Line) -> str:
    # A bar ends a cell even in code. A backslash before it does not help if the text has another one before that.
    return " ".join(
        _part(replace(part, text=part.text.replace("|", "\\x7c")) if isinstance(part, Literal) else part)
        for part in parts_of(line)
        if part.text
    )


def _part(part: Phrase | Literal) -> str:
    if isinstance(part, Literal):
        return _code(visible(part.text))
    text = _escaped(part.text)
    return f"**{text}**" if text and part.tone in {Tone.STRONG, Tone.BAD} else text


def _escaped(text: str) -> str:
    shown = _SPECIAL.sub(r"\\\1", visible(text).strip())
    # A backslash before a digit is shown; behind it, it escapes the sign that makes a list of the number.
    shown = _BEGINS.sub(lambda start: f"\\{start[1]}" if start[1] else f"{start[2]}\\", shown)
    return _LINKED.sub(rf"\1{_APART}", shown)


def _code(text: str) -> str:
    """The text between more backticks than it has in a row. Spaces next to backticks are not shown."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    padded = f" {text} " if text[:1] in {"`", " "} or text[-1:] in {"`", " "} else text
    return f"{fence}{padded}{fence}"
