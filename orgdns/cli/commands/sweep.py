"""`orgdns sweep`: sweep spokes now."""

from typing import Annotated

import typer

from hub.runtime.history.entry import Action
from hub.runtime.model.tasks import Sweep
from hub.runtime.sweeper.schedule.due import LONGEST_DELAY, SWEEPS_A_SECOND
from orgdns.cli.reports.nearest import unknown_spokes
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import spoke_of
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
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="The spokes. Default: all known spokes.")
    ] = None,
    *,
    by_hand: Annotated[
        bool,
        typer.Option("--by-hand", help="Sweep spokes whose stacks you deployed by hand, although nobody knows them."),
    ] = False,
    reason: Reason = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Sweep spokes now: compare their instances with the ledger.

    A spoke that neither StackSets nor the ledger knows is an error, and nothing is swept.
    """
    with errors_reported():
        why = given_reason(reason)
        account = HubAccount.of(profile, region, installation)
        hub = account.ledger()
        known = {status.spoke for status in hub.statuses.spoke_statuses()}
        wanted = [spoke_of(text) for text in spokes] if spokes else sorted(known)
        # StackSets is asked only if the ledger does not know all of them: that takes a call for each hundred spokes.
        if not (by_hand or known.issuperset(wanted)) and (
            unknown := unknown_spokes(wanted, known | account.listed_spokes(hub))
        ):
            raise SubjectUnknown(f"{unknown}. If you deployed the stacks by hand, add --by-hand")
        tasks = account.tasks()
        account.note(Action.SWEEP, ", ".join(map(str, wanted)) if spokes else f"all {len(wanted):,} spokes", why)
        tasks.enqueue(
            (Sweep(spoke), min(position // SWEEPS_A_SECOND, LONGEST_DELAY)) for position, spoke in enumerate(wanted)
        )
    if as_json:
        print_json({"enqueued": [str(spoke) for spoke in wanted]})
    else:
        say(f"Enqueued {len(wanted):,} sweeps. orgdns status shows the results.")
