"""`orgdns status`: show the state of spokes and zones."""

import time
from contextlib import suppress
from typing import Annotated

import typer

from orgdns.cli.render.documents.status import status_document
from orgdns.cli.render.status import show_status
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.status.problems import problems
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import All, Installation, Json, Profile, Region, errors_reported, print_json, screen

Watch = Annotated[
    float | None,
    typer.Option("--watch", min=1, metavar="SECONDS", help="Show the state again and again, until you press Ctrl-C."),
]


def run(
    *,
    as_json: Json = False,
    everything: All = False,
    watch: Watch = None,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Show what needs attention, and how far sweeps have come.

    The exit code is 0 if all is well, 2 if something needs attention, is in progress or is unknown, and 1 on an error.
    """
    with errors_reported():
        account = HubAccount.of(profile, region, installation)
        hub = account.ledger()
        state = account.status(hub)
        if as_json:
            print_json(status_document(state))
        else:
            console = screen()
            show_status(console, state, everything=everything)
            with suppress(KeyboardInterrupt):
                while watch is not None:
                    time.sleep(watch)
                    state = account.status(hub)
                    if console.is_terminal:
                        console.clear()
                    show_status(console, state, everything=everything)
    if problems(state):
        raise typer.Exit(ATTENTION)
