"""Which instances have or had an address, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.text import BAD, QUIET, show_name, visible
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from rich.console import Console

    from orgdns.cli.reports.explain.addresses import AddressReport, AddressUse


def show_address(console: Console, report: AddressReport) -> None:
    """Show the instances that have or had an address, with its names in each, and the PTR name."""
    console.print(visible(report.address, "bold"))
    for use in report.uses:
        console.print(visible(f"  {_use(use)}", "" if use.current else QUIET))
        names = ", ".join(name.removesuffix(".") for name in use.names)
        console.print(visible(f"    {names or 'no name of it leads to this address'}", QUIET if not names else ""))
    if not report.uses:
        console.print(visible("  no instance in the ledger has it, or had it within the last week", QUIET))
    if report.unreadable:
        console.print(visible(f"  rows that cannot be read, and may have it: {len(report.unreadable):,}", BAD))
    console.print()
    for name in report.ptr:
        show_name(console, name)
    if not report.ptr:
        ptr_name = report.ptr_name.removesuffix(".")
        console.print(visible(f"{ptr_name} is outside every zone: orgdns gives the address no PTR record", QUIET))


def _use(use: AddressUse) -> str:
    observation, account = use.observation, use.observation.account
    named = f"{observation.ref}{f' ({account.label})' if account and account.label else ''}"
    at = time(observation.observed_at)
    if observation.instance:
        return f"{named} has it: {observation.instance.state} in {', '.join(use.vpcs)}, as described at {at}"
    if observation.ended:
        return f"{named} had it until it ended: the ledger knows that since {at}"
    return f"{named} had it: not shown since {at}"
