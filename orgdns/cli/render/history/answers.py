"""Who had what, from when to when, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from orgdns.cli.render.layout import show_line
from orgdns.cli.render.text import BAD, QUIET, visible
from orgdns.cli.reports.history.report import action_of
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from hub.runtime.history.entry import Mark
    from hub.runtime.model.names import Fqdn, Millis
    from orgdns.cli.reports.history.holders import Holder
    from orgdns.cli.reports.history.report import Answer, Use


def show_answers(console: Console, subject: str, answers: Sequence[Answer], zones: Mapping[str, Fqdn]) -> None:
    """Show who had the subject at a time, or that it is not known."""
    for answer in answers:
        at = time(answer.at)
        if answer.unknown:
            show_line(console, visible(f"{subject} at {at}: unknown: {answer.unknown}", BAD))
        elif not any(use.record_sets for use in answer.uses):
            show_line(console, visible(f"{subject} at {at}: nothing"))
        for use in answer.uses if not answer.unknown else ():
            _show_use(console, use, zones, with_times=False)


def show_uses(console: Console, subject: str, uses: Sequence[Use], zones: Mapping[str, Fqdn]) -> None:
    """Show the periods of the subject, the first one first."""
    console.print(visible(subject, "bold"))
    for use in uses:
        _show_use(console, use, zones, with_times=True)


def show_actions(console: Console, marks: Sequence[Mark]) -> None:
    """Show what people did."""
    if marks:
        console.print()
        console.print(Text("What people did", "bold"))
    for mark in marks:
        parts = [*action_of(mark), f"by {mark.by}" if mark.by else "", mark.why and f"({mark.why})"]
        show_line(console, visible(f"{time(mark.at)} {' '.join(filter(None, parts))}"), indent=2)


def show_holders(console: Console, found: Sequence[Holder] | str) -> None:
    """Show which instances had something by history, or why that is not known."""
    if isinstance(found, str):
        show_line(console, visible(f"history does not say who had it: {found}", QUIET))
        return
    console.print(Text("By history", "bold"))
    for each in found:
        until = "now" if each.until is None else time(each.until)
        names = ", ".join(name.removesuffix(".") for name in each.names)
        show_line(console, visible(f"{each.instance} from {_since(each.since)} to {until}: {names}"), indent=2)


def _show_use(console: Console, use: Use, zones: Mapping[str, Fqdn], *, with_times: bool) -> None:
    zone = zones.get(use.key.zone_id, use.key.zone_id)
    name = use.key.fqdn.removesuffix(".")
    times = f"{_since(use.since)} to {time(use.until) if use.until is not None else 'now'}  " if with_times else ""
    if use.record_sets is None:
        show_line(console, visible(f"{times}{name}: unknown: {use.reason}", BAD), indent=2)
        return
    if not use.record_sets:
        show_line(console, visible(f"{times}{name}: nothing{_after(use)}", QUIET), indent=2)
        return
    for each in use.record_sets:
        what = f"{name} {each.type} {', '.join(each.values)} of {each.holder or 'another tool'}"
        show_line(console, visible(f"{times}{what}, zone {zone.removesuffix('.')}{_after(use)}"), indent=2)


def _after(use: Use) -> str:
    return f" ({use.why})" if use.why else ""


def _since(at: Millis) -> str:
    return time(at) if at else "the beginning"
