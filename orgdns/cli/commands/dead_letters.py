"""`orgdns dead-letters`: list dead letters, and send events again."""

from typing import Annotated

import typer

from hub.runtime.history.entry import Action
from orgdns.cli.render.dead_letters import show_dead_letters, show_resent
from orgdns.cli.render.documents.dead_letters import dead_letters_document
from orgdns.cli.reports.dead_letters import DeadLetterQueue
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import (
    All,
    Installation,
    Json,
    Profile,
    Reason,
    Region,
    confirmed,
    errors_reported,
    given_reason,
    print_json,
    screen,
)


def run(
    *,
    queue: Annotated[DeadLetterQueue | None, typer.Option(help="Read only this queue.")] = None,
    resend: Annotated[bool, typer.Option("--resend", help="Send the events to the observer's queue again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    reason: Reason = None,
    as_json: Json = False,
    everything: All = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """List dead letters with their reasons, and send events again.

    The exit code is 0 if no dead letters remain, 2 if some do, and 1 on an error.
    """
    with errors_reported():
        why = given_reason(reason)
        account = HubAccount.of(profile, region, installation)
        queues = account.dead_letter_queues()
        found = queues.read((queue,) if queue else tuple(DeadLetterQueue))
        if not as_json:
            show_dead_letters(screen(), found, everything=everything)
        agreed = (
            resend
            and bool(found.events)
            and (yes or confirmed(f"Send the events ({len(found.events):,}) to the observer's queue again?"))
        )
        if agreed:
            account.note(Action.RESEND, f"{len(found.events):,} events from the dead letters", why)
        resent = queues.resend([event.message_id for event in found.events]) if agreed else 0
        remaining = (
            resent < len(found.events)
            or bool(found.discarded_records or found.tasks or found.associations or found.deferred or found.files)
            or any(found.hidden.values())
        )
        if as_json:
            print_json(dead_letters_document(found, resent, remaining=remaining))
        elif resend:
            show_resent(screen(), found, resent if agreed else None)
    if remaining:
        raise typer.Exit(ATTENTION)
