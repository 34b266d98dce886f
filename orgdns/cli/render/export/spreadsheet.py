"""Names as CSV (RFC 4180), for spreadsheets. Pure.

A spreadsheet takes a cell that begins with a sign of `=+-@` for a formula, which may run programs or send what other
cells hold elsewhere. Tags come from anyone who launches an instance. Such a cell begins with an apostrophe here
(OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection). Control characters are escapes, so that
every row is a line.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from orgdns.cli.render.export.printable import printable
from orgdns.cli.reports.inventory.columns import COLUMNS, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from orgdns.cli.reports.inventory.row import InventoryRow

# Also the full-width forms, which spreadsheets of East Asian languages take for the same.
_FORMULA: Final = tuple(
    "=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
# An apostrophe, too: a spreadsheet takes the first away.
_QUOTED: Final = (*_FORMULA, "'")


def spreadsheet(rows: Iterable[InventoryRow]) -> Iterator[str]:
    """The lines: the names of the columns, and a line for each row."""
    line: Callable[[Iterable[str]], str] = csv.writer(_Line()).writerow
    yield line(COLUMNS)
    for row in rows:
        yield line(map(safe, texts_of(row)))


@lru_cache(maxsize=1_024)  # Most cells are as those of other rows.
def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, on one line."""
    shown = printable(text)
    return f"'{shown}" if shown.lstrip().startswith(_QUOTED) else shown


class _Line:
    """A file of which a writer returns each line ("csv writer objects", https://docs.python.org/3/library/csv.html)."""

    def write(self, text: str) -> str:
        return text
