"""`orgdns sweep`: compare all instances now."""

from typing import Annotated

import typer

from hub.runtime.model.tasks import Sweep
from hub.runtime.sweeper.scheduler import LONGEST_DELAY, SWEEPS_A_SECOND
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import overview, spoke_of
from orgdns.cli.terminal import Json, Region, errors_reported, print_json


def run(
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="The spokes; none: all that are known.")
    ] = None,
    *,
    as_json: Json = False,
    region: Region = None,
) -> None:
    """Have spokes swept now: all their instances are compared with the ledger."""
    with errors_reported():
        account = HubAccount.in_region(region)
        hub = account.ledger()
        wanted = [spoke_of(text) for text in spokes] if spokes else [one.spoke for one in overview(hub).spokes]
        account.tasks().ask(
            (Sweep(spoke), min(number // SWEEPS_A_SECOND, LONGEST_DELAY)) for number, spoke in enumerate(wanted)
        )
    if as_json:
        print_json({"enqueued": [str(spoke) for spoke in wanted]})
    else:
        typer.echo(f"Asked for {len(wanted):,} sweeps. orgdns status tells what came of them.")
