"""`orgdns status`: how all is."""

from typing import Annotated

import typer

from orgdns.cli.render.documents.status import status_document
from orgdns.cli.render.status import show_status
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import overview
from orgdns.cli.terminal import Json, Region, errors_reported, print_json, screen


def run(
    *,
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all, not only the first of each kind.")] = False,
    region: Region = None,
) -> None:
    """Say how all is: what waits for a person, what could not be read, how far a new policy has come.

    The exit code is 0 when all is well, 2 when something needs a person or is under way, and 1 on an error.
    """
    with errors_reported():
        account = HubAccount.in_region(region)
        seen = overview(account.ledger(), account.listed_spokes)
    if as_json:
        print_json(status_document(seen))
    else:
        show_status(screen(), seen, everything=everything)
    if not seen.well:
        raise typer.Exit(ATTENTION)
