"""`orgdns export`: write names in the format of another tool."""

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Annotated

import typer

from hub.runtime.model.names import Fqdn
from orgdns.cli.exporting import ALL_ROWS, Export, ExportFormat
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.inventory.hosts import LeftOut
from orgdns.cli.reports.inventory.options import InvalidSelection, Options
from orgdns.cli.selecting import (
    Account,
    Cidr,
    Conflict,
    HubRegion,
    Pattern,
    Refused,
    SpokeRegion,
    State,
    Tag,
    Unit,
    Vpc,
    Zone,
    reader_may_leave,
    report_unread,
    selected,
)
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.inventory.files import replaced
from orgdns.cli.sources.inventory.groups import StoredGroups
from orgdns.cli.sources.ledger import now
from orgdns.cli.terminal import Installation, Profile, errors_reported

_MOST_PORT = 65_535


def run(
    pattern: Pattern = None,
    *,
    output_format: Annotated[ExportFormat, typer.Option("--format", help="The format.")],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Replace this file, once all is written.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", help="With prometheus, the port of each target.")
    ] = None,
    zone: Zone = None,
    account: Account = None,
    unit: Unit = None,
    in_region: SpokeRegion = None,
    vpc: Vpc = None,
    tag: Tag = None,
    state: State = None,
    cidr: Cidr = None,
    conflict: Conflict = False,
    refused: Refused = False,
    profile: Profile = None,
    region: HubRegion = None,
    installation: Installation = None,
) -> None:
    """Write names and instances as CSV, JSON, or files of other tools.

    csv and json have all names with their status, the other formats those that are published. The exit code is 0, 2 if
    a row of the ledger cannot be read or a name cannot be written, and 1 on an error.
    """
    with errors_reported(), reader_may_leave(), ExitStack() as stack:
        faults = _faults(output_format, zone, port, others=conflict or refused)
        options = Options(
            pattern=pattern,
            zones=zone or (),
            accounts=account or (),
            units=unit or (),
            regions=in_region or (),
            vpcs=vpc or (),
            tags=tag or (),
            states=state or (),
            cidrs=cidr or (),
            conflict=conflict,
            refused=refused,
            published=output_format not in ALL_ROWS,
        )
        hub = HubAccount.of(profile, region, installation)
        file = _opened(stack, output)
        source, inventory = selected(stack, hub, options, faults)
        domains = {zone_id: domain for domain, zone_id in source.hub.deployed.zone_ids.items()}
        (zone_id, *_) = (*inventory.selection.zone_ids, "")
        export = Export(hub.names.installation, now(), domains.get(zone_id, Fqdn("")), port)
        left_out = LeftOut()
        with closing(StoredGroups()) as groups:
            for text in export.texts(output_format, inventory.store, groups, left_out):
                file.write(text)
        report_unread(inventory.unread)
        if left_out.number:
            typer.echo(f"orgdns: left out: {left_out.number:,} names, such as {left_out.first!r}", err=True)
    if inventory.unread.number or left_out.number:
        raise typer.Exit(ATTENTION)


def _faults(output_format: ExportFormat, zone: list[str] | None, port: int | None, *, others: bool) -> list[str]:
    """What is wrong with the options of this command alone."""
    faults: list[str] = []
    if output_format is ExportFormat.BIND and len(zone or ()) != 1:
        faults.append("--format: bind writes one zone: add --zone ZONE, once")
    if port is not None and output_format is not ExportFormat.PROMETHEUS:
        faults.append(f"--port: {output_format} has no ports; prometheus has")
    if port is not None and not 0 < port <= _MOST_PORT:
        faults.append(f"--port: {port} is not between 1 and {_MOST_PORT}")
    if others and output_format not in ALL_ROWS:
        faults.append(f"--conflict, --refused: {output_format} has only published names: use csv or json")
    return faults


def _opened(stack: ExitStack, output: Path | None) -> IO[str]:
    """Standard output, or the file.

    Raises:
        InvalidSelection: if the file cannot be written.
    """
    if output is None:
        return sys.stdout
    try:
        return stack.enter_context(replaced(output))
    except OSError as fault:
        raise InvalidSelection(f"--output: {fault}") from fault
