"""`orgdns resume`: resume writing."""

import typer

from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Json, Region, errors_reported, print_json


def run(*, as_json: Json = False, region: Region = None) -> None:
    """Resume writing to the zones, and audit all of them."""
    with errors_reported():
        account = HubAccount.in_region(region)
        account.ledger().statuses.resume(account.caller())
    if as_json:
        print_json({"paused": None})
    else:
        typer.echo("Resumed: all zones will be audited within five minutes, and differences published.")
