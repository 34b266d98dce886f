"""`orgdns test`: check a policy with cases."""

from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.render.documents.trial import cases_document, junit
from orgdns.cli.render.trial.cases import show_cases
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.terminal import Json, errors_reported, print_json, screen
from orgdns.config.load import load
from orgdns.trial.load import load_cases
from orgdns.trial.running import results


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")],
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="The file with the cases.")],
    *,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write the results as JUnit XML.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a policy with the cases of a file, without AWS.

    The exit code is 0 if all cases pass, 2 if a case fails, and 1 on an error.
    """
    with errors_reported():
        config = load(file)
        found = results(config, load_cases(cases, config))
        if junit_file:
            junit_file.write_text(junit(str(cases), found), encoding="utf-8")
    if as_json:
        print_json(cases_document(found))
    else:
        show_cases(screen(), str(cases), found)
    if not all(result.passed for result in found):
        raise typer.Exit(ATTENTION)
