"""The Lambda entry points: what arrives is handed to the use cases, and what they did is logged and counted."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import bootstrap, contract
from hub.runtime.associator.events import association_of
from hub.runtime.aws.ledger.rows import name_key_of
from hub.runtime.deadline import Deadline
from hub.runtime.messages import NotOurs, task_of
from hub.runtime.model.names import Millis
from hub.runtime.model.tasks import Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.observer.events import Hint, hint_of
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.ports import LedgerUnavailable, SpokesUnknown, TasksNotSent
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.sweeper.scheduler import audit_parts
from hub.runtime.telemetry import (
    logger,
    metrics,
    report_audit,
    report_discovery,
    report_instance,
    report_name,
    report_schedule,
    report_vpc,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from hub.runtime.model.names import InstanceRef, NameKey, Spoke
    from hub.runtime.model.tasks import Task

# What Lambda takes as a partial batch response (Lambda Developer Guide, "Implementing partial batch responses").
_Response = dict[str, list[dict[str, str]]]


@logger.inject_lambda_context
@metrics.log_metrics
def observer(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Take a batch of messages off the events queue; name those that must be delivered again."""
    hints: list[Hint] = []
    messages: dict[InstanceRef, list[str]] = {}
    for record in event["Records"]:
        try:
            hint = hint_of(record["body"], int(record["attributes"]["ApproximateReceiveCount"]))
        except NotOurs as reason:
            # It never can succeed, so it is not kept: delivering it again would only hide what matters.
            metrics.add_metric("EventsDropped", MetricUnit.Count, 1)
            logger.warning("event dropped", extra={"message_id": record["messageId"], "reason": str(reason)})
            continue
        hints.append(hint)
        messages.setdefault(hint.ref, []).append(record["messageId"])
    failed: list[str] = []
    spokes: set[Spoke] = set()
    for outcome in bootstrap.observer().observe(hints, _deadline(context)):
        seen: dict[str, object] = {"instance": str(outcome.ref), "reason": outcome.reason}
        match outcome.result:
            case InstanceResult.RETRY:
                metrics.add_metric("EventsRetried", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event kept for later", extra=seen)
                failed += messages[outcome.ref]
            case InstanceResult.DROPPED:
                metrics.add_metric("EventsDropped", MetricUnit.Count, len(messages[outcome.ref]))
                logger.warning("event dropped", extra=seen)
            case InstanceResult.RECORDED | InstanceResult.UNCHANGED:
                report_instance(outcome)
                spokes.add(outcome.ref.spoke)
    for spoke in sorted(spokes):
        # For people alone: nothing is tried again for it.
        with suppress(LedgerUnavailable):
            bootstrap.statuses().note_event(spoke)
    return _failed(failed)


def _failed(message_ids: list[str]) -> _Response:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


@logger.inject_lambda_context
@metrics.log_metrics
def sweeper(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Take a task off the sweeper's queue; name it if it must be delivered again."""
    failed: list[str] = []
    for record in event["Records"]:
        try:
            _work(task_of(record["body"]), context)
        except NotOurs as reason:
            metrics.add_metric("TasksDropped", MetricUnit.Count, 1)
            logger.warning("task dropped", extra={"message_id": record["messageId"], "reason": str(reason)})
        except (LedgerUnavailable, SpokesUnknown, TasksNotSent) as fault:
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            logger.warning("task kept for later", extra={"task": record["body"], "reason": str(fault)})
            failed.append(record["messageId"])
    return _failed(failed)


def _work(task: Task, context: LambdaContext) -> None:
    match task:
        case ScheduleSweeps():
            report_schedule(bootstrap.sweep_scheduler().schedule_sweeps())
        case ScheduleAudits():
            bootstrap.sweep_scheduler().schedule_audits()
            metrics.add_metric("AuditsAskedFor", MetricUnit.Count, 1)
            logger.info("audits asked for")
        case Sweep(spoke):
            _sweep(spoke, context)
        case Audit(zone_ids):
            now, later = audit_parts(zone_ids)
            for status in bootstrap.auditor().audit(now, _deadline(context)):
                report_audit(status)
            if later:
                bootstrap.sweep_scheduler().schedule_audits(later)
        case Associate():
            raise NotOurs("the message is a task of the associator")


def _sweep(spoke: Spoke, context: LambdaContext) -> None:
    """Sweep a spoke; count and log what came of it."""
    swept = bootstrap.sweeper().sweep(spoke, _deadline(context), report_instance)
    status = swept.status
    seen: dict[str, object] = {"spoke": str(spoke), "changed": swept.changed, "names": status.names}
    vpc_discovery = bootstrap.vpc_discovery()
    if vpc_discovery is not None:
        report_discovery(vpc_discovery.sweep(status))
    if not swept.complete:
        metrics.add_metric("SpokesNotSwept", MetricUnit.Count, 1)
        logger.warning("spoke not swept", extra=seen | {"reason": status.fault, "withdrawn": status.withdrawn})
        return
    metrics.add_metric("SpokesSwept", MetricUnit.Count, 1)
    # What events did not tell in time: the measure of event loss.
    metrics.add_metric("EventsMissed", MetricUnit.Count, status.missed)
    logger.info("spoke swept", extra=seen | {"instances": status.instances, "missed": status.missed})
    if status.pending_removals:
        pending = {"pending_names": status.pending_names, "pending_instances": status.pending_removals}
        logger.error("removals wait for orgdns approve", extra=seen | pending)


@logger.inject_lambda_context
@metrics.log_metrics
def associator(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Take tasks and events of VPCs off the associator's queue; name those that must be delivered again."""
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
        for done in outcomes:
            report_vpc(done)
        if any(done.retry for done in outcomes):
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            failed += message_ids
    return _failed(failed)


@logger.inject_lambda_context
@metrics.log_metrics
def publisher(event: Mapping[str, Any], context: LambdaContext) -> _Response:
    """Take a batch of the ledger's changes; name the first one that must be delivered again."""
    # The first change of each name: Lambda delivers again from the lowest sequence number that is answered.
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
    for outcome in bootstrap.publisher().publish(changed_at, marked, _deadline(context)):
        seen: dict[str, object] = {
            "dns_name": outcome.key.fqdn,
            "zone": outcome.key.zone_id,
            "instances": sorted(claimants[outcome.key]),
            "reason": outcome.reason,
        }
        report_name(outcome, seen)
        if outcome.result is NameResult.RETRY:
            failed.append(first[outcome.key])
    if not failed:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": min(failed, key=int)}]}


def _deadline(context: LambdaContext) -> Deadline:
    return Deadline(lambda: context.get_remaining_time_in_millis() / 1000)
