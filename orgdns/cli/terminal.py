"""What all commands share: options, output, questions, progress and errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from botocore.exceptions import BotoCoreError
from rich.console import Console

from hub.runtime.ports import LedgerUnavailable, TasksNotSent
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.text import visible
from orgdns.cli.reports.exit_codes import FAILED
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.deployed import HubUnknown
from orgdns.cli.sources.lookup import NothingToExplain
from orgdns.config.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.sources.snapshot import Progress

Region = Annotated[
    str | None,
    typer.Option("--region", envvar="AWS_REGION", help="The region of the hub. Default: that of the AWS profile."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
All = Annotated[bool, typer.Option("--all", help="Show all entries, not only the first ones.")]


def screen() -> Console:
    """Standard output, without markup in the text."""
    return Console(highlight=False, markup=False, emoji=False)


def print_json(document: Document) -> None:
    """Print a report as JSON."""
    typer.echo(to_json(document))


def confirmed(question: str) -> bool:
    """Whether the person at the terminal agrees; False without a terminal."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo("", err=True)
        return False


@contextmanager
def reading_progress() -> Iterator[Progress]:
    """Show at a terminal how many rows were read. Elsewhere, show nothing."""
    stderr = Console(stderr=True)
    if not stderr.is_terminal:
        yield lambda _rows: None
        return
    with stderr.status("Reading the ledger") as status:
        yield lambda rows: status.update(f"Reading the ledger: {rows:,} rows")


@contextmanager
def errors_reported() -> Iterator[None]:
    """Print errors that a person can fix to standard error, and exit with the code for them."""
    try:
        yield
    except ConfigInvalid as invalid:
        _fail(str(invalid).splitlines())
    except (HubUnknown, LedgerUnavailable, SubjectUnknown, NothingToExplain, TasksNotSent) as fault:
        _fail([f"orgdns: {fault}"])
    except BotoCoreError as fault:
        _fail([f"orgdns: the call to AWS failed: {fault}"])


def _fail(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(visible(line).plain, err=True)
    raise typer.Exit(FAILED)
