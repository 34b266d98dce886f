"""The Lambda entry points: they pass messages to the use cases, and report the outcomes as logs and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import bootstrap, contract
from hub.runtime.associator.events import association_of
from hub.runtime.aws import sessions, settings
from hub.runtime.aws.answers import text_in
from hub.runtime.aws.backlog.further import FurtherReleases
from hub.runtime.aws.ledger.changes import NameChanges
from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.deadline import Deadline
from hub.runtime.messages import deliveries, parsed, release_of
from hub.runtime.model.tasks import Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.observer.events import Call, Heartbeat, Hint, event_of
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.ports import LedgerUnavailable, SpokesUnknown, TasksNotSent
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.sweeper.schedule.due import audit_parts
from hub.runtime.sweeper.zone_changes import Writer, ZoneChange, sweeper_task_of
from hub.runtime.telemetry import (
    logger,
    metrics,
    report_audit,
    report_audits_scheduled,
    report_drift,
    report_events,
    report_events_fault,
    report_free_label,
    report_instance,
    report_name,
    report_not_noted,
    report_repair,
    report_schedule,
    report_sweep,
)
from hub.runtime.telemetry.backlog import readable_releases, report_backlog_fault, report_deferred, report_releases
from hub.runtime.telemetry.events import readable_events
from hub.runtime.telemetry.objective import report_latency
from hub.runtime.telemetry.path import measured, recorded, report_heartbeat, report_stall, report_zone_checks
from hub.runtime.telemetry.vpcs import report_discovery, report_vpc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from hub.runtime.model.names import InstanceRef, Spoke
    from hub.runtime.model.tasks import Associate, Release, SweeperTask
    from hub.runtime.model.usage import UsageByZone

sessions.check_sdk()

# A partial batch response (Lambda Developer Guide, "Implementing partial batch responses").
_Response = dict[str, list[dict[str, str]]]
# The event source of messages, as their records name it (Lambda Developer Guide, "Using Lambda with Amazon SQS").
_QUEUES: Final = "aws:sqs"
# Of the ten messages of a full batch. In a burst of more spokes, further messages would mostly be of yet other ones.
_SPOKES_OF_A_BURST: Final = 6
_Event = Hint | Call | Heartbeat | Unreadable


@logger.inject_lambda_context
@metrics.log_metrics
def observer(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Handle a batch of messages of the events queue; return those that SQS must deliver again.

    If the batch is full, and most of its events are of the same spokes, receive further messages, so that a burst of
    events fills the descriptions of its instances. Those that need no further delivery are deleted here. The others
    become visible again as those of the batch do.
    """
    batch = event["Records"]
    events = _events(batch)
    spokes = {content.ref.spoke for _, content in events if isinstance(content, Hint)}
    # The spokes of a run are described one after another. Those of many spokes are better left to other workers.
    worthwhile = len(batch) >= contract.EVENTS_A_BATCH and len(spokes) <= _SPOKES_OF_A_BURST
    queue = bootstrap.further_messages(contract.ENV_EVENTS_QUEUE_URL) if worthwhile else None
    if queue is None:
        return _failed(_observed(events, context))
    further, fault = queue.receive()
    failed = _observed([*events, *_events(further)], context)
    not_deleted = queue.delete(record for record in further if record["messageId"] not in failed)
    if reason := fault or not_deleted:
        report_events_fault(reason)
    own = {text_in(record, "messageId") for record in batch}
    return _failed([message_id for message_id in failed if message_id in own])


def _observed(events: list[tuple[str, _Event]], context: LambdaContext) -> list[str]:
    """Handle messages of the events queue; return the ids of those that SQS must deliver again."""
    read = readable_events(events)
    hints, calls = read.hints, read.calls
    if read.heartbeats:
        # One that cannot be recorded does not come again: the next one comes in minutes.
        with recorded("the last heartbeat"):
            bootstrap.path().observed(max(heartbeat.sent_at for heartbeat in read.heartbeats))
    messages: dict[InstanceRef, list[str]] = {}
    for hint, message_id in hints:
        messages.setdefault(hint.ref, []).append(message_id)
    # First, because it takes a moment, and descriptions may take all the time.
    failed = _request_sweeps(calls, context)
    spokes: set[Spoke] = set()
    outcomes = bootstrap.observer().observe((hint for hint, _ in hints), _deadline(context))
    with recorded("why looks failed"):
        bootstrap.failed_looks().note(outcomes, {hint.ref: hint.reported_at for hint, _ in reversed(hints)})
    for outcome in outcomes:
        match outcome.result:
            case InstanceResult.RETRY:
                report_events(outcome, len(messages[outcome.ref]))
                failed += messages[outcome.ref]
                spokes.add(outcome.ref.spoke)
            case InstanceResult.DROPPED | InstanceResult.NOT_COVERED | InstanceResult.STILL_DAMPED:
                report_events(outcome, len(messages[outcome.ref]))
            case _:
                report_instance(outcome)
                spokes.add(outcome.ref.spoke)
    for spoke in sorted(spokes):
        if not _noted(spoke, bootstrap.account_usage().take):
            failed += {each for hint, each in hints if hint.ref.spoke == spoke} - set(failed)
    return failed


def _noted(spoke: Spoke, changes: Callable[[Spoke], UsageByZone]) -> bool:
    """Whether the ledger has it that an event of a spoke came: a quiet spoke is swept every hour from then on."""
    try:
        bootstrap.statuses().note_event(spoke, changes)
    except LedgerUnavailable as fault:
        report_not_noted(spoke, str(fault))
        return False
    return True


def _events(records: list[Any]) -> list[tuple[str, _Event]]:
    """Return what the messages of the events queue say, each with the id of its message."""
    return list(parsed(records, lambda record: event_of(record["body"], deliveries(record))))


def _request_sweeps(calls: list[tuple[Call, str]], context: LambdaContext) -> list[str]:
    """Request the sweeps that calls cause; return the messages that SQS must deliver again."""
    reasons = bootstrap.call_sweeps().request((call for call, _ in calls), _deadline(context)) if calls else {}
    for spoke, reason in reasons.items():
        metrics.add_metric("EventsRetried", MetricUnit.Count, sum(call.spoke == spoke for call, _ in calls))
        logger.warning("event will be retried", extra={"spoke": str(spoke), "reason": reason})
    return [message_id for call, message_id in calls if call.spoke in reasons]


def _failed(identifiers: list[str]) -> _Response:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@logger.inject_lambda_context
@measured
def sweeper(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Handle the tasks of the sweeper's queue; return those that SQS must deliver again."""
    failed: list[str] = []
    writer = Writer(settings.account_of_role(contract.ENV_ZONE_READER_ROLE_ARN), settings.names().writer_role)
    own_zones = frozenset(settings.zone_ids().values())
    for message_id, task in parsed(event["Records"], lambda record: sweeper_task_of(record["body"], writer, own_zones)):
        if isinstance(task, Unreadable):
            _drop_task(message_id, task)
            continue
        try:
            _work(task, context)
        except (LedgerUnavailable, SpokesUnknown, TasksNotSent) as fault:
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            logger.warning("task will be retried", extra={"task": bounded(task), "reason": str(fault)})
            failed.append(message_id)
    return _failed(failed)


def _drop_task(message_id: str, task: Unreadable) -> None:
    metrics.add_metric("TasksDropped", MetricUnit.Count, 1)
    logger.warning("task dropped", extra={"message_id": message_id, "reason": task.reason})


def _work(task: SweeperTask | ZoneChange, context: LambdaContext) -> None:
    """Work on a task, or repair what an event of Route 53 says that someone else changed."""
    match task:
        case ZoneChange():
            report_drift(bootstrap.drift_repair().repair(task, _deadline(context)))
        case ScheduleSweeps():
            report_schedule(bootstrap.sweep_scheduler().schedule_sweeps())
        case ScheduleAudits():
            bootstrap.sweep_scheduler().schedule_audits()
            report_audits_scheduled()
        case Sweep(spoke, after_call=True):
            report_sweep(bootstrap.sweeper().sweep(spoke, _deadline(context), report_instance, after_call=True))
        case Sweep(spoke):
            _sweep(spoke, context)
        case Audit(zone_ids):
            now, later = audit_parts(zone_ids)
            for status in bootstrap.auditor().audit(now, _deadline(context), report_repair):
                report_audit(status)
            if later:
                bootstrap.sweep_scheduler().schedule_audits(later)


def _sweep(spoke: Spoke, context: LambdaContext) -> None:
    deadline = _deadline(context)
    outcome = bootstrap.sweeper().sweep(spoke, deadline, report_instance)
    vpc_discovery = bootstrap.vpc_discovery()
    if vpc_discovery is not None:
        report_discovery(vpc_discovery.sweep(outcome.status))
    elif outcome.status.vpcs or outcome.status.vpc_work:
        # No zone selects VPCs any more. What was counted before would be near a limit forever, or be work.
        bootstrap.statuses().count_vpcs(spoke, {})
        bootstrap.statuses().note_vpc_work(spoke, 0)
    report_sweep(outcome)
    for held in bootstrap.label_release().free(deadline):
        report_free_label(held)


@logger.inject_lambda_context
@measured
def associator(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Handle tasks and events of the associator's queue; return the messages that SQS must deliver again."""
    tasks: dict[Associate, list[str]] = {}
    for message_id, task in parsed(event["Records"], lambda record: association_of(record["body"])):
        if isinstance(task, Unreadable):
            _drop_task(message_id, task)
        else:
            tasks.setdefault(task, []).append(message_id)
    failed: list[str] = []
    for task, message_ids in tasks.items():
        outcomes = bootstrap.associator().associate(task, _deadline(context))
        for outcome in outcomes:
            report_vpc(outcome)
        heard = task.by_event and not all(outcome.ignored or outcome.not_covered for outcome in outcomes)
        if any(outcome.retry for outcome in outcomes) or (heard and not _noted(task.spoke, lambda _: {})):
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            failed += message_ids
    return _failed(failed)


@logger.inject_lambda_context
@measured
def publisher(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Publish a batch of the ledger's changes, or bring back names of the backlog; return what must come again."""
    # A batch comes from one event source.
    of_queue = any(text_in(record, "eventSource") == _QUEUES for record in event["Records"])
    return _release(event, context) if of_queue else _publish(event, context)


def _publish(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Publish a batch of the ledger's changes; return the first one that Lambda must deliver again."""
    changes = NameChanges.of(event["Records"])
    for unreadable in changes.unreadable:
        metrics.add_metric("ChangesDropped", MetricUnit.Count, 1)
        logger.warning("change dropped", extra={"event_id": unreadable.what, "reason": unreadable.reason})
    failed = _published(changes, context) if changes.changed_at else []
    # A shard that repeats a batch does not work, so a heartbeat behind it has not arrived.
    if changes.heartbeats and not failed:
        sent_at, now = max(changes.heartbeats), bootstrap.now()
        with recorded("the last heartbeat"):
            if report_zone_checks(bootstrap.publisher_health().heartbeat(sent_at, _deadline(context))):
                report_heartbeat(sent_at, now)
    return _failed([min(failed, key=int)] if failed else [])


def _published(changes: NameChanges, context: LambdaContext) -> list[str]:
    """Publish names; return the sequence numbers of the changes that Lambda must deliver again."""
    outcomes = changes.published(bootstrap.publisher(), _deadline(context))
    for outcome in outcomes:
        report_name(outcome, changes.claimants[outcome.key])
    report_deferred(outcomes)
    now = bootstrap.now()
    report_latency(outcomes, changes, now, settings.objective_seconds())
    with recorded("why names wait"):
        if stall := bootstrap.publisher_health().published(outcomes, changes.changed_at):
            report_stall(stall, now)
    return [changes.first[outcome.key] for outcome in outcomes if outcome.result is NameResult.RETRY]


def _release(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Bring back the names of messages of the backlog; return the messages that SQS must deliver again."""
    releases = _releases(event["Records"])
    queue, releaser = bootstrap.further_messages(contract.ENV_BACKLOG_QUEUE_URL), bootstrap.releaser()
    further = FurtherReleases(queue, _releases, releaser.most)
    failed = releaser.release(releases, _deadline(context), further.receive) if releases else {}
    report_releases(releases | further.releases, failed)
    further.delete_all_but(failed)
    if further.fault:
        report_backlog_fault(further.fault)
    return _failed([message_id for message_id in failed if message_id in releases])


def _releases(records: list[Any]) -> dict[str, Release]:
    """Return the names of messages of the backlog, by the ids of the messages."""
    return dict(readable_releases(parsed(records, lambda record: release_of(record["body"]))))


def _deadline(context: LambdaContext) -> Deadline:
    return Deadline(lambda: context.get_remaining_time_in_millis() / 1000)
