"""The `orgdns` command: why a name is as it is, what a changed policy would do, how all is, and what waits."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path  # noqa: TC003 - typer reads it out of the annotation while it runs
from typing import TYPE_CHECKING, Annotated, Any, Final

import boto3
import typer
from botocore.exceptions import BotoCoreError
from rich.console import Console
from typer.exceptions import TyperException
from typer.main import get_command

from hub.runtime.aws.sessions import CLIENT_CONFIG
from hub.runtime.aws.task_queue import QueuedTasks
from hub.runtime.model.tasks import ScheduleAudits, Sweep
from hub.runtime.ports import LedgerUnavailable, TasksNotSent
from hub.runtime.sweeper.scheduler import LONGEST_DELAY, SWEEPS_A_SECOND
from orgdns.cli.render.coverage import show_coverage
from orgdns.cli.render.dead_letters import show_dead_letters, show_resent
from orgdns.cli.render.documents.coverage import coverage_document
from orgdns.cli.render.documents.dead_letters import dead_letters_document
from orgdns.cli.render.documents.explain import instances_document, names_document
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.documents.plan import plan_document
from orgdns.cli.render.documents.resolution import resolution_document
from orgdns.cli.render.documents.status import approval_document, status_document
from orgdns.cli.render.plan import show_plan
from orgdns.cli.render.resolution import show_resolution
from orgdns.cli.render.status import show_held, show_status
from orgdns.cli.render.text import show_instance, show_name, visible
from orgdns.cli.reports.coverage import coverage as covered
from orgdns.cli.reports.dead_letters import Letters
from orgdns.cli.reports.plan import policy_change
from orgdns.cli.reports.plan_vpcs import association_changes
from orgdns.cli.reports.resolution import Source, resolution
from orgdns.cli.reports.status import SubjectUnknown
from orgdns.cli.sources.dead_letter_queues import DeadLetterQueues
from orgdns.cli.sources.deployed import HubUnknown, deployed, zone_ids_of
from orgdns.cli.sources.ledger import HubLedger, names_of, overview, spoke_of, sweeps_queue_url, vpc_row
from orgdns.cli.sources.lookup import Lookup, NothingToExplain, fqdn_of
from orgdns.cli.sources.snapshot import snapshot
from orgdns.cli.sources.stack_instances import listed_spokes, stack_instances
from orgdns.config.errors import ConfigInvalid
from orgdns.config.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient

    from orgdns.cli.sources.snapshot import Progress

FAILED: Final = 1
CHANGES: Final = 2
LETTERS_THERE: Final = 2
NOT_WELL: Final = 2

app: Final = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_Region = Annotated[
    str | None, typer.Option("--region", envvar="AWS_REGION", help="The hub's region; else that of the AWS profile.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.callback()
def orgdns() -> None:
    """Explain the names that orgdns gives, plan a change of its policy, and see and settle what needs a person.

    explain, plan, status and dead-letters write nothing, but that dead-letters --resend sends events again.

    It takes the credentials that the aws command line would take: they must be of the hub account.
    """


@app.command()
def explain(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="INSTANCE|NAME",
            help="i-... or ACCOUNT/REGION/i-...; a domain name, or an IP address for its PTR name.",
        ),
    ],
    *,
    as_json: _Json = False,
    region: _Region = None,
) -> None:
    """Say why an instance has the names it has, or why a name has the holders it has."""
    with _faults_told(), _progress() as progress:
        lookup = _lookup(region, progress)
        if lookup.is_instance(subject):
            instances = lookup.instances(subject)
            document = instances_document(instances)
            shown = [partial(show_instance, report=one) for one in instances]
        else:
            names = lookup.names(subject)
            document = names_document(names)
            shown = [partial(show_name, report=one) for one in names]
    if as_json:
        typer.echo(to_json(document))
        return
    console = _console()
    for number, show in enumerate(shown):
        if number:
            console.rule()
        show(console)


@app.command()
def plan(
    *,
    config: Annotated[Path, typer.Option(help="The configuration file with the changed policy.")],
    as_json: _Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all names, not only the first ones.")] = False,
    region: _Region = None,
) -> None:
    """Say what a changed policy would do to the whole organization.

    The exit code is 0 when it would do nothing, 2 when it would do something, and 1 on an error.
    """
    with _faults_told(), _progress() as progress:
        changed = load(config)
        lookup = _lookup(region, progress)
        there = snapshot(lookup.client, lookup.deployed.table, progress)
        zone_ids = zone_ids_of(changed, lookup.deployed)
        policy = changed.compiled_policy()
        change = policy_change(there.observations, there.names.values(), policy, zone_ids)
        of_vpcs = association_changes(_hub(region).vpcs.all_vpc_rows(), policy.association_policies, zone_ids)
    if as_json:
        typer.echo(to_json(plan_document(change, of_vpcs)))
    else:
        show_plan(_console(), change, of_vpcs, everything=everything)
    if change.any or of_vpcs:
        raise typer.Exit(CHANGES)


@app.command("dead-letters")
def dead_letters(
    *,
    queue: Annotated[Letters | None, typer.Option(help="Look into this queue alone.")] = None,
    resend: Annotated[bool, typer.Option("--resend", help="Send the events to the observer's queue again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending again.")] = False,
    as_json: _Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all messages, not only the first ones.")] = False,
    region: _Region = None,
) -> None:
    """Say what the hub's dead-letter queues hold and why, and send events again.

    The exit code is 0 when nothing is there (any more), 2 when something is, and 1 on an error.
    """
    with _faults_told():
        queues = _dead_letter_queues(region)
        found = queues.found((queue,) if queue else tuple(Letters))
        if not as_json:
            show_dead_letters(_console(), found, everything=everything)
        agreed = resend and bool(found.events) and (yes or _agreed(len(found.events)))
        sent = queues.resend([one.message_id for one in found.events]) if agreed else 0
        left = (
            sent < len(found.events)
            or bool(found.discarded_records or found.tasks or found.associations)
            or any(found.hidden.values())
        )
        if as_json:
            typer.echo(to_json(dead_letters_document(found, sent, left=left)))
        elif resend:
            show_resent(_console(), found, sent if agreed else None)
    if left:
        raise typer.Exit(LETTERS_THERE)


@app.command()
def status(
    *,
    as_json: _Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all, not only the first of each kind.")] = False,
    region: _Region = None,
) -> None:
    """Say how all is: what waits for a person, what could not be read, how far a new policy has come.

    The exit code is 0 when all is well, 2 when something needs a person or is under way, and 1 on an error.
    """
    with _faults_told():
        seen = overview(_hub(region), lambda: listed_spokes(_stack_sets(region)))
    if as_json:
        typer.echo(to_json(status_document(seen)))
    else:
        show_status(_console(), seen, everything=everything)
    if not seen.well:
        raise typer.Exit(NOT_WELL)


@app.command()
def coverage(
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="Show these whole, with their VPCs.")
    ] = None,
    *,
    as_json: _Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all that is wrong, not only the first.")] = False,
    region: _Region = None,
) -> None:
    """Say which accounts, regions and VPCs are covered, which zones each VPC resolves, and what is wrong.

    The exit code is 0 when nothing is wrong, 2 when something is, and 1 on an error.
    """
    with _faults_told():
        hub = _hub(region)
        wanted = [spoke_of(text) for text in spokes or ()]
        stacks = stack_instances(_stack_sets(region))
        known = replace(overview(hub), listed=frozenset(stacks))
        seen = covered(stacks, known.spokes, hub.vpcs.vpcs_statuses(), hub.vpcs.all_vpc_rows(), known.health)
        if wanted:
            seen = seen.only(wanted)
        if missing := [str(spoke) for spoke in wanted if spoke not in {one.spoke for one in seen.spokes}]:
            raise SubjectUnknown(f"neither StackSets nor the ledger knows {', '.join(missing)}")
    if as_json:
        typer.echo(to_json(coverage_document(seen)))
    else:
        show_coverage(_console(), seen, details=bool(wanted), everything=everything)
    if not seen.well:
        raise typer.Exit(NOT_WELL)


@app.command()
def resolve(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A domain name, or an IP address for its PTR name.")],
    *,
    vpc: Annotated[str, typer.Option("--vpc", metavar="VPC", help="vpc-... or ACCOUNT/REGION/vpc-...")],
    as_json: _Json = False,
    region: _Region = None,
) -> None:
    """Say which zone and record would answer a name in a VPC, and if none, why not.

    The exit code is 0 when a record of orgdns answers, 2 when none does, and 1 on an error.
    """
    with _faults_told(), _progress() as progress:
        fqdn = fqdn_of(name)
        row = vpc_row(_hub(region), vpc)
        if row.vpc is None:
            raise SubjectUnknown(f"{row.ref} was not seen yet: ask again when its account and region were swept")
        found = resolution(row, row.vpc, fqdn)
        names = [_lookup(region, progress).name_in(found.id, fqdn)] if found.source is Source.ZONE else []
    if as_json:
        typer.echo(to_json(resolution_document(row, fqdn, found, names)))
    else:
        show_resolution(_console(), row, found, names)
    if not any(report.published.record_sets for report in names):
        raise typer.Exit(NOT_WELL)


@app.command()
def pause(
    *,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks.")],
    as_json: _Json = False,
    region: _Region = None,
) -> None:
    """Stop all writing to the zones; what happens meanwhile is kept in the ledger, for however long."""
    with _faults_told():
        if not reason.strip() or not reason.isprintable():
            raise HubUnknown("--reason wants a text of printable characters")
        _hub(region).statuses.pause(reason)
    if as_json:
        typer.echo(to_json({"paused": reason}))
    else:
        typer.echo(
            "Paused: no zone is written from now on, but for a change batch that is under way. orgdns resume ends it."
        )


@app.command()
def resume(*, as_json: _Json = False, region: _Region = None) -> None:
    """Have the zones written again, and audited, so that what happened during a pause is published."""
    with _faults_told():
        _hub(region).statuses.resume()
    if as_json:
        typer.echo(to_json({"paused": None}))
    else:
        typer.echo("Resumed: within five minutes every zone is audited, and what differs is published.")


@app.command()
def approve(
    subjects: Annotated[
        list[str] | None, typer.Argument(metavar="SUBJECT...", help="ACCOUNT/REGION, or a zone's domain or id.")
    ] = None,
    *,
    all_pending: Annotated[bool, typer.Option("--all-pending", help="Approve all that waits.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: _Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Show all that waits, not only the first.")] = False,
    region: _Region = None,
) -> None:
    """Let a sweep, an audit or the associator remove what was held back: exactly what waits now.

    The exit code is 0 when nothing waits there (any more), 2 when nobody agreed, and 1 on an error.
    """
    with _faults_told():
        hub = _hub(region)
        seen = overview(hub)
        if bool(subjects) == all_pending:
            raise SubjectUnknown("say which: ACCOUNT/REGION, a zone, or --all-pending")
        chosen = list(seen.pending_removals) if all_pending else [seen.subject(text) for text in subjects or ()]
        waiting = [one for one in chosen if one.pending_removals or seen.vpcs_of(one)]
        if not as_json:
            for one in waiting:
                show_held(_console(), seen, one, partial(names_of, hub, one), all_of=everything)
        agreed = bool(waiting) and (yes or _confirmed("Have them removed?"))
        if agreed:
            for one in waiting:
                hub.statuses.approve(one)
    if as_json:
        typer.echo(to_json(approval_document(seen, waiting, agreed=agreed)))
    elif agreed:
        typer.echo("Approved: within five minutes they are looked at again, and removed if they are still gone.")
    elif not waiting:
        typer.echo("Nothing waits there.")
    if waiting and not agreed:
        raise typer.Exit(NOT_WELL)


@app.command()
def sweep(
    spokes: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT/REGION...", help="The spokes; none: all that are known.")
    ] = None,
    *,
    as_json: _Json = False,
    region: _Region = None,
) -> None:
    """Have spokes swept now: all their instances are compared with the ledger."""
    with _faults_told():
        hub = _hub(region)
        wanted = [spoke_of(text) for text in spokes] if spokes else [one.spoke for one in overview(hub).spokes]
        _tasks(region).ask(
            (Sweep(spoke), min(number // SWEEPS_A_SECOND, LONGEST_DELAY)) for number, spoke in enumerate(wanted)
        )
    if as_json:
        typer.echo(to_json({"enqueued": [str(spoke) for spoke in wanted]}))
    else:
        typer.echo(f"Asked for {len(wanted):,} sweeps. orgdns status tells what came of them.")


@app.command()
def audit(*, as_json: _Json = False, region: _Region = None) -> None:
    """Have every zone audited now: what it holds is compared with the ledger."""
    with _faults_told():
        _tasks(region).ask([(ScheduleAudits(), 0)])
    if as_json:
        typer.echo(to_json({"enqueued": "audits"}))
    else:
        typer.echo("Asked for an audit of every zone. orgdns status tells what came of it.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    try:
        code: Any = get_command(app)(arguments, prog_name="orgdns", standalone_mode=False)
    except TyperException as wrong:
        # The usual exit code for a command line that is wrong would say here that there are changes.
        typer.echo(f"orgdns: {wrong.format_message()} (orgdns --help says more)", err=True)
        return FAILED
    return code or 0


def _lookup(region: str | None, progress: Progress) -> Lookup:
    with _endpoint_told():
        session = _session(region)
        functions = session.client("lambda", config=CLIENT_CONFIG)
        rows = session.client("dynamodb", config=CLIENT_CONFIG)
    return Lookup(deployed(functions), rows, progress)


def _hub(region: str | None) -> HubLedger:
    with _endpoint_told():
        session = _session(region)
        functions = session.client("lambda", config=CLIENT_CONFIG)
        rows = session.client("dynamodb", config=CLIENT_CONFIG)
    return HubLedger.of(deployed(functions), rows)


def _stack_sets(region: str | None) -> CloudFormationClient:
    with _endpoint_told():
        return _session(region).client("cloudformation", config=CLIENT_CONFIG)


def _tasks(region: str | None) -> QueuedTasks:
    with _endpoint_told():
        client = _session(region).client("sqs", config=CLIENT_CONFIG)
    return QueuedTasks(client, sweeps_queue_url(client))


def _dead_letter_queues(region: str | None) -> DeadLetterQueues:
    with _endpoint_told():
        return DeadLetterQueues(_session(region).client("sqs", config=CLIENT_CONFIG))


def _session(region: str | None) -> boto3.Session:
    session = boto3.Session(region_name=region)
    if session.region_name is None:
        raise HubUnknown("no region is set: say --region or AWS_REGION, that of the hub")
    return session


@contextmanager
def _endpoint_told() -> Iterator[None]:
    try:
        yield
    except ValueError as fault:
        raise HubUnknown(f"region or AWS_ENDPOINT_URL is none: {fault}") from fault


def _agreed(events: int) -> bool:
    return _confirmed(f"Send the events ({events:,}) to the observer's queue again?")


def _confirmed(question: str) -> bool:
    """Whether a person agrees; who cannot be asked does not."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo("", err=True)
        return False


@contextmanager
def _faults_told() -> Iterator[None]:
    """Tell on stderr what a person can mend, and end with the exit code for it."""
    try:
        yield
    except ConfigInvalid as invalid:
        _fail(str(invalid).splitlines())
    except (HubUnknown, LedgerUnavailable, SubjectUnknown, NothingToExplain, TasksNotSent) as fault:
        _fail([f"orgdns: {fault}"])
    except BotoCoreError as fault:
        _fail([f"orgdns: AWS cannot be asked: {fault}"])


def _fail(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(visible(line).plain, err=True)
    raise typer.Exit(FAILED)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Tell at a terminal how far reading has come, and nothing anywhere else."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _rows: None
        return
    with console.status("Reading the ledger") as status:
        yield lambda rows: status.update(f"Reading the ledger: {rows:,} rows")


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False)


if __name__ == "__main__":
    sys.exit(main())
