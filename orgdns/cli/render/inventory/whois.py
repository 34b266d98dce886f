"""Who has an address, a name or an instance, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from orgdns.cli.render.layout import record, show_line
from orgdns.cli.render.text import BAD, GOOD, QUIET, visible
from orgdns.cli.reports.times import time, time_or_none

if TYPE_CHECKING:
    from rich.console import Console

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.inventory.whois import Owner, WhoisReport


def show_whois(console: Console, report: WhoisReport) -> None:
    """Show a record for each instance."""
    show_line(console, visible(report.subject, "bold"))
    for owner in report.owners:
        show_line(console, record(console, _parts(owner)), Text("  "), 4)
    if report.unreadable:
        show_line(console, visible(f"rows that cannot be read, and may have it: {len(report.unreadable):,}", BAD))


def whois_document(report: WhoisReport) -> Document:
    """The document of `whois --json`."""
    return {
        "subject": report.subject,
        "owners": [
            {
                "instance": str(owner.facts.ref),
                "current": owner.current,
                "account": owner.facts.ref.account,
                "label": owner.facts.label or None,
                "units": list(owner.facts.units),
                "region": owner.facts.ref.region,
                "vpcs": list(owner.vpcs),
                "az": owner.facts.az or None,
                "state": owner.facts.state or None,
                "ended": owner.facts.ended,
                "launched_at": time_or_none(owner.facts.launched_at),
                "seen_at": time_or_none(owner.facts.seen_at),
                "recorded_at": time_or_none(owner.recorded_at),
                "addresses": list(owner.facts.addresses),
                "names": list(owner.names),
                "tags": dict(owner.facts.tags),
            }
            for owner in report.owners
        ],
        "unreadable": [{"row": fault.what, "reason": fault.reason} for fault in report.unreadable],
    }


def _parts(owner: Owner) -> list[Text]:
    facts = owner.facts
    label = f" ({facts.label})" if facts.label else ""
    where = f"account {facts.ref.account}{label}, {facts.ref.region}{''.join(f', {vpc}' for vpc in owner.vpcs)}"
    names = ", ".join(name.removesuffix(".") for name in owner.names)
    return [
        visible(str(facts.ref)) + Text(" ") + (Text("has it", GOOD) if owner.current else Text(_not_now(owner), QUIET)),
        visible(where),
        visible(_times(owner), QUIET),
        visible(f"names: {names}" if names else "no names lead to it", "" if names else QUIET),
    ]


def _not_now(owner: Owner) -> str:
    if owner.facts.ended:
        return "had it until it ended"
    return "claims it, and does not hold it" if owner.facts.state else "had it, and was not shown since"


def _times(owner: Owner) -> str:
    facts = owner.facts
    launched = f"launched {time(facts.launched_at)}, " if facts.launched_at else ""
    state = f"{facts.state}, " if facts.state else ""
    seen = f"ended before {time(facts.seen_at)}" if facts.ended else f"as described at {time(facts.seen_at)}"
    return f"{state}{launched}{seen if facts.seen_at else 'not described yet'}"
