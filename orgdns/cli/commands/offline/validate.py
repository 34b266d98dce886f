"""`orgdns validate`: check a configuration file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.render.documents.validation import validation_document
from orgdns.cli.render.text import BAD, GOOD, visible
from orgdns.cli.reports.exit_codes import ATTENTION, FAILED
from orgdns.cli.terminal import Json, print_json, say, screen
from orgdns.config.errors import ConfigInvalid
from orgdns.config.load import load
from orgdns.deployment.bundle import KEY_POLICIES, keys_in_need
from orgdns.deployment.templates import templates


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 if there are warnings.")] = False,
    as_json: Json = False,
) -> None:
    """Check a configuration file, and the quotas of the templates that it gives, without AWS.

    The exit code is 0 if the file has no mistakes, and 1 if it has. Warnings alone leave it at 0, or 2 with --strict.
    """
    invalid, warnings, keys = None, tuple[str, ...](), tuple[str, ...]()
    try:
        config = load(file)
        warnings = config.warnings()
        templates(config, source=file.name)
        keys = keys_in_need(config)
    except ConfigInvalid as found:
        invalid = found
    if as_json:
        print_json(validation_document(file, invalid.faults if invalid else (), warnings))
    else:
        _show(file, invalid, warnings)
        _show_keys(file, keys)
    if invalid:
        raise typer.Exit(FAILED)
    if warnings and strict:
        raise typer.Exit(ATTENTION)


def _show(file: Path, invalid: ConfigInvalid | None, warnings: tuple[str, ...]) -> None:
    for line in str(invalid).splitlines() if invalid else ():
        say(line)
    for warning in warnings:
        say(f"{file}: warning: {warning}")
    mistakes = len(invalid.faults) if invalid else 0
    counted = f", {_counted(len(warnings), 'warning')}" if warnings else ""
    result = f"{_counted(mistakes, 'mistake')}{counted}." if mistakes else f"{file} is valid{counted}."
    screen().print(visible(result, BAD if mistakes else GOOD))


def _show_keys(file: Path, keys: Sequence[str]) -> None:
    """Say that keys of KMS need more than the stacks can give."""
    if keys:
        say(
            f"The policies of {_counted(len(keys), 'key')} need statements, for EventBridge and others. `orgdns build "
            f"{file}` writes them to {KEY_POLICIES}:"
        )
    for key in keys:
        say(f"  {key}")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
