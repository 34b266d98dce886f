"""`orgdns doctor`: check the setup."""

import typer

from orgdns.cli.render.doctor import show_diagnosis
from orgdns.cli.render.documents.doctor import doctor_document
from orgdns.cli.reports.doctor.diagnosis import diagnosis
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.sources.doctor.facts import gathered
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Installation, Json, Profile, Region, errors_reported, print_json, screen


def run(
    *,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Check the setup of the hub and of the rollout, a line for each check.

    The exit code is 0 if all is fine, 2 if there is a problem or something could not be checked, and 1 on an error.
    """
    with errors_reported():
        found = diagnosis(gathered(HubAccount.of(profile, region, installation)))
    if as_json:
        print_json(doctor_document(found))
    else:
        show_diagnosis(screen(), found)
    if not found.well:
        raise typer.Exit(ATTENTION)
