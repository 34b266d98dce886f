"""`orgdns report`: write the report on an installation as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.reports.reporting.names import NAMES
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.inventory.files import replaced
from orgdns.cli.sources.reporting.organization import Stated, read_report
from orgdns.cli.terminal import (
    Installation,
    Json,
    Profile,
    Region,
    errors_reported,
    print_json,
    reading_progress,
    say,
)
from orgdns.config.load import load
from orgdns.deployment.faults import DeploymentFault
from orgdns.report.document import report_document
from orgdns.report.page import page


def run(
    *,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path("orgdns.html"),
    names: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="The most names that the report has.")] = NAMES,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The configuration, for the objective and the id of the organization."),
    ] = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Write a report on the whole installation: one HTML file that needs no network.

    It writes nothing to AWS. The exit code is 0 if the report was written, whatever it says, and 1 on an error: orgdns
    status says by its exit code whether all is well. --json prints the data of the report and writes no file.
    """
    with errors_reported(), reading_progress() as progress:
        loaded = load(config) if config else None
        account = HubAccount.of(profile, region, installation or (loaded.installation if loaded else None))
        report = read_report(account, Stated.of(loaded) if loaded else None, progress, names)
        document = report_document(report)
        if not as_json:
            _write(output, page(document))
    if as_json:
        print_json(document)
        return
    say(f"Wrote {output}. Names: {report.names.total:,}. Problems: {len(report.header.problems):,}.")


def _write(path: Path, text: str) -> None:
    """Write the file. A reader has the former one, or all of the new one.

    Raises:
        DeploymentFault: if it cannot be written.
    """
    try:
        with replaced(path) as file:
            file.write(text)
    except OSError as fault:
        raise DeploymentFault(f"{path} cannot be written: {fault.strerror}") from fault
