"""What the messages of the hub's dead-letter queues say: which instance or records, and why. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.associator.events import vpc_hint_of
from hub.runtime.messages import NotOurs, task_of
from hub.runtime.model.tasks import Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.observer.events import hint_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import InstanceRef
    from hub.runtime.model.tasks import Task

# Where the functions say why they failed, and in which words.
OBSERVER_LOGS: Final = f"/aws/lambda/{contract.OBSERVER_FUNCTION}"
OBSERVER_SAYS: Final = "event kept for later"
PUBLISHER_LOGS: Final = f"/aws/lambda/{contract.PUBLISHER_FUNCTION}"
PUBLISHER_SAYS: Final = "name kept for later"
SWEEPER_LOGS: Final = f"/aws/lambda/{contract.SWEEPER_FUNCTION}"
SWEEPER_SAYS: Final = "task kept for later"
ASSOCIATOR_LOGS: Final = f"/aws/lambda/{contract.ASSOCIATOR_FUNCTION}"
ASSOCIATOR_SAYS: Final = "VPC kept for later"


class Letters(StrEnum):
    """Whose dead letters: events for the observer, changes of the ledger for the publisher, and tasks of two functions.

    The associator takes events of VPCs, too.
    """

    EVENTS = "events"
    PUBLISHER = "publisher"
    SWEEPS = "sweeps"
    ASSOCIATIONS = "associations"

    @property
    def queue(self) -> str:
        """The name of the dead-letter queue."""
        match self:
            case Letters.EVENTS:
                return contract.EVENTS_DEAD_LETTER_QUEUE
            case Letters.PUBLISHER:
                return contract.PUBLISHER_DEAD_LETTER_QUEUE
            case Letters.SWEEPS:
                return contract.SWEEPS_DEAD_LETTER_QUEUE
            case Letters.ASSOCIATIONS:
                return contract.ASSOCIATIONS_DEAD_LETTER_QUEUE


@dataclass(frozen=True, slots=True)
class Message:
    """A message as SQS gives it; `received` counts every look at it, in the first queue and in this one."""

    id: str
    body: str
    received: int = 1
    attributes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event that failed or never came in; `instance` is None for a message that is no event of ours.

    `undelivered` says that EventBridge set it aside, so that the observer never saw it. `time` is the event's own.
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
    """Records of the ledger's stream that Lambda does not give to the publisher any more.

    Which records they are is told by their place in the stream alone; what cannot be read of the message is None.
    """

    message_id: str
    given_up_at: str | None
    first_record_at: str | None
    last_record_at: str | None
    records: int | None
    shard: str | None
    first_sequence_number: str | None
    last_sequence_number: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeadTask:
    """A sweep, an audit or an association that failed, or that nobody could be asked for."""

    message_id: str
    task: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """What was found; `hidden` is for each queue looked into about how many more somebody else is looking at."""

    events: tuple[DeadEvent, ...]
    discarded_records: tuple[DiscardedRecords, ...]
    hidden: Mapping[Letters, int]
    tasks: tuple[DeadTask, ...] = ()
    associations: tuple[DeadTask, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything, as far as can be told."""
        tasks = self.tasks or self.associations
        return bool(self.events or self.discarded_records or tasks or any(self.hidden.values()))


def dead_event(message: Message) -> DeadEvent:
    """What a message of the events' dead-letter queue says.

    EventBridge tells its reason in the message's attributes ("Using dead-letter queues to process undelivered events",
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html); SQS moves a message that was
    received too often as it is, so that its reason stands in the observer's log alone.
    """
    attributes = message.attributes or {}
    code = attributes.get("ERROR_CODE")
    try:
        hint = hint_of(message.body)
    except NotOurs as refused:
        instance, kind = None, ""
        reason = f"it is no event of ours ({refused}): sent again, the observer drops it"
    else:
        instance, kind = hint.ref, f"state {hint.state}" if hint.state else "tags changed"
        reason = f"the observer failed on it five times: see {OBSERVER_LOGS}"
    if code is not None:
        told = attributes.get("ERROR_MESSAGE") or "no message"
        tries = f", after {attributes['RETRY_ATTEMPTS']} more attempts" if "RETRY_ATTEMPTS" in attributes else ""
        reason = f"EventBridge could not bring it to the events queue{tries}: {code}: {told}"
    return DeadEvent(message.id, instance, kind, _time_of(message.body), message.received, code is not None, reason)


def dead_task(message: Message) -> DeadTask:
    """What a message of the sweeper's or the associator's dead-letter queue says.

    A schedule, as EventBridge, tells its reason in the message's attributes ("Configuring a dead-letter queue for
    EventBridge Scheduler", https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
    """
    attributes = message.attributes or {}
    try:
        task = _task(message.body)
    except NotOurs as refused:
        return DeadTask(message.id, "", f"it is no task: {refused}")
    if "ERROR_CODE" in attributes:
        told = attributes.get("ERROR_MESSAGE") or "no message"
        return DeadTask(message.id, _words(task), f"it could not be asked for: {attributes['ERROR_CODE']}: {told}")
    who, logs = ("associator", ASSOCIATOR_LOGS) if isinstance(task, Associate) else ("sweeper", SWEEPER_LOGS)
    return DeadTask(message.id, _words(task), f"the {who} failed on it five times: see {logs}")


def _task(body: str) -> Task:
    """The task in a message, which may be an event of a VPC.

    Raises:
        NotOurs: When it is none of both.
    """
    try:
        return task_of(body)
    except NotOurs as no_task:
        try:
            spoke, vpc_id = vpc_hint_of(body)
        except NotOurs:
            raise no_task from None
        return Associate(spoke, (vpc_id,))


def _words(task: Task) -> str:
    match task:
        case Sweep(spoke):
            return f"sweep of {spoke}"
        case Audit(zone_ids):
            return f"audit of {', '.join(zone_ids)}"
        case ScheduleSweeps():
            return "asking for sweeps"
        case ScheduleAudits():
            return "asking for audits"
        case Associate(spoke, vpc_ids):
            return f"association of {', '.join(vpc_ids)} in {spoke}"


def discarded_records(message: Message) -> DiscardedRecords:
    """What a message of the publisher's dead-letter queue says.

    "Retain discarded records for a DynamoDB event source in Lambda"
    (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html): where in the stream the records are,
    not the records.
    """
    told = _object(message.body)
    batch, request, response = (
        _part(told, name) for name in ("DDBStreamBatchInfo", "requestContext", "responseContext")
    )
    condition = _text(request, "condition")
    if condition:
        attempts = _number(request, "approximateInvokeCount")
        error = _text(response, "functionError")
        reason = (
            f"{condition}{f' after about {attempts} attempts' if attempts is not None else ''}"
            f"{f', the last one with an error of the function ({error})' if error else ''}: see {PUBLISHER_LOGS}"
        )
    else:
        reason = "it is no message of Lambda about a stream"
    return DiscardedRecords(
        message_id=message.id,
        given_up_at=_text(told, "timestamp"),
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


def _part(of: dict[str, Any], name: str) -> dict[str, Any]:
    part = of.get(name)
    return part if isinstance(part, dict) else {}


def _text(of: dict[str, Any], name: str) -> str | None:
    value = of.get(name)
    return value if isinstance(value, str) else None


def _number(of: dict[str, Any], name: str) -> int | None:
    value = of.get(name)
    return value if isinstance(value, int) else None
