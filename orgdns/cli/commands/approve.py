"""`orgdns approve`: let removals happen that wait for a person."""

from functools import partial
from typing import Annotated

import typer

from orgdns.cli.render.documents.status import approval_document
from orgdns.cli.render.status import show_held
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.status import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import names_of, overview
from orgdns.cli.terminal import Json, Region, confirmed, errors_reported, print_json, screen


def run(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="SUBJECT...", help="ACCOUNT/REGION, or a zone's domain or id.")
    ] = None,
    *,
    all_pending: Annotated[bool, typer.Option("--all-pending", help="Approve all that waits.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all that waits, not only the first.")] = False,
    region: Region = None,
) -> None:
    """Let a sweep, an audit or the associator remove what was held back: exactly what waits now.

    The exit code is 0 when nothing waits there (any more), 2 when nobody agreed, and 1 on an error.
    """
    with errors_reported():
        hub = HubAccount.in_region(region).ledger()
        seen = overview(hub)
        if bool(subjects) == all_pending:
            raise SubjectUnknown("say which: ACCOUNT/REGION, a zone, or --all-pending")
        chosen = list(seen.pending_removals) if all_pending else [seen.subject(text) for text in subjects or ()]
        waiting = [one for one in chosen if one.pending_removals or seen.vpcs_of(one)]
        if not as_json:
            for one in waiting:
                show_held(screen(), seen, one, partial(names_of, hub, one), all_of=everything)
        agreed = bool(waiting) and (yes or confirmed("Have them removed?"))
        if agreed:
            for one in waiting:
                hub.statuses.approve(one)
    if as_json:
        print_json(approval_document(seen, waiting, agreed=agreed))
    elif agreed:
        typer.echo("Approved: within five minutes they are looked at again, and removed if they are still gone.")
    elif not waiting:
        typer.echo("Nothing waits there.")
    if waiting and not agreed:
        raise typer.Exit(ATTENTION)
