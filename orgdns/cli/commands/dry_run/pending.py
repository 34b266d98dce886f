"""`orgdns pending`: show what a dry run keeps back."""

from typing import Annotated

import typer

from orgdns.cli.render.documents.pending import pending_document
from orgdns.cli.render.formats.page import Format
from orgdns.cli.render.pages.pending import pending_page
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.nearest import nearest
from orgdns.cli.reports.pending import Guarding, pending
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import HubLedger, now
from orgdns.cli.sources.snapshot import snapshot, unreadable_vpcs
from orgdns.cli.terminal import (
    All,
    Installation,
    Json,
    Profile,
    Region,
    ReportFormat,
    chosen_format,
    errors_reported,
    print_json,
    print_page,
    reading_progress,
)


def run(
    *,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Only this zone: its domain or its id.")] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Only names and VPCs of this account.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Only names that this rule gives.")] = None,
    as_json: Json = False,
    output: ReportFormat = None,
    everything: All = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Show what a dry run keeps back, and what is in the way of it.

    The exit code is 0 if nothing is kept back, 2 if something is, or if a row of the ledger cannot be read, and 1 on an
    error.
    """
    chosen = chosen_format(output, as_json=as_json)
    with errors_reported(), reading_progress() as progress:
        hub_account = HubAccount.of(profile, region, installation)
        hub = hub_account.ledger()
        zone_id = _zone_id(hub, zone)
        current = snapshot(hub.table, progress)
        rows = tuple(hub.vpcs.all_vpc_rows())
        unreadable = (*current.unreadable, *unreadable_vpcs(rows))
        deployed = hub.deployed
        zones = hub.statuses.zone_statuses()
        guarding = Guarding(hub_account.guard(), now())
        whole = pending(current.names.values(), rows, zones, deployed.zone_ids, deployed.limits, guarding)
        found = whole.of(zone_id, account, rule)
    if chosen is Format.JSON:
        print_json(pending_document(found, unreadable))
    else:
        # A page that people attach to a change has everything.
        print_page(pending_page(found, unreadable, everything=everything or chosen is Format.HTML), chosen)
    if found.any or unreadable:
        raise typer.Exit(ATTENTION)


def _zone_id(hub: HubLedger, zone: str | None) -> str | None:
    """The id of the zone that a person names.

    Raises:
        SubjectUnknown: if the hub has no such zone.
    """
    if zone is None:
        return None
    by_domain = {domain.removesuffix("."): zone_id for domain, zone_id in hub.deployed.zone_ids.items()}
    if zone in by_domain.values():
        return zone
    found = by_domain.get(zone.removesuffix(".").lower())
    if found is None:
        known = ", ".join(sorted(by_domain))
        raise SubjectUnknown(f"{zone} is not a zone of the hub{nearest(zone, by_domain)}: there are {known}")
    return found
