"""`orgdns plan`: show the effects of a changed policy."""

from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.render.documents.plan import plan_document
from orgdns.cli.render.formats.page import Format
from orgdns.cli.render.plan import show_plan
from orgdns.cli.render.plan_page import plan_page
from orgdns.cli.render.text import visible
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.snapshot import effect_of
from orgdns.cli.terminal import (
    All,
    Json,
    Profile,
    Region,
    ReportFormat,
    chosen_format,
    errors_reported,
    print_json,
    print_page,
    reading_progress,
    screen,
)
from orgdns.config.load import load

# This many rows that cannot be read are named.
SHOWN = 10


def run(
    *,
    config: Annotated[Path, typer.Option(help="The configuration file with the changed policy.")],
    form: ReportFormat = None,
    as_json: Json = False,
    everything: All = False,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show what a changed policy would do to the organization.

    The exit code is 0 if nothing would change, 2 if something would change or cannot be decided, and 1 on an error.
    Markdown and HTML fit into a comment on a pull request, unless --all asks for everything.
    """
    chosen = chosen_format(form, as_json=as_json)
    with errors_reported(), reading_progress() as progress:
        changed = load(config)
        for warning in changed.warnings():
            typer.echo(f"{config}: warning: {warning}", err=True)
        effect = effect_of(changed, HubAccount.of(profile, region, changed.installation), progress)
    change, associations, demands, unreadable = effect.change, effect.associations, effect.demands, effect.unreadable
    if chosen is Format.JSON:
        print_json(plan_document(change, associations, demands, unreadable))
    elif chosen is not Format.TEXT:
        print_page(plan_page(change, associations, demands, unreadable, everything=everything), chosen)
    else:
        show_plan(screen(), change, associations, demands, everything=everything, unreadable=len(unreadable))
        for fault in unreadable[:SHOWN]:
            typer.echo(f"the plan leaves out a row of the ledger: {visible(str(fault)).plain}", err=True)
        if more := len(unreadable[SHOWN:]):
            typer.echo(f"the plan leaves out {more:,} more rows that cannot be read", err=True)
    if change.any or associations or unreadable:
        raise typer.Exit(ATTENTION)
