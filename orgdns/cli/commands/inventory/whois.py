"""`orgdns whois`: show who has an address, a name or an instance."""

from typing import Annotated

import typer

from hub.runtime.history.keeper import HistoryUnavailable
from orgdns.cli.render.history.answers import show_holders
from orgdns.cli.render.history.document import holders_document
from orgdns.cli.render.inventory.whois import show_whois, whois_document
from orgdns.cli.reports.explain.addresses import canonical
from orgdns.cli.reports.history.holders import Holder, holders
from orgdns.cli.reports.inventory.options import Options, selection_of
from orgdns.cli.reports.inventory.whois import of_address, of_instances, of_names
from orgdns.cli.selecting import Account, HubRegion, SpokeRegion
from orgdns.cli.sources.history.lookup import HistoryLookup
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.inventory.addresses import observations_with
from orgdns.cli.sources.inventory.inventory import InventorySource
from orgdns.cli.sources.inventory.pages import Pages
from orgdns.cli.sources.lookup import Lookup, NothingToExplain
from orgdns.cli.terminal import Installation, Json, Profile, errors_reported, print_json, reading_progress, screen


def run(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS|NAME|INSTANCE",
            help="An IP address, a domain name, i-..., or ACCOUNT/REGION/i-...",
        ),
    ],
    *,
    account: Account = None,
    in_region: SpokeRegion = None,
    as_json: Json = False,
    profile: Profile = None,
    region: HubRegion = None,
    installation: Installation = None,
) -> None:
    """Show which instances have an address, a name or an id, and of which accounts.

    With --account or --region, an address is looked up there alone, which is much faster. History adds who had it
    before. The exit code is 0 if an instance has it or had it, and 1 otherwise.
    """
    with errors_reported(), reading_progress() as progress:
        hub = HubAccount.of(profile, region, installation)
        source = InventorySource.of(hub)
        options = Options(accounts=account or (), regions=in_region or ())
        selection = selection_of(options, source.known(options))
        lookup = Lookup(source.hub, progress)
        if lookup.is_instance(subject):
            report = of_instances(subject, lookup.instances(subject))
        elif address := canonical(subject):
            pages = Pages(hub.rows_client(), source.hub.table.name, lambda read: progress(read.rows))
            spokes = None
            if selection.spokes_only:
                spokes = [status.spoke for status in source.statuses if selection.has_spoke(status.spoke)]
            rows = observations_with(pages, address, spokes)
            report = of_address(lookup.address(address, rows))
        else:
            names = lookup.names(subject)
            refs = {ref: None for name in names for ref in name.instances}
            report = of_names(subject, names, lookup.rows(refs))
        by_history = _by_history(hub, source, subject)
        if not (report.owners or report.unreadable or (by_history and not isinstance(by_history, str))):
            raise NothingToExplain(f"no instance in the ledger has {subject}, or had it within the last week")
    if as_json:
        print_json(whois_document(report) | holders_document(by_history))
    else:
        show_whois(screen(), report)
        show_holders(screen(), by_history)


def _by_history(hub: HubAccount, source: InventorySource, subject: str) -> tuple[Holder, ...] | str:
    """Which instances had it, also long ago, or why history does not say that."""
    try:
        return holders(HistoryLookup.in_hub(hub, source.hub).found(subject).uses(None))
    except NothingToExplain as nothing:
        return str(nothing)
    except HistoryUnavailable as fault:
        return str(fault)
