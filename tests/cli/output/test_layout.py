"""The layout of lines, pairs and tables, by the width of a terminal or without one."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from orgdns.cli.render.layout import record, show_divider, show_line, show_lines, show_pairs, show_table

ID = "i-0123456789abcdef0"
REF = f"444444444444/eu-central-1/{ID}"
ROWS = [(Text("444444444444 payments"), ["12", "-"]), (Text("555555555555"), ["-", "1234567"])]


def shown(show: Callable[[Console], None], columns: int | None) -> str:
    """What a terminal of this width shows, or what a pipe gets."""
    console = Console(
        file=StringIO(), width=columns, soft_wrap=columns is None, highlight=False, markup=False, color_system=None
    )
    show(console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("columns", [24, 30, 40, 80])
def test_ids_stay_in_one_piece(columns: int) -> None:
    """A line folds at spaces, and a reference that is too long at its slashes."""
    text = shown(lambda console: show_lines(console, [Text(f"a claim of {REF} was refused: {REF} holds it")]), columns)
    assert text.count(ID) == 2
    assert max(map(len, text.splitlines())) <= columns
    assert all(line.startswith("   ") for line in text.splitlines())
    assert text.replace("\n", "").replace(" ", "") == f"aclaimof{REF}wasrefused:{REF}holdsit"


@given(st.lists(st.text("ab/-. ", max_size=60), max_size=4), st.integers(min_value=12, max_value=90))
def test_nothing_is_lost_and_no_line_is_too_long(lines: list[str], columns: int) -> None:
    """Every character but spaces is shown, whatever the width is."""
    text = shown(lambda console: show_lines(console, map(Text, lines)), columns)
    assert "".join(text.split()) == "".join("".join(lines).split())
    assert all(len(line) <= columns and line == line.rstrip() for line in text.splitlines())


def test_a_pipe_gets_a_line_for_each_record() -> None:
    """The parts of a record stand behind each other there, and below each other at a terminal."""
    parts = [Text(REF), Text("a reason " * 20 + "ends")]
    piped = shown(lambda console: show_line(console, record(console, parts), Text("1  "), 3), None)
    assert piped == f"1  {REF}; {parts[1].plain}\n"
    lines = shown(lambda console: show_line(console, record(console, parts), Text("1  "), 3), 80).splitlines()
    assert lines[0] == f"1  {REF}"
    assert all(line.startswith("   ") for line in lines[1:])


def test_values_stand_beside_their_keys_or_below_them() -> None:
    """Long values continue in their column; in a narrow terminal, they stand below their keys."""
    pairs = [("account", Text("444444444444")), ("published", Text(f"A 10.0.0.1 TTL 60 of {REF}")), ("", Text("more"))]
    assert shown(lambda console: show_pairs(console, pairs), None).splitlines() == [
        "  account    444444444444",
        f"  published  A 10.0.0.1 TTL 60 of {REF}",
        "             more",
    ]
    assert shown(lambda console: show_pairs(console, pairs), 60).splitlines()[1:3] == [
        "  published  A 10.0.0.1 TTL 60 of",
        f"             {REF}",
    ]
    assert shown(lambda console: show_pairs(console, pairs), 34).splitlines() == [
        "  account",
        "    444444444444",
        "  published",
        "    A 10.0.0.1 TTL 60 of",
        "    444444444444/eu-central-1/",
        f"    {ID}",
        "    more",
    ]


def test_a_table_becomes_a_list_where_it_does_not_fit() -> None:
    """Numbers are never cut: each row names its headings then."""
    table = shown(lambda console: show_table(console, ("account", "created", "lost"), ROWS), 80)
    assert table.splitlines() == [
        "account               created    lost",
        "444444444444 payments      12       -",
        "555555555555                - 1234567",
    ]
    assert shown(lambda console: show_table(console, ("account", "created", "lost"), ROWS), None) == table
    assert shown(lambda console: show_table(console, ("account", "created", "lost"), ROWS), 36).splitlines() == [
        "444444444444 payments",
        "   created 12, lost -",
        "555555555555",
        "   created -, lost 1234567",
    ]


def test_reports_are_divided() -> None:
    """By a rule at a terminal, and by an empty line elsewhere."""
    assert shown(show_divider, 20) == "─" * 20 + "\n"
    assert shown(show_divider, None) == "\n"
