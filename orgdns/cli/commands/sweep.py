"""`orgdns sweep`: sweep spokes now."""

from typing import Annotated

import typer

from hub.runtime.model.tasks import Sweep
from hub.runtime.sweeper.schedule.due import LONGEST_DELAY, SWEEPS_A_SECOND
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import overview, spoke_of
from orgdns.cli.terminal import Json, Profile, Region, errors_reported, print_json, say


def run(
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="The spokes. Default: all known spokes.")
    ] = None,
    *,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Sweep spokes now: compare their instances with the ledger."""
    with errors_reported():
        account = HubAccount.of(profile, region)
        hub = account.ledger()
        wanted = [spoke_of(text) for text in spokes] if spokes else [status.spoke for status in overview(hub).spokes]
        account.tasks().enqueue(
            (Sweep(spoke), min(position // SWEEPS_A_SECOND, LONGEST_DELAY)) for position, spoke in enumerate(wanted)
        )
    if as_json:
        print_json({"enqueued": [str(spoke) for spoke in wanted]})
    else:
        say(f"Enqueued {len(wanted):,} sweeps. orgdns status shows the results.")
