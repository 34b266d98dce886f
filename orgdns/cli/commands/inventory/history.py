"""`orgdns history`: who had a name, an instance or an address, from when to when, and why it moved."""

from typing import Annotated

import typer

from orgdns.cli.render.history.answers import show_actions, show_answers, show_uses
from orgdns.cli.render.history.document import answers_document, history_document
from orgdns.cli.render.text import visible
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.reports.history.moment import MomentInvalid, moment
from orgdns.cli.reports.history.report import actions
from orgdns.cli.sources.history.lookup import HistoryLookup
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import now
from orgdns.cli.terminal import (
    Installation,
    Json,
    Profile,
    Region,
    errors_reported,
    print_json,
    reading_progress,
    screen,
)


def run(
    subject: Annotated[
        str,
        typer.Argument(metavar="NAME|INSTANCE|ADDRESS", help="A domain name, i-..., or an IP address."),
    ],
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Who had it at this time: 2026-11-24T14:00 (UTC), or 3d ago."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what was so at this time or later. Default: everything.")
    ] = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Show who had a name or an address, from when to when, and why it moved.

    With --at, there is one answer, or it says that it is not known, and why: before history was kept, while publishing
    was paused, or where changes are lost. The exit code is then 2.
    """
    with errors_reported(), reading_progress("history", "days") as progress:
        if at and since:
            raise MomentInvalid("--at and --since contradict each other: give one of them")
        moments = {name: moment(text, now(), f"--{name}") for name, text in (("at", at), ("since", since)) if text}
        found = HistoryLookup.of(HubAccount.of(profile, region, installation), progress).found(subject)
        answers = found.at(moments["at"]) if "at" in moments else ()
    uses = found.uses(moments.get("since"))
    people = actions(found.marks, moments.get("since") or found.first)
    if as_json:
        incomplete = [str(each) for each in found.unreadable]
        print_json(
            answers_document(found.subject, answers, found.zones)
            if answers
            else history_document(found.subject, uses, people, found.zones, incomplete)
        )
    else:
        output = screen()
        if answers:
            show_answers(output, found.subject, answers, found.zones)
        else:
            show_uses(output, found.subject, uses, found.zones)
            show_actions(output, people)
        for each in found.unreadable:
            screen(errors=True).print(visible(f"history may be incomplete: {each}"))
    if any(answer.unknown for answer in answers):
        raise typer.Exit(ATTENTION)
