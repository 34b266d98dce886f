"""What all commands share: options, output, questions, progress and errors."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from rich.console import Console

from hub.runtime.history.keeper import HistoryUnavailable
from hub.runtime.ports import LedgerUnavailable, TasksNotSent
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.formats.html import html
from orgdns.cli.render.formats.markdown import markdown
from orgdns.cli.render.formats.page import Format
from orgdns.cli.render.formats.text import show_page
from orgdns.cli.render.layout import show_line
from orgdns.cli.render.text import visible
from orgdns.cli.reports.exit_codes import FAILED
from orgdns.cli.reports.history.moment import MomentInvalid
from orgdns.cli.reports.inventory.options import InvalidSelection
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.deployed import HubUnknown
from orgdns.cli.sources.lookup import NothingToExplain
from orgdns.config.errors import ConfigInvalid
from orgdns.deployment.faults import DeploymentFault
from orgdns.trial.options import OptionsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.render.formats.page import Page
    from orgdns.cli.sources.snapshot import Progress

Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="The AWS profile of the hub account. Default: AWS_PROFILE."),
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region", metavar="NAME", help="The region of the hub. Default: AWS_REGION, or that of the AWS profile."
    ),
]
Installation = Annotated[
    str | None,
    typer.Option(
        "--installation",
        metavar="NAME",
        help="The installation, as its configuration names it. Default: ORGDNS_INSTALLATION, or orgdns.",
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="The reason, which orgdns history shows.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReportFormat = Annotated[
    Format | None, typer.Option("--format", help="Print text, JSON, Markdown or an HTML document. Default: text.")
]
All = Annotated[bool, typer.Option("--all", help="Show all entries, not only the first ones.")]


def screen(*, errors: bool = False) -> Console:
    """Standard output, or standard error, without markup in the text.

    Only a terminal has a width to fold text to: a pipe or a file gets whole lines, whatever COLUMNS says. rich would
    only remove the colors if NO_COLOR is set; orgdns removes bold and dim text, too.
    """
    terminal = (sys.stderr if errors else sys.stdout).isatty()
    return Console(
        stderr=errors,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not terminal,
        width=shutil.get_terminal_size().columns if terminal else None,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def say(text: str) -> None:
    """Print a sentence to standard output, folded to the width of a terminal."""
    show_line(screen(), visible(text))


def print_json(document: Document) -> None:
    """Print a report as JSON."""
    typer.echo(to_json(document))


def chosen_format(chosen: Format | None, *, as_json: bool) -> Format:
    """The format of a report, of which `--json` is the short form for JSON."""
    if as_json and chosen not in {None, Format.JSON}:
        raise typer.BadParameter(f"--json and --format {chosen} contradict each other: give one of them")
    return Format.JSON if as_json else chosen or Format.TEXT


def print_page(page: Page, chosen: Format) -> None:
    """Print a page as text, Markdown or HTML; its JSON is a document of its own."""
    match chosen:
        case Format.MARKDOWN:
            typer.echo(markdown(page), nl=False)
        case Format.HTML:
            typer.echo(html(page), nl=False)
        case Format.TEXT | Format.JSON:
            show_page(screen(), page)


def given_reason(reason: str | None) -> str:
    """The reason that a person gives; empty without one.

    Raises:
        HubUnknown: if it is not printable text.
    """
    if reason is not None and (not reason.strip() or not reason.isprintable()):
        raise HubUnknown("--reason must be printable text")
    return reason or ""


def confirmed(question: str) -> bool:
    """Whether the person at the terminal agrees; False without an answer.

    The question is on standard error alone. `typer.confirm` writes a space to standard output, too.
    """
    typer.echo(f"{question} [y/N]: ", nl=False, err=True)
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        answer = ""
    if not answer:
        typer.echo("", err=True)
    return answer.strip().lower() in {"y", "yes"}


@contextmanager
def reading_progress(what: str = "the ledger", unit: str = "rows") -> Iterator[Progress]:
    """Show at a terminal how much was read. Elsewhere, show nothing."""
    stderr = screen(errors=True)
    # FORCE_COLOR makes a terminal of everything for rich, and a line that is written again needs a real one.
    if stderr.soft_wrap or stderr.is_dumb_terminal:
        yield lambda _number: None
        return
    with stderr.status(f"Reading {what}") as status:
        yield lambda number: status.update(f"Reading {what}: {number:,} {unit}")


@contextmanager
def errors_reported() -> Iterator[None]:
    """Print errors that a person can fix to standard error, and exit with the code for them."""
    try:
        yield
    except (ConfigInvalid, InvalidSelection, OptionsInvalid) as invalid:
        _fail(str(invalid).splitlines())
    except (
        HistoryUnavailable,
        HubUnknown,
        LedgerUnavailable,
        MomentInvalid,
        NothingToExplain,
        SubjectUnknown,
        TasksNotSent,
    ) as fault:
        _fail([f"orgdns: {fault}"])
    except DeploymentFault as fault:
        _fail([f"orgdns: {line}" for line in fault.lines])
    except (BotoCoreError, ClientError, ResponseParserError) as fault:
        _fail([f"orgdns: the call to AWS failed: {fault}"])


def _fail(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(visible(line).plain, err=True)
    raise typer.Exit(FAILED)
