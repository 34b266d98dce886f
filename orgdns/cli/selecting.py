"""What `list` and `export` share: the options that select rows, progress, and a reader that leaves early."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from orgdns.cli.reports.exit_codes import FAILED
from orgdns.cli.reports.inventory.options import selection_of
from orgdns.cli.sources.inventory.inventory import InventorySource
from orgdns.cli.terminal import screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import ExitStack

    from orgdns.cli.reports.inventory.options import Options
    from orgdns.cli.sources.hub import Hub
    from orgdns.cli.sources.inventory.inventory import Inventory, Progress
    from orgdns.cli.sources.inventory.reading import Unread

Pattern = Annotated[
    str | None,
    typer.Argument(
        metavar="PATTERN",
        help="A name, or a pattern with * (any text, also dots) and ?, or an instance. Default: all.",
    ),
]
Zone = Annotated[list[str] | None, typer.Option("--zone", metavar="ZONE", help="Names of this zone: domain or id.")]
Account = Annotated[
    list[str] | None, typer.Option("--account", metavar="ACCOUNT", help="Instances of this account: id or label.")
]
Unit = Annotated[
    list[str] | None,
    typer.Option("--unit", metavar="ID", help="Instances of accounts below this organizational unit or root."),
]
SpokeRegion = Annotated[list[str] | None, typer.Option("--region", metavar="NAME", help="Instances in this region.")]
# Before the subcommand, --region is the hub's here, too.
HubRegion = Annotated[
    str | None,
    typer.Option("--hub-region", metavar="NAME", help="The region of the hub, as --region before the subcommand."),
]
Vpc = Annotated[list[str] | None, typer.Option("--vpc", metavar="ID", help="Instances with an interface in this VPC.")]
Tag = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="KEY[=PATTERN]", help="Instances with this tag. With several, all of them."),
]
State = Annotated[
    list[str] | None, typer.Option("--state", metavar="STATE", help="Instances in this state, such as running.")
]
Cidr = Annotated[
    list[str] | None, typer.Option("--cidr", metavar="NETWORK", help="Names that lead to addresses of this network.")
]
Conflict = Annotated[
    bool, typer.Option("--conflict", help="Only names that are blocked, or that another instance holds.")
]
Refused = Annotated[bool, typer.Option("--refused", help="Only names that the policy refused.")]


@contextmanager
def counting_progress() -> Iterator[Progress]:
    """Show at a terminal how many names were read, and what that consumed. Elsewhere, show nothing."""
    stderr = screen(errors=True)
    if stderr.soft_wrap or stderr.is_dumb_terminal:
        yield lambda _names, _units: None
        return
    with stderr.status("Reading the ledger") as status:
        yield lambda names, units: status.update(f"Reading the ledger: {names:,} names, {units:,.0f} read units")


def selected(
    stack: ExitStack, account: Hub, options: Options, faults: Sequence[str]
) -> tuple[InventorySource, Inventory]:
    """Read the rows that the options select, with progress, until the stack is closed.

    Raises:
        InvalidSelection: if options are wrong.
        HubUnknown: if the hub cannot be found or read.
        LedgerUnavailable: if the ledger cannot be read.
    """
    with counting_progress() as progress:
        source = InventorySource.of(account)
        selection = selection_of(options, source.known(options), faults)
        return source, stack.enter_context(source.read(selection, progress))


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """End quietly if what reads a pipe, such as `head`, has read enough."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output at its end once more (library reference, "Note on SIGPIPE").
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None


def report_unread(unread: Unread) -> None:
    """Say on standard error which rows are missing, because nobody can read them."""
    for fault in unread.first:
        typer.echo(f"orgdns: left out: {fault}".encode("unicode_escape").decode("ascii"), err=True)
    if unread.number > len(unread.first):
        typer.echo(f"orgdns: left out: {unread.number - len(unread.first):,} more rows that cannot be read", err=True)
