"""`orgdns pause`: stop all writing."""

from typing import Annotated

import typer

from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Installation, Json, Profile, Region, errors_reported, given_reason, print_json, say


def run(
    *,
    reason: Annotated[str, typer.Option(help="The reason, which orgdns status shows.")],
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Stop all writing to the zones, and all changes of their associations.

    Events, sweeps and claims continue, and the ledger keeps them until orgdns resume.
    """
    with errors_reported():
        given_reason(reason)
        account = HubAccount.of(profile, region, installation)
        account.ledger().statuses.pause(reason, account.caller())
    if as_json:
        print_json({"paused": reason})
    else:
        say(
            "Paused: neither records nor associations of VPCs are changed any longer, except by what is already in "
            "progress. To end the pause, run orgdns resume."
        )
