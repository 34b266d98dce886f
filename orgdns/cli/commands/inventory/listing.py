"""`orgdns list`: list names and their instances."""

import json
import sys
from contextlib import ExitStack
from typing import Annotated

import typer

from orgdns.cli.render.inventory.table import show_rows
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.inventory.columns import columns_of, fields_of, sort_of
from orgdns.cli.reports.inventory.options import Options
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
from orgdns.cli.terminal import Installation, Profile, errors_reported, screen


def run(
    pattern: Pattern = None,
    *,
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
    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", metavar="NAMES", help="The columns, separated by commas; tag:KEY is that of a tag."),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option("--sort", metavar="COLUMN", help="Sort by this column; with a hyphen before it, backwards."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="Only the first N rows.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: an object on each line.")] = False,
    profile: Profile = None,
    region: HubRegion = None,
    installation: Installation = None,
) -> None:
    """List names with their instances, by patterns and filters.

    Several values of an option are alternatives. Names are sorted, unless --sort says otherwise. The exit code is 0,
    also if there are no such names, 2 if a row of the ledger cannot be read, and 1 on an error.
    """
    with errors_reported(), reader_may_leave(), ExitStack() as stack:
        faults: list[str] = []
        shown = columns_of(columns or (), faults)
        by, backwards = sort_of(sort, faults)
        if limit is not None and limit < 1:
            faults.append(f"--limit: {limit} is not at least 1")
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
        )
        _, inventory = selected(stack, HubAccount.of(profile, region, installation), options, faults)
        rows = inventory.store.sorted_rows(by, limit, greatest_first=backwards)
        if as_json:
            for row in rows:
                sys.stdout.write(json.dumps(fields_of(row)) + "\n")
        else:
            show_rows(screen(), rows, shown)
        report_unread(inventory.unread)
    if inventory.unread.number:
        raise typer.Exit(ATTENTION)
