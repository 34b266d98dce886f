"""What the messages in the hub's dead-letter queues are about, and why they failed. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.associator.events import vpc_hint_of
from hub.runtime.installation import DEFAULT_NAMES, Names, log_group
from hub.runtime.messages import NotOurs, content_of, release_of, task_of
from hub.runtime.model.tasks import AUDITS, Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.observer.events import Call, Heartbeat, Hint, event_of
from hub.runtime.sweeper.zone_changes import is_zone_change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import InstanceRef
    from hub.runtime.model.tasks import Task

# The message with which each function logs a failure.
OBSERVER_LOG_MESSAGE: Final = "event will be retried"
PUBLISHER_LOG_MESSAGE: Final = "name will be retried"
SWEEPER_LOG_MESSAGE: Final = "task will be retried"
ASSOCIATOR_LOG_MESSAGE: Final = "VPC will be retried"
BACKLOG_LOG_MESSAGE: Final = "message of the backlog will be retried"
# Names of the backlog in the description of a message.
SHOWN_NAMES: Final = 3


class DeadLetterQueue(StrEnum):
    """The dead-letter queues of the functions, by their contents.

    Associations are tasks and events of VPCs, the backlog are deferred names, and reports are files of the day.
    """

    EVENTS = "events"
    PUBLISHER = "publisher"
    SWEEPS = "sweeps"
    ASSOCIATIONS = "associations"
    BACKLOG = "backlog"
    REPORTS = "reports"

    def queue(self, names: Names) -> str:
        """The name of the queue in SQS."""
        match self:
            case DeadLetterQueue.EVENTS:
                return names.events_dead_letter_queue
            case DeadLetterQueue.PUBLISHER:
                return names.publisher_dead_letter_queue
            case DeadLetterQueue.SWEEPS:
                return names.sweeps_dead_letter_queue
            case DeadLetterQueue.ASSOCIATIONS:
                return names.associations_dead_letter_queue
            case DeadLetterQueue.BACKLOG:
                return names.backlog_dead_letter_queue
            case DeadLetterQueue.REPORTS:
                return names.reports_dead_letter_queue


@dataclass(frozen=True, slots=True)
class Message:
    """A message from SQS; `received` counts how often it was received from its source queue and from this one."""

    id: str
    body: str
    received: int = 1
    attributes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event that the observer failed on or never received; `instance` is None if the message is not an orgdns event.

    `undelivered` is whether EventBridge could not deliver it, so that the observer never saw it. `time` is the time in
    the event.
    """

    message_id: str
    instance: InstanceRef | None
    kind: str
    time: str
    received: int
    undelivered: bool
    reason: str


@dataclass(frozen=True, slots=True)
class DiscardedRecords:
    """Records of the ledger's stream that Lambda discarded after the publisher failed on them.

    Lambda reports only their position in the stream. A field that the message does not have is None.
    """

    message_id: str
    discarded_at: str | None
    first_record_at: str | None
    last_record_at: str | None
    records: int | None
    shard: str | None
    first_sequence_number: str | None
    last_sequence_number: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeadTask:
    """A task of a function that failed, or that could not be scheduled."""

    message_id: str
    task: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The messages found; `hidden` is the approximate number of further messages in flight, by queue read.

    `names` are the names of the installation's resources.
    """

    events: tuple[DeadEvent, ...]
    discarded_records: tuple[DiscardedRecords, ...]
    hidden: Mapping[DeadLetterQueue, int]
    tasks: tuple[DeadTask, ...] = ()
    associations: tuple[DeadTask, ...] = ()
    deferred: tuple[DeadTask, ...] = ()
    files: tuple[DeadTask, ...] = ()
    names: Names = DEFAULT_NAMES

    @property
    def any(self) -> bool:
        """Whether any queue read has a message, visible or in flight."""
        tasks = self.tasks or self.associations or self.deferred or self.files
        return bool(self.events or self.discarded_records or tasks or any(self.hidden.values()))


def dead_event(message: Message, names: Names) -> DeadEvent:
    """The event in a message of the events' dead-letter queue.

    EventBridge adds its reason as message attributes ("Using dead-letter queues to process undelivered events",
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html). SQS moves a message that was
    received too often unchanged, so only the observer's log has the reason.
    """
    attributes = message.attributes or {}
    code = attributes.get("ERROR_CODE")
    try:
        event = event_of(message.body)
    except NotOurs as refused:
        instance, kind = None, ""
        reason = f"not an orgdns event ({refused}): if sent again, the observer drops it"
    else:
        match event:
            case Hint(ref, state):
                instance, kind = ref, f"state {state}" if state else "tags changed"
            case Call(spoke):
                instance, kind = None, f"call in {spoke}"
            case Heartbeat():
                instance, kind = None, "heartbeat of the hub"
        reason = f"the observer failed on it five times: see {log_group(names.observer_function)}"
    if code is not None:
        error = attributes.get("ERROR_MESSAGE") or "no message"
        retries = f" after {attributes['RETRY_ATTEMPTS']} retries" if "RETRY_ATTEMPTS" in attributes else ""
        reason = f"EventBridge could not deliver it to the events queue{retries}: {code}: {error}"
    return DeadEvent(message.id, instance, kind, _time_of(message.body), message.received, code is not None, reason)


def dead_task(message: Message, names: Names) -> DeadTask:
    """The task in a message of the sweeper's or the associator's dead-letter queue.

    EventBridge Scheduler adds its reason as message attributes ("Configuring a dead-letter queue for EventBridge
    Scheduler", https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
    """
    attributes = message.attributes or {}
    try:
        if is_zone_change(content_of(message.body)):
            # An audit finds what it would have found.
            return DeadTask(message.id, "event of a change in a zone", "it failed, or did not arrive: run orgdns audit")
        task = _task(message.body)
    except NotOurs as refused:
        return DeadTask(message.id, "", f"not a task: {refused}")
    if "ERROR_CODE" in attributes:
        reason = not_scheduled(attributes)
    elif isinstance(task, Associate):
        reason = f"the associator failed on it five times: see {log_group(names.associator_function)}"
    else:
        reason = f"the sweeper failed on it five times: see {log_group(names.sweeper_function)}"
    return DeadTask(message.id, _description(task), reason)


def not_scheduled(attributes: Mapping[str, str]) -> str:
    """Why EventBridge Scheduler could not send a message, in its attributes."""
    return f"it could not be scheduled: {attributes['ERROR_CODE']}: {attributes.get('ERROR_MESSAGE') or 'no message'}"


def dead_release(message: Message, names: Names) -> DeadTask:
    """The names in a message of the backlog's dead-letter queue."""
    try:
        release = release_of(message.body)
    except NotOurs as refused:
        return DeadTask(message.id, "", f"not from the publisher: {refused}")
    cause = release.account or AUDITS
    fqdns = [name.key.fqdn.removesuffix(".") for name in release.names]
    shown = f"{', '.join(fqdns[:SHOWN_NAMES])}{', ...' if len(fqdns) > SHOWN_NAMES else ''}"
    group = log_group(names.publisher_function)
    reason = f"the publisher could not bring them back in 20 hours: see {group}; an audit finds them"
    return DeadTask(message.id, f"{len(fqdns) + release.unreadable} names, because of {cause}: {shown}", reason)


def _task(body: str) -> Task:
    """The task in a message, or the association that an event of a VPC causes.

    Raises:
        NotOurs: if the message is neither.
    """
    try:
        return task_of(body)
    except NotOurs as not_a_task:
        try:
            spoke, vpc_id = vpc_hint_of(body)
        except NotOurs:
            raise not_a_task from None
        return Associate(spoke, (vpc_id,))


def _description(task: Task) -> str:
    match task:
        case Sweep(spoke):
            return f"sweep of {spoke}"
        case Audit(zone_ids):
            return f"audit of {', '.join(zone_ids)}"
        case ScheduleSweeps():
            return "schedule sweeps"
        case ScheduleAudits():
            return "schedule audits"
        case Associate(spoke, vpc_ids):
            return f"association of {', '.join(vpc_ids)} in {spoke}"


def discarded_records(message: Message, names: Names) -> DiscardedRecords:
    """The discarded records in a message of the publisher's dead-letter queue.

    The message has the position of the records in the stream, not the records ("Retain discarded records for a DynamoDB
    event source in Lambda", https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
    """
    content = _object(message.body)
    batch, request, response = (
        _part(content, name) for name in ("DDBStreamBatchInfo", "requestContext", "responseContext")
    )
    condition = _text(request, "condition")
    if condition:
        attempts = _number(request, "approximateInvokeCount")
        error = _text(response, "functionError")
        group = log_group(names.publisher_function)
        reason = (
            f"{condition}{f' after about {attempts} attempts' if attempts is not None else ''}"
            f"{f', the last with the function error {error}' if error else ''}: see {group}"
        )
    else:
        reason = "not a message from Lambda about a stream"
    return DiscardedRecords(
        message_id=message.id,
        discarded_at=_text(content, "timestamp"),
        first_record_at=_text(batch, "approximateArrivalOfFirstRecord"),
        last_record_at=_text(batch, "approximateArrivalOfLastRecord"),
        records=_number(batch, "batchSize"),
        shard=_text(batch, "shardId"),
        first_sequence_number=_text(batch, "startSequenceNumber"),
        last_sequence_number=_text(batch, "endSequenceNumber"),
        reason=reason,
    )


def _time_of(body: str) -> str:
    return _text(_object(body), "time") or ""


def _object(body: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _part(content: dict[str, Any], name: str) -> dict[str, Any]:
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def _text(content: dict[str, Any], name: str) -> str | None:
    value = content.get(name)
    return value if isinstance(value, str) else None


def _number(content: dict[str, Any], name: str) -> int | None:
    value = content.get(name)
    return value if isinstance(value, int) else None
