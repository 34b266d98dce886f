"""`orgdns explain`: explain an instance or a name."""

from functools import partial
from typing import Annotated

import typer

from orgdns.cli.render.addresses import show_address
from orgdns.cli.render.documents.explain import address_document, instances_document, names_document
from orgdns.cli.render.layout import show_divider
from orgdns.cli.render.text import show_instance, show_name
from orgdns.cli.reports.explain.addresses import canonical
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.lookup import Lookup
from orgdns.cli.terminal import Json, Profile, Region, errors_reported, print_json, reading_progress, screen


def run(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="INSTANCE|NAME|ADDRESS",
            help="i-..., ACCOUNT/REGION/i-..., a domain name, or an IP address.",
        ),
    ],
    *,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Explain the names of an instance, or the holders of a name or an address."""
    with errors_reported(), reading_progress() as progress:
        lookup = Lookup(HubAccount.of(profile, region).ledger(), progress)
        if lookup.is_instance(subject):
            instances = lookup.instances(subject)
            document = instances_document(instances)
            shown = [partial(show_instance, report=report) for report in instances]
        elif address := canonical(subject):
            found = lookup.address(address)
            document = address_document(found)
            shown = [partial(show_address, report=found)]
        else:
            names = lookup.names(subject)
            document = names_document(names)
            shown = [partial(show_name, report=report) for report in names]
    if as_json:
        print_json(document)
        return
    output = screen()
    for number, show in enumerate(shown):
        if number:
            show_divider(output)
        show(output)
