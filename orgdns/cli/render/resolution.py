"""What a VPC would get for a name, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.layout import show_line
from orgdns.cli.render.text import BAD, GOOD, QUIET, show_name, visible
from orgdns.cli.reports.resolution import Source
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.reports.explain.claims import NameReport
    from orgdns.cli.reports.resolution import Resolution


def show_resolution(console: Console, row: VpcRow, found: Resolution, names: Sequence[NameReport]) -> None:
    """Show what answers, what orgdns has published there, and why other orgdns zones do not answer."""
    seen = f"as of {time(row.seen_at)}" if row.seen_at else "which no sweep describes"
    show_line(console, visible(f"In {row.ref}, {seen}:", "bold"))
    good = found.source is Source.ZONE and found.certain
    show_line(
        console,
        visible(
            f"{'not known' if found.source is Source.UNKNOWN else 'answered by'}: {found.reason}", GOOD if good else BAD
        ),
    )
    for reason in found.unknown:
        show_line(console, visible(f"not certain: {reason}", BAD))
    for reason in found.why_not:
        show_line(console, visible(f"not by {reason}", QUIET))
    for report in names:
        show_name(console, report)
        if not report.published.record_sets:
            warning = "orgdns has published nothing there: there is no answer, unless someone created a record by hand"
            show_line(console, visible(warning, BAD))
