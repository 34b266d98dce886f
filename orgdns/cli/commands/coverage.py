"""`orgdns coverage`: show accounts, regions and VPCs."""

from dataclasses import replace
from typing import Annotated

import typer

from orgdns.cli.render.coverage import show_coverage
from orgdns.cli.render.documents.coverage import coverage_document
from orgdns.cli.reports.coverage import coverage
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.instance_vpcs import KnownVpcs, instance_vpcs
from orgdns.cli.reports.nearest import unknown_spokes
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import instances_of, overview, spoke_of
from orgdns.cli.terminal import All, Installation, Json, Profile, Region, errors_reported, print_json, screen


def run(
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="Show these in full, with their VPCs.")
    ] = None,
    *,
    as_json: Json = False,
    everything: All = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Show which accounts, regions and VPCs orgdns covers.

    The exit code is 0 if nothing is wrong, 2 if something is, and 1 on an error.
    """
    with errors_reported():
        account = HubAccount.of(profile, region, installation)
        hub = account.ledger()
        wanted = [spoke_of(text) for text in spokes or ()]
        stacks = account.stack_instances(hub.deployed.unlisted)
        known = replace(overview(hub), listed=frozenset(stacks))
        vpcs_statuses, rows = hub.vpcs.vpcs_statuses(), tuple(hub.vpcs.all_vpc_rows())
        report = coverage(stacks, known.spokes, vpcs_statuses, rows, known.health, known.now, known.limits)
        if unknown := unknown_spokes(wanted, {covered.spoke for covered in report.spokes}):
            raise SubjectUnknown(unknown)
        if wanted:
            report = report.only(wanted)
        instances = instances_of(hub, wanted or [status.spoke for status in known.spokes])
        vpcs = KnownVpcs.of(rows, vpcs_statuses, known.health.known | stacks.keys())
        report = replace(
            report, instances=instance_vpcs(instances, vpcs), paused=known.pause.reason if known.pause else None
        )
    if as_json:
        print_json(coverage_document(report))
    else:
        show_coverage(screen(), report, details=bool(wanted), everything=everything)
    if not report.well:
        raise typer.Exit(ATTENTION)
