"""`orgdns deploy`: bring the stacks of a configuration into the accounts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from orgdns.cli.commands.deployment.management import deploy_there
from orgdns.cli.credentials import (
    HubProfile,
    InRegion,
    ManagementProfile,
    NetworkProfile,
    Role,
    choices,
    event_reporter,
    reason_given,
)
from orgdns.cli.render import plan as names
from orgdns.cli.render.deployment import show_failed_instances, show_findings, show_plan
from orgdns.cli.render.documents.deployment import deployment_document
from orgdns.cli.render.documents.plan import plan_document
from orgdns.cli.reports.exit_codes import ATTENTION
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.snapshot import effect_of
from orgdns.cli.terminal import (
    All,
    Json,
    Reason,
    confirmed,
    errors_reported,
    print_json,
    reading_progress,
    say,
    screen,
)
from orgdns.config.load import load
from orgdns.deployment.accounts import Kind
from orgdns.deployment.cloudformation.stack_states import found_stack
from orgdns.deployment.execution import deploy, wait_for_others
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.opening import open_accounts, open_deployment
from orgdns.deployment.planning import WATCH_MINUTES, Step, discard, plan
from orgdns.deployment.preflight import preflight
from orgdns.deployment.saved_plan import applied, of_text, to_text
from orgdns.deployment.stacks import Part

if TYPE_CHECKING:
    import boto3

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.sources.snapshot import Effect
    from orgdns.config.load import Config
    from orgdns.deployment.cloudformation.progress import Event
    from orgdns.deployment.planning import Deployment, Plan
    from orgdns.deployment.preflight import Finding

# CloudFormation's longest ("RollbackConfiguration",
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html).
_MOST_MINUTES = 180


def run(
    *,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("orgdns.yaml"),
    only_plan: Annotated[bool, typer.Option("--plan", help="Show what would change, and change nothing.")] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the plan to a file, and change nothing.")
    ] = None,
    saved: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Apply a plan that --save wrote, exactly or not at all.")
    ] = None,
    only: Annotated[list[Part] | None, typer.Option(help="Deploy this part only. May be repeated.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    watch_minutes: Annotated[
        int,
        typer.Option(min=0, max=_MOST_MINUTES, help="Watch the hub's alarms for so long, and roll back if one fires."),
    ] = WATCH_MINUTES,
    management: Annotated[
        bool, typer.Option("--management", help="Do the steps in the management account, and nothing else.")
    ] = False,
    scp: Annotated[
        bool, typer.Option("--scp", help="With --management: attach the service control policy to the covered units.")
    ] = False,
    hub_profile: HubProfile = None,
    network_profile: NetworkProfile = None,
    management_profile: ManagementProfile = None,
    role: Role = None,
    reason: Reason = None,
    as_json: Json = False,
    everything: All = False,
) -> None:
    """Deploy the stacks of a configuration: network, hub, and rollout.

    Shows the change set of every stack and the effect on names, asks, and deploys in order. If it is interrupted, run
    it again.

    The exit code is 0 if everything is deployed, 2 if something would change, was not confirmed, or failed in single
    accounts, and 1 on an error.
    """
    console = screen()
    with errors_reported():
        why = reason_given(reason, management=management)
        loaded = load(config)
        for warning in loaded.warnings():
            typer.echo(f"{config}: warning: {warning}", err=True)
        if management:
            credentials = choices(management=management_profile, role=role)
            accounts = open_accounts(loaded, credentials, (Kind.MANAGEMENT,))
            deploy_there(loaded, config.name, accounts, scp=scp, only_plan=only_plan, yes=yes, as_json=as_json)
            return
        document = _read(saved) if saved else None
        parts = tuple(only or Part)
        accounts = open_accounts(loaded, choices(hub_profile, network_profile, role=role))
        deployment = replace(
            open_deployment(loaded, config.name, accounts, event_reporter(as_json=as_json), parts),
            watch_minutes=document["watch_minutes"] if document else watch_minutes,
            purpose="saved" if save else "deploy",
            reason=why,
        )
        # What an interrupted run began is checked in the state that it ends in.
        wait_for_others(deployment)
        findings = _checked(loaded, deployment, parts, as_json=as_json)
        planned = _of_file(deployment, document) if document else plan(deployment)
        agreed = stored = False
        try:
            effect = _effect(loaded, deployment, planned)
            if not as_json:
                _show(planned, effect, everything=everything)
            asks = planned.any and not only_plan and not save
            agreed = asks and (yes or bool(document) or confirmed("Deploy?"))
            if save:
                save.write_text(to_text(deployment, planned), encoding="utf-8")
                stored = True
        finally:
            # Of a plan in a file, the change sets stay: it is applied later, or again.
            if not agreed and not stored and not document:
                discard(deployment, planned)
        failures = deploy(deployment, planned) if agreed else ()
    if as_json:
        print_json(_document(planned, findings, effect, failures, agreed=agreed))
    elif agreed:
        show_failed_instances(console, failures)
        if loaded.organization.includes_management and any(
            each.stack.part is Part.ROLLOUT and each.step is not Step.NOTHING for each in planned.stacks
        ):
            say("The management account follows the rollout: run `orgdns deploy --management` again.")
        say("Deployed. Run `orgdns doctor` and `orgdns coverage` to check the setup.")
    if failures or (planned.any and not agreed):
        raise typer.Exit(ATTENTION)


def _show(planned: Plan, effect: Effect | None, *, everything: bool) -> None:
    show_plan(screen(), planned, everything=everything)
    if effect:
        names.show_plan(screen(), effect.change, effect.associations, effect.demands, everything=everything)


def _read(path: Path) -> Document:
    try:
        return of_text(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise DeploymentFault(f"{path} cannot be read: {fault}") from fault


def _of_file(deployment: Deployment, document: Document) -> Plan:
    """The plan of a file, if nothing that it rests on changed."""
    found = {stack.place: found_stack(deployment.client(stack), stack.name) for stack in deployment.stacks}
    return applied(document, deployment.bundle, deployment.accounts.ids, deployment.stacks, found)


def _checked(config: Config, deployment: Deployment, parts: tuple[Part, ...], *, as_json: bool) -> tuple[Finding, ...]:
    """What the checks find; an error if the deployment would fail."""
    findings = preflight(config, deployment.accounts, parts)
    blocking = [finding.text for finding in findings if finding.blocks]
    if blocking:
        raise DeploymentFault(*blocking)
    if not as_json:
        show_findings(screen(), findings)
    return findings


def _effect(config: Config, deployment: Deployment, planned: Plan) -> Effect | None:
    """The effect on names, if the hub is there and changes."""
    hub = [each for each in planned.stacks if each.stack.part is Part.HUB]
    if not any(each.step is Step.UPDATE for each in hub):
        return None
    session = InRegion(deployment.accounts, Kind.HUB, config.hub.region)
    with reading_progress() as progress:
        return effect_of(config, HubAccount(cast("boto3.Session", session), config.names), progress)


def _document(
    planned: Plan, findings: tuple[Finding, ...], effect: Effect | None, failed: tuple[Event, ...], *, agreed: bool
) -> dict[str, object]:
    of_names = plan_document(effect.change, effect.associations, effect.demands, effect.unreadable) if effect else None
    return deployment_document(planned, findings, of_names, deployed=agreed, failed=failed)
