"""`orgdns resume`: write again."""

import typer

from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Json, Region, errors_reported, print_json


def run(*, as_json: Json = False, region: Region = None) -> None:
    """Have the zones written again, and audited, so that what happened during a pause is published."""
    with errors_reported():
        HubAccount.in_region(region).ledger().statuses.resume()
    if as_json:
        print_json({"paused": None})
    else:
        typer.echo("Resumed: within five minutes every zone is audited, and what differs is published.")
