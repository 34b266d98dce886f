"""`orgdns status`: show the state of spokes and zones."""

from dataclasses import replace

import typer

from orgdns.cli.render.documents.status import status_document
from orgdns.cli.render.status import show_status
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.status.problems import problems
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import overview
from orgdns.cli.terminal import All, Json, Profile, Region, errors_reported, print_json, screen


def run(
    *,
    as_json: Json = False,
    everything: All = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show what needs attention, and how far sweeps have come.

    The exit code is 0 if all is well, 2 if something needs attention or is in progress, and 1 on an error.
    """
    with errors_reported():
        account = HubAccount.of(profile, region)
        hub = account.ledger()
        state = replace(
            overview(hub, account.listed_spokes),
            path_facts=account.path_facts(hub),
            alarms=account.alarms(),
            backlog=account.backlog(hub),
        )
    if as_json:
        print_json(status_document(state))
    else:
        show_status(screen(), state, everything=everything)
    if problems(state):
        raise typer.Exit(ATTENTION)
