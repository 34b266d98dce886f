"""`orgdns resume`: resume writing."""

import typer

from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Json, Region, errors_reported, print_json


def run(*, as_json: Json = False, region: Region = None) -> None:
    """Resume writing to the zones, and audit all of them."""
    with errors_reported():
        HubAccount.in_region(region).ledger().statuses.resume()
    if as_json:
        print_json({"paused": None})
    else:
        typer.echo("Resumed: within five minutes all zones are audited, and VPCs that waited are associated.")
