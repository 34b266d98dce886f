"""`orgdns coverage`: how far orgdns reaches."""

from dataclasses import replace
from typing import Annotated

import typer

from orgdns.cli.render.coverage import show_coverage
from orgdns.cli.render.documents.coverage import coverage_document
from orgdns.cli.reports.coverage import coverage
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.status import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import overview, spoke_of
from orgdns.cli.terminal import Json, Region, errors_reported, print_json, screen


def run(
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="Show these whole, with their VPCs.")
    ] = None,
    *,
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all that is wrong, not only the first.")] = False,
    region: Region = None,
) -> None:
    """Say which accounts, regions and VPCs are covered, which zones each VPC resolves, and what is wrong.

    The exit code is 0 when nothing is wrong, 2 when something is, and 1 on an error.
    """
    with errors_reported():
        account = HubAccount.in_region(region)
        hub = account.ledger()
        wanted = [spoke_of(text) for text in spokes or ()]
        stacks = account.stack_instances()
        known = replace(overview(hub), listed=frozenset(stacks))
        seen = coverage(stacks, known.spokes, hub.vpcs.vpcs_statuses(), hub.vpcs.all_vpc_rows(), known.health)
        if wanted:
            seen = seen.only(wanted)
        if missing := [str(spoke) for spoke in wanted if spoke not in {one.spoke for one in seen.spokes}]:
            raise SubjectUnknown(f"neither StackSets nor the ledger knows {', '.join(missing)}")
    if as_json:
        print_json(coverage_document(seen))
    else:
        show_coverage(screen(), seen, details=bool(wanted), everything=everything)
    if not seen.well:
        raise typer.Exit(ATTENTION)
