"""The Lambda entry points: they pass messages to the use cases, and report the outcomes as logs and metrics."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import bootstrap, contract
from hub.runtime.associator.events import association_of
from hub.runtime.aws import settings
from hub.runtime.aws.ledger.rows import name_key_of
from hub.runtime.deadline import Deadline
from hub.runtime.messages import NotOurs, content_of, task_in
from hub.runtime.model.names import Millis
from hub.runtime.model.tasks import Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.observer.events import Call, Hint, event_of
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.ports import LedgerUnavailable, SpokesUnknown, TasksNotSent
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.sweeper.scheduler import audit_parts
from hub.runtime.sweeper.zone_changes import is_zone_change, zone_change_of
from hub.runtime.telemetry import (
    logger,
    metrics,
    report_audit,
    report_audits_scheduled,
    report_discovery,
    report_drift,
    report_free_label,
    report_instance,
    report_name,
    report_repair,
    report_schedule,
    report_sweep,
    report_vpc,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from hub.runtime.model.names import InstanceRef, NameKey, Spoke
    from hub.runtime.model.tasks import Task

bootstrap.check_sdk()

# A partial batch response (Lambda Developer Guide, "Implementing partial batch responses").
_Response = dict[str, list[dict[str, str]]]


@logger.inject_lambda_context
@metrics.log_metrics
def observer(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Handle a batch of messages of the events queue; return those that SQS must deliver again."""
    hints: list[Hint] = []
    messages: dict[InstanceRef, list[str]] = {}
    calls: list[tuple[Call, str]] = []
    for record in event["Records"]:
        try:
            hint = event_of(record["body"], int(record["attributes"]["ApproximateReceiveCount"]))
        except NotOurs as reason:
            # The message can never succeed, so SQS should not deliver it again.
            metrics.add_metric("EventsDropped", MetricUnit.Count, 1)
            logger.warning("event dropped", extra={"message_id": record["messageId"], "reason": str(reason)})
            continue
        if isinstance(hint, Call):
            calls.append((hint, record["messageId"]))
            continue
        hints.append(hint)
        messages.setdefault(hint.ref, []).append(record["messageId"])
    # First, because it takes a moment, and descriptions may take all the time.
    failed = _request_sweeps(calls, context)
    spokes: set[Spoke] = set()
    for outcome in bootstrap.observer().observe(hints, _deadline(context)):
        fields: dict[str, object] = {"instance": str(outcome.ref), "reason": outcome.reason}
        match outcome.result:
            case InstanceResult.RETRY:
                metrics.add_metric("EventsRetried", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event will be retried", extra=fields)
                failed += messages[outcome.ref]
            case InstanceResult.DROPPED:
                metrics.add_metric("EventsDropped", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event dropped", extra=fields)
            case InstanceResult.NOT_COVERED:
                metrics.add_metric("EventsNotCovered", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event dropped", extra=fields)
            case InstanceResult.RECORDED | InstanceResult.UNCHANGED:
                report_instance(outcome)
                spokes.add(outcome.ref.spoke)
    for spoke in sorted(spokes):
        # For people only: a failure is not a reason to deliver the events again.
        with suppress(LedgerUnavailable):
            bootstrap.statuses().note_event(spoke, bootstrap.account_usage().take)
    return _failed(failed)


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
@metrics.log_metrics
def sweeper(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Handle the tasks of the sweeper's queue; return those that SQS must deliver again."""
    failed: list[str] = []
    for record in event["Records"]:
        try:
            _handle(content_of(record["body"]), context)
        except NotOurs as reason:
            metrics.add_metric("TasksDropped", MetricUnit.Count, 1)
            logger.warning("task dropped", extra={"message_id": record["messageId"], "reason": str(reason)})
        except (LedgerUnavailable, SpokesUnknown, TasksNotSent) as fault:
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            logger.warning("task will be retried", extra={"task": record["body"], "reason": str(fault)})
            failed.append(record["messageId"])
    return _failed(failed)


def _handle(content: dict[str, Any], context: LambdaContext) -> None:
    """Work on a task, or repair what an event of Route 53 says that someone else changed."""
    if not is_zone_change(content):
        _work(task_in(content), context)
        return
    owner = settings.account_of_role(contract.ENV_ZONE_READER_ROLE_ARN)
    change = zone_change_of(content, owner, frozenset(settings.zone_ids().values()))
    report_drift(bootstrap.drift_repair().repair(change, _deadline(context)))


def _work(task: Task, context: LambdaContext) -> None:
    match task:
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
        case Associate():
            raise NotOurs("the message is a task for the associator")


def _sweep(spoke: Spoke, context: LambdaContext) -> None:
    deadline = _deadline(context)
    outcome = bootstrap.sweeper().sweep(spoke, deadline, report_instance)
    vpc_discovery = bootstrap.vpc_discovery()
    if vpc_discovery is not None:
        report_discovery(vpc_discovery.sweep(outcome.status))
    elif outcome.status.vpcs:
        # No zone selects VPCs any more. What was counted before would be near a limit forever.
        bootstrap.statuses().count_vpcs(spoke, {})
    report_sweep(outcome)
    for held in bootstrap.label_release().free(deadline):
        report_free_label(held)


@logger.inject_lambda_context
@metrics.log_metrics
def associator(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Handle tasks and events of the associator's queue; return the messages that SQS must deliver again."""
    tasks: dict[Associate, list[str]] = {}
    for record in event["Records"]:
        try:
            tasks.setdefault(association_of(record["body"]), []).append(record["messageId"])
        except NotOurs as reason:
            metrics.add_metric("TasksDropped", MetricUnit.Count, 1)
            logger.warning("task dropped", extra={"message_id": record["messageId"], "reason": str(reason)})
    failed: list[str] = []
    for task, message_ids in tasks.items():
        outcomes = bootstrap.associator().associate(task, _deadline(context))
        for outcome in outcomes:
            report_vpc(outcome)
        if any(outcome.retry for outcome in outcomes):
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            failed += message_ids
    return _failed(failed)


@logger.inject_lambda_context
@metrics.log_metrics
def publisher(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Publish a batch of the ledger's changes; return the first one that Lambda must deliver again."""
    # The first change of each name: Lambda delivers again from the lowest sequence number in the response.
    first: dict[NameKey, str] = {}
    claimants: defaultdict[NameKey, set[str]] = defaultdict(set)
    changed_at: dict[NameKey, Millis] = {}
    marked: set[NameKey] = set()
    for record in event["Records"]:
        change = record["dynamodb"]
        key = name_key_of(change["Keys"][contract.PARTITION_KEY]["S"])
        first.setdefault(key, change["SequenceNumber"])
        changed_at.setdefault(key, Millis(int(change["ApproximateCreationDateTime"] * 1000)))
        sort_key = change["Keys"][contract.SORT_KEY]["S"]
        if sort_key == contract.MARK_KEY:
            marked.add(key)
        else:
            claimants[key].add(sort_key.removeprefix(contract.CLAIM_PREFIX))
    failed: list[str] = []
    # All records of a batch are from one shard.
    stream = event["Records"][0]["eventSourceARN"]
    for outcome in bootstrap.publisher(stream).publish(changed_at, marked, _deadline(context)):
        report_name(outcome, claimants[outcome.key])
        if outcome.result is NameResult.RETRY:
            failed.append(first[outcome.key])
    return _failed([min(failed, key=int)] if failed else [])


def _deadline(context: LambdaContext) -> Deadline:
    return Deadline(lambda: context.get_remaining_time_in_millis() / 1000)
