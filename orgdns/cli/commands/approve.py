"""`orgdns approve`: approve pending removals."""

from functools import partial
from typing import Annotated

import typer

from orgdns.cli.render.documents.status import approval_document
from orgdns.cli.render.status import show_pending_removals
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.status.overview import SubjectUnknown
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import names_of, overview
from orgdns.cli.terminal import (
    All,
    Installation,
    Json,
    Profile,
    Reason,
    Region,
    confirmed,
    errors_reported,
    given_reason,
    print_json,
    say,
    screen,
)


def run(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="SUBJECT...", help="ACCOUNT/REGION, or a zone's domain or id.")
    ] = None,
    *,
    all_pending: Annotated[bool, typer.Option("--all-pending", help="Approve everything that is pending.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    reason: Reason = None,
    as_json: Json = False,
    everything: All = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Approve pending removals of names and associations.

    Approves exactly the removals that are pending now, after confirmation.

    The exit code is 0 if nothing is pending there any longer, 2 without confirmation, and 1 on an error.
    """
    with errors_reported():
        why = given_reason(reason)
        account = HubAccount.of(profile, region, installation)
        hub = account.ledger()
        state = overview(hub)
        if bool(subjects) == all_pending:
            raise SubjectUnknown("name ACCOUNT/REGION or a zone, or use --all-pending")
        chosen = list(state.pending_removals) if all_pending else [state.subject(text) for text in subjects or ()]
        pending = [subject for subject in chosen if subject.pending_removals or state.vpcs_of(subject)]
        if not as_json:
            for subject in pending:
                show_pending_removals(screen(), state, subject, partial(names_of, hub, subject), all_of=everything)
        agreed = bool(pending) and (yes or confirmed("Approve these removals?"))
        if agreed:
            by = account.caller()
            for subject in pending:
                hub.statuses.approve(subject, by, why)
    if as_json:
        print_json(approval_document(state, pending, agreed=agreed))
    elif agreed:
        say("Approved: within five minutes orgdns checks again, and removes what is still missing.")
    elif not pending:
        say("Nothing is pending there.")
    if pending and not agreed:
        raise typer.Exit(ATTENTION)
