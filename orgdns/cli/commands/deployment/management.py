"""`--management` of `orgdns deploy` and `orgdns destroy`: what they do in the management account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from orgdns.cli.credentials import event_reporter
from orgdns.cli.render.deployment import show_plan, show_stacks
from orgdns.cli.render.documents.deployment import deployment_document, removal_document
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.terminal import confirmed, print_json, say, screen
from orgdns.deployment.execution import deploy, wait_for_others
from orgdns.deployment.management.spokes import WAITS, open_spokes
from orgdns.deployment.management.steps import missing_steps, reverse_steps, scp_text
from orgdns.deployment.planning import Plan, discard, plan
from orgdns.deployment.removal.everything import Removal
from orgdns.deployment.removal.stacks import removals, remove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.cli.render.documents.fields import Document
    from orgdns.config.load import Config
    from orgdns.deployment.accounts import Accounts
    from orgdns.deployment.management.steps import Step

NOTHING: Final = "Nothing is left to do in the management account."


def deploy_there(
    config: Config, source: str, accounts: Accounts, *, scp: bool, only_plan: bool, yes: bool, as_json: bool
) -> None:
    """Show what is missing in the management account, ask, and do it.

    Raises:
        Exit: if something is left.
    """
    steps = missing_steps(config, accounts, scp_text(config) if scp else None)
    deployment = open_spokes(config, source, accounts, event_reporter(as_json=as_json))
    if deployment:
        wait_for_others(deployment)
    planned = plan(deployment) if deployment else Plan(())
    agreed = False
    try:
        if not as_json:
            for step in steps:
                say(step.text)
            if planned.any:
                show_plan(screen(), planned, everything=False)
            elif not steps:
                say(NOTHING)
        agreed = _agreed(bool(steps) or planned.any, only_plan=only_plan, yes=yes)
    finally:
        if deployment and not agreed:
            discard(deployment, planned)
    if agreed:
        _make(steps)
        if deployment:
            deploy(deployment, planned)
    document = deployment_document(planned, (), None, deployed=agreed)
    _end(steps, document, changes=bool(steps) or planned.any, agreed=agreed, as_json=as_json)
    if not deployment and not as_json:
        say(WAITS)
    _exit(left=(bool(steps) or planned.any) and not agreed)


def destroy_there(
    config: Config, source: str, accounts: Accounts, *, only_plan: bool, yes: bool, as_json: bool
) -> None:
    """Show what is left of orgdns in the management account, ask, and remove it.

    Raises:
        Exit: if something is left.
    """
    steps = reverse_steps(config, accounts)
    deployment = open_spokes(config, source, accounts, event_reporter(as_json=as_json), removes=True)
    planned = Removal(removals(deployment) if deployment else (), {})
    if not as_json:
        for step in steps:
            say(step.text)
        if planned.any:
            show_stacks(screen(), planned)
        elif not steps:
            say(NOTHING)
    agreed = _agreed(bool(steps) or planned.any, only_plan=only_plan, yes=yes)
    if agreed:
        if deployment:
            for each in planned.stacks:
                remove(deployment, each)
        _make(steps)
    document = removal_document(planned, (), removed=agreed)
    _end(steps, document, changes=bool(steps) or planned.any, agreed=agreed, as_json=as_json)
    _exit(left=(bool(steps) or planned.any) and not agreed)


def _agreed(changes: bool, *, only_plan: bool, yes: bool) -> bool:  # noqa: FBT001 - whether there is anything to ask
    return changes and not only_plan and (yes or confirmed("Do this in the management account?"))


def _make(steps: Sequence[Step]) -> None:
    for step in steps:
        step.make()


def _end(steps: Sequence[Step], document: Document, *, changes: bool, agreed: bool, as_json: bool) -> None:
    if as_json:
        more = {"changes": changes, "done": agreed, "steps": [step.text for step in steps]}
        print_json({**more, "stacks": document["stacks"]})
    elif agreed:
        say("Done.")


def _exit(*, left: bool) -> None:
    if left:
        raise typer.Exit(ATTENTION)
