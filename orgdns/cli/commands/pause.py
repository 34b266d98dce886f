"""`orgdns pause`: stop all writing."""

from typing import Annotated

import typer

from orgdns.cli.sources.deployed import HubUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Json, Region, errors_reported, print_json


def run(
    *,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks.")],
    as_json: Json = False,
    region: Region = None,
) -> None:
    """Stop all writing to the zones; what happens meanwhile is kept in the ledger, for however long."""
    with errors_reported():
        if not reason.strip() or not reason.isprintable():
            raise HubUnknown("--reason wants a text of printable characters")
        HubAccount.in_region(region).ledger().statuses.pause(reason)
    if as_json:
        print_json({"paused": reason})
    else:
        typer.echo(
            "Paused: no zone is written from now on, but for a change batch that is under way. orgdns resume ends it."
        )
