"""Tables that stand on a page between two comments. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The lines of a table in Markdown."""
    lines = [f"| {' | '.join(heading)} |", f"|{'---|' * len(heading)}", *(f"| {' | '.join(row)} |" for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def between(page: str, begin: str, end: str, text: str) -> str:
    """The text of the page with this text between two lines, which are comments.

    Raises:
        ValueError: if the page does not have the two comments once, in this order.
    """
    pattern = f"(?<={re.escape(begin)}\n).*?(?={re.escape(end)}\n)"
    written, found = re.subn(pattern, lambda _: f"\n{text}\n", page, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"the page must have {begin!r} and {end!r}, once and in this order")
    return written
