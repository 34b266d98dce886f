"""`orgdns destroy`: remove what `orgdns deploy` deployed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.commands.deployment.management import destroy_there
from orgdns.cli.credentials import (
    HubProfile,
    ManagementProfile,
    NetworkProfile,
    Role,
    choices,
    event_reporter,
    reason_given,
)
from orgdns.cli.render.deployment import show_removal
from orgdns.cli.render.documents.deployment import removal_document
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.terminal import Json, Reason, confirmed, errors_reported, print_json, say, screen
from orgdns.config.load import load
from orgdns.deployment.accounts import Kind
from orgdns.deployment.opening import open_accounts, open_deployment
from orgdns.deployment.removal.everything import destroy, removal


def run(
    *,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("orgdns.yaml"),
    only_plan: Annotated[bool, typer.Option("--plan", help="Show what would be removed, and remove nothing.")] = False,
    records: Annotated[bool, typer.Option("--records", help="Delete the records that orgdns made, too.")] = False,
    associations: Annotated[
        bool, typer.Option("--associations", help="End the associations of VPCs that orgdns made, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    management: Annotated[
        bool, typer.Option("--management", help="Undo the steps in the management account, and nothing else.")
    ] = False,
    hub_profile: HubProfile = None,
    network_profile: NetworkProfile = None,
    management_profile: ManagementProfile = None,
    role: Role = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Remove the stacks of a configuration, the last one first.

    Shows what is removed, and what stays and why, asks, and removes it. If it is interrupted, run it again.

    The exit code is 0 if nothing is left to remove, 2 if something would be removed, was not confirmed, or could not be
    removed, and 1 on an error.
    """
    console = screen()
    with errors_reported():
        why = reason_given(reason, management=management)
        loaded = load(config)
        if management:
            credentials = choices(management=management_profile, role=role)
            accounts = open_accounts(loaded, credentials, (Kind.MANAGEMENT,))
            destroy_there(loaded, config.name, accounts, only_plan=only_plan, yes=yes, as_json=as_json)
            return
        accounts = open_accounts(loaded, choices(hub_profile, network_profile, role=role))
        deployment = replace(
            open_deployment(loaded, config.name, accounts, event_reporter(as_json=as_json), removes=True), reason=why
        )
        planned = removal(deployment, records=records, associations=associations)
        if not as_json:
            bucket = deployment.bucket
            show_removal(console, planned, bucket if bucket and bucket.exists() else None)
        agreed = planned.any and not only_plan and (yes or confirmed("Remove all of this?"))
        left = destroy(deployment, planned) if agreed else ()
    if as_json:
        print_json(removal_document(planned, left, removed=agreed))
    elif agreed:
        for line in left:
            say(line)
        say("Removed.")
    if left or (planned.any and not agreed):
        raise typer.Exit(ATTENTION)
