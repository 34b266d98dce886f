"""What AWS shows now beside the ledger, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.text import BAD, GOOD, QUIET, visible
from orgdns.cli.reports.explain.live import Verdict
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from rich.console import Console

    from orgdns.cli.reports.explain.live import LiveReport

_STYLES = {Verdict.AGREES: GOOD, Verdict.DIFFERS: BAD, Verdict.UNKNOWN: BAD}


def show_live(console: Console, report: LiveReport) -> None:
    """Show line by line where AWS and the ledger agree, where they differ, and what to do."""
    console.print(visible(f"AWS, asked at {time(report.asked_at)}", "bold"))
    for compared in report.compared:
        console.print(visible(compared.subject))
        for finding in compared.findings:
            console.print(visible(f"  {finding.verdict}: {finding.text}", _STYLES[finding.verdict]))
            if finding.todo:
                console.print(visible(f"    {finding.todo}", QUIET))
    if report.agrees:
        console.print(visible("Ledger, zone and instance agree.", GOOD))
