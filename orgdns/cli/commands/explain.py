"""`orgdns explain`: explain an instance, a name or an address."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from orgdns.cli.render.addresses import show_address
from orgdns.cli.render.documents.explain import address_document, instances_document, live_document, names_document
from orgdns.cli.render.layout import show_divider
from orgdns.cli.render.live import show_live
from orgdns.cli.render.text import show_instance, show_name
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.explain.addresses import canonical
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.inventory.addresses import observations_with
from orgdns.cli.sources.inventory.pages import Pages
from orgdns.cli.sources.ledger import now
from orgdns.cli.sources.live import LiveAws, live_report
from orgdns.cli.sources.lookup import Lookup, NothingToExplain
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

if TYPE_CHECKING:
    from hub.runtime.model.names import InstanceRef
    from orgdns.cli.reports.explain.claims import NameReport
    from orgdns.cli.reports.explain.live import LiveReport


def run(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="INSTANCE|NAME|ADDRESS",
            help="i-..., ACCOUNT/REGION/i-..., a domain name, or an IP address.",
        ),
    ],
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Ask Route 53 and EC2, too, and show where they and the ledger differ.")
    ] = False,
    network_profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --live, the AWS profile of the networking account, for Route 53."),
    ] = None,
    account_profile: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --live, an AWS profile of an instance's account. May be repeated."),
    ] = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Explain the names of an instance, or the holders of a name or an address.

    With --live, the exit code is 0 if all agrees, 2 if something differs or could not be asked, and 1 on an error.
    """
    with errors_reported(), reading_progress() as progress:
        if (network_profile or account_profile) and not live:
            raise NothingToExplain("--network-profile and --account-profile need --live")
        account = HubAccount.of(profile, region, installation)
        lookup = Lookup(account.ledger(), progress)
        names: tuple[NameReport, ...]
        refs: list[InstanceRef]
        if lookup.is_instance(subject):
            instances = lookup.instances(subject)
            document = instances_document(instances)
            shown = [partial(show_instance, report=report) for report in instances]
            names = tuple(claimed.name for report in instances for claimed in report.claims)
            refs = [report.observation.ref for report in instances]
        elif address := canonical(subject):
            rows = Pages(account.rows_client(), lookup.hub.table.name, lambda pages: progress(pages.rows))
            found = lookup.address(address, observations_with(rows, address))
            document = address_document(found)
            shown = [partial(show_address, report=found)]
            names, refs = found.ptr, [use.observation.ref for use in found.uses if use.current]
        else:
            names = lookup.names(subject)
            document = names_document(names)
            shown = [partial(show_name, report=report) for report in names]
            refs = [status.claim.instance for report in names for status in report.claim_statuses]
        asked: LiveReport | None = None
        if live:
            aws = LiveAws.of(account.session, network_profile, account_profile or (), lookup.hub.deployed.owner)
            asked = live_report(aws, lookup.rows(dict.fromkeys(refs)), names, now())
            document |= {"live": live_document(asked)}
            shown.append(partial(show_live, report=asked))
    if as_json:
        print_json(document)
    else:
        output = screen()
        for number, show in enumerate(shown):
            if number:
                show_divider(output)
            show(output)
    if asked and not asked.agrees:
        raise typer.Exit(ATTENTION)
