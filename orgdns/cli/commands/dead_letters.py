"""`orgdns dead-letters`: what failed for good."""

from typing import Annotated

import typer

from orgdns.cli.render.dead_letters import show_dead_letters, show_resent
from orgdns.cli.render.documents.dead_letters import dead_letters_document
from orgdns.cli.reports.dead_letters import Letters
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Json, Region, confirmed, errors_reported, print_json, screen


def run(
    *,
    queue: Annotated[Letters | None, typer.Option(help="Look into this queue alone.")] = None,
    resend: Annotated[bool, typer.Option("--resend", help="Send the events to the observer's queue again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending again.")] = False,
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all messages, not only the first ones.")] = False,
    region: Region = None,
) -> None:
    """Say what the hub's dead-letter queues hold and why, and send events again.

    The exit code is 0 when nothing is there (any more), 2 when something is, and 1 on an error.
    """
    with errors_reported():
        queues = HubAccount.in_region(region).dead_letter_queues()
        found = queues.found((queue,) if queue else tuple(Letters))
        if not as_json:
            show_dead_letters(screen(), found, everything=everything)
        agreed = (
            resend
            and bool(found.events)
            and (yes or confirmed(f"Send the events ({len(found.events):,}) to the observer's queue again?"))
        )
        sent = queues.resend([one.message_id for one in found.events]) if agreed else 0
        left = (
            sent < len(found.events)
            or bool(found.discarded_records or found.tasks or found.associations)
            or any(found.hidden.values())
        )
        if as_json:
            print_json(dead_letters_document(found, sent, left=left))
        elif resend:
            show_resent(screen(), found, sent if agreed else None)
    if left:
        raise typer.Exit(ATTENTION)
