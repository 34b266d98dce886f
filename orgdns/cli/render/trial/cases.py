"""The results of cases as text, a line for each case, and below a failed one what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.layout import show_line, show_pairs
from orgdns.cli.render.text import BAD, GOOD, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from orgdns.trial.cases import CaseResult, Difference


def show_cases(console: Console, path: str, results: Sequence[CaseResult]) -> None:
    """Show each case, and the numbers at the end."""
    for result in results:
        if result.passed:
            show_line(console, visible(f"passed  {result.case.name}", GOOD))
            continue
        show_line(console, visible(f"failed  {result.case.name} ({path}:{result.case.line})", BAD))
        for difference in result.differences:
            _show_difference(console, difference)
    failed = sum(not result.passed for result in results)
    console.print(f"\n{len(results):,} cases, {len(results) - failed:,} passed, {failed:,} failed.")


def _show_difference(console: Console, difference: Difference) -> None:
    subject = visible(difference.subject.removesuffix("."), "bold")
    if console.soft_wrap:
        line = visible(f": expected {difference.expected}; actual {difference.actual}")
        show_line(console, subject + line, indent=8)
        return
    show_line(console, subject, indent=8)
    show_pairs(
        console,
        [("expected", visible(difference.expected, GOOD)), ("actual", visible(difference.actual, BAD))],
        indent=10,
    )
