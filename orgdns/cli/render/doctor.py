"""The result of each check in a line, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.cli.render.layout import show_line, show_pairs
from orgdns.cli.render.text import BAD, GOOD, visible
from orgdns.cli.reports.doctor.finding import Result

if TYPE_CHECKING:
    from rich.console import Console

    from orgdns.cli.reports.doctor.diagnosis import Diagnosis

_STYLES: Final = {Result.FINE: "", Result.PROBLEM: BAD, Result.UNKNOWN: "yellow"}


def show_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Show each check with its result, in their order."""
    width = max(map(len, Result))
    lines = [
        (f"{found.result:<{width}}  {found.check}", visible(found.text, _STYLES[found.result]))
        for found in diagnosis.findings
    ]
    show_pairs(console, lines, indent=0)
    counts = (diagnosis.count(result) for result in Result)
    text = "{:,} checks: {:,} fine, {:,} with a problem, {:,} not checked.".format(len(diagnosis.findings), *counts)
    show_line(console, visible(text, GOOD if diagnosis.well else "bold"))
