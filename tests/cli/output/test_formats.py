from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from orgdns.cli.render.formats.html import html
from orgdns.cli.render.formats.markdown import markdown
from orgdns.cli.render.formats.page import Line, Listing, Literal, Page, Paragraph, Phrase, Section, Table, Tone
from orgdns.cli.render.formats.text import show_page

PIECES = (*"`|\\*_[]()<>#!&@:~$-+=1.\"' \n\r\t\u202e\x00ab", "www.", "https://", "<script>")
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def page(*cells: Line) -> Page:
    table = Table(("name", "records"), ((*cells, "1"),), frozenset({1}))
    return Page("Pending names", (Paragraph("One name."),), (Section("By name", (table,)),))


def text_of(shown: Page, *, width: int | None) -> str:
    console = Console(file=io.StringIO(), width=width or 80, soft_wrap=width is None, markup=False, highlight=False)
    show_page(console, shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class Elements(HTMLParser):
    """The tags of a document, and its text."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def cells_of(row: str) -> list[str]:
    """The cells of a row as cmark-gfm splits it: a backslash escapes the punctuation after it, also in code."""
    return re.findall(r"((?:\\[!-/:-@\[-`{-~]|[^|])+)\|", row[1:])


def test_markdown_of_a_page() -> None:
    """Titles are headings, names are code, numbers are aligned to the right."""
    assert markdown(page(Literal("web.corp.internal"))) == (
        "## Pending names\n\nOne name.\n\n### By name\n\n"
        "| name | records |\n| --- | ---: |\n| `web.corp.internal` | 1 |\n"
    )


@given(HOSTILE)
def test_no_text_adds_a_cell_or_a_row_to_a_table_of_markdown(hostile: str) -> None:
    """Whatever a tag contains, a row has as many cells as headings, and the page as many lines."""
    shown = markdown(page((Literal(hostile), hostile)))
    assert len(shown.splitlines()) == len(markdown(page("x")).splitlines())
    assert len(cells_of(shown.splitlines()[-1])) == 2


@given(HOSTILE)
def test_a_literal_is_code_whatever_it_contains(hostile: str) -> None:
    """The fence is longer than any row of backticks in the text, so nothing of it is read as Markdown."""
    shown = markdown(Page("t", (Paragraph(Literal(f"x{hostile}x")),))).splitlines()[-1]
    fence = re.match("`+", shown)
    assert fence
    assert shown.endswith(fence[0])
    inside = shown[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inside)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a* _b_ [c](d) <e>", r"\*a\* \_b\_ \[c\]\(d\) \<e\>"),
        ("ask @admin about #12", r"ask @&#8203;admin about \#&#8203;12"),
        ("see https://x and www.x", "see https:&#8203;//x and www&#8203;.x"),
        ("- a list", r"\- a list"),
        ("1. a list", r"1\. a list"),
        ("# a heading", r"\#&#8203; a heading"),
        ("two\nlines", r"two\\nlines"),
    ],
)
def test_a_sentence_of_markdown_is_plain_text(text: str, shown: str) -> None:
    """A sentence has no markup, link, mention or reference, and stays on its line."""
    assert markdown(Page("t", (Paragraph(text),))).splitlines()[-1] == shown


@given(HOSTILE)
def test_no_text_becomes_an_element_of_html(hostile: str) -> None:
    """Whatever a tag contains, the document has the same elements, and shows the text."""
    expected, found = Elements(html(page((Literal("x"), "y")))), Elements(html(page((Literal(f"x{hostile}"), "y"))))
    assert found.tags == expected.tags
    printable = "".join(each for each in hostile if each.isprintable())
    assert set(printable) <= set("".join(found.text))


def test_html_loads_and_runs_nothing() -> None:
    """A policy in the document allows its own styles alone."""
    assert "default-src 'none'; style-src 'unsafe-inline'" in html(page("x"))


def test_text_of_a_pipe_has_a_row_a_line() -> None:
    """A row stays on one line, however long it is."""
    name = "a" * 200
    assert [name, "1"] in [line.split() for line in text_of(page(Literal(name)), width=None).splitlines()]


def test_text_of_a_narrow_terminal_lists_rows() -> None:
    """A table that does not fit becomes a list with the headings before the values."""
    shown = text_of(page(Phrase("a" * 30, Tone.BAD)), width=20)
    assert max(map(len, shown.splitlines())) <= 20
    assert "   records: 1" in shown.splitlines()


def test_what_is_left_out_is_counted() -> None:
    """A shortened list says how many lines are missing, and how to see them."""
    shortened = Page("t", (Listing(("a",), left_out=1_200, hint="use --all"),))
    assert "and 1,200 more: use --all" in text_of(shortened, width=80)
    assert "- and 1,200 more: use \\-" not in markdown(shortened)
    assert "- and 1,200 more: use --all" in markdown(shortened)
    assert "and 1,200 more: use --all" in html(shortened)
