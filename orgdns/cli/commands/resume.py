"""`orgdns resume`: resume writing."""

from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import (
    Installation,
    Json,
    Profile,
    Reason,
    Region,
    errors_reported,
    given_reason,
    print_json,
    say,
)


def run(
    *,
    reason: Reason = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Resume writing to the zones, and audit all of them."""
    with errors_reported():
        why = given_reason(reason)
        account = HubAccount.of(profile, region, installation)
        account.ledger().statuses.resume(account.caller(), why)
    if as_json:
        print_json({"paused": None})
    else:
        say("Resumed: within five minutes all zones are audited, and VPCs that waited are associated.")
