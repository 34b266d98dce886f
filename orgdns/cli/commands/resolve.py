"""`orgdns resolve`: show what answers a name in a VPC."""

from dataclasses import replace
from typing import Annotated

import typer

from orgdns.cli.render.documents.resolution import resolution_document
from orgdns.cli.render.resolution import show_resolution
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.resolution import Source, as_last_seen, resolution, unseen
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import known_vpcs, vpc_row
from orgdns.cli.sources.lookup import Lookup, fqdn_of
from orgdns.cli.terminal import (
    Installation,
    Json,
    Profile,
    Region,
    errors_reported,
    print_json,
    reading_progress,
    screen,
)


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A domain name, or an IP address for its PTR name.")],
    *,
    vpc: Annotated[str, typer.Option("--vpc", metavar="VPC", help="vpc-... or ACCOUNT/REGION/vpc-...")],
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Show which zone and record answer a name in a VPC.

    The exit code is 0 if an orgdns record certainly answers, 2 if none does or something that orgdns cannot see may
    decide otherwise, and 1 on an error.
    """
    with errors_reported(), reading_progress() as progress:
        fqdn = fqdn_of(name)
        hub = HubAccount.of(profile, region, installation).ledger()
        row = vpc_row(hub, vpc)
        covered = {status.spoke for status in hub.statuses.spoke_statuses()}
        if row.vpc is None and row.ref.spoke in covered:
            raise SubjectUnknown(
                f"no sweep has described {row.ref} yet: try again after the next sweep of its account and region"
            )
        if row.vpc:
            status = hub.vpcs.vpcs_status(row.ref.spoke)
            found = as_last_seen(resolution(row, row.vpc, fqdn, hub.deployed.zone_ids), status.fault)
            # A sweep writes the row of a VPC only if something changed.
            row = replace(row, seen_at=max(row.seen_at, status.seen_at))
        else:
            found = unseen(known_vpcs(hub, covered).unseen(row.ref.region, row.ref.id))
        names = [Lookup(hub, progress).name_in(found.id, fqdn)] if found.source is Source.ZONE else []
    if as_json:
        print_json(resolution_document(row, fqdn, found, names))
    else:
        show_resolution(screen(), row, found, names)
    if not (found.certain and any(report.published.record_sets for report in names)):
        raise typer.Exit(ATTENTION)
