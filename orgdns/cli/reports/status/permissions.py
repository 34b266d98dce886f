"""Roles that seem to lack a permission that AWS uses in their name, so that no log can say so. Pure.

Lambda writes logs, deletes messages and sets failed batches aside with the role of a function, and EventBridge
Scheduler sends with the role of a schedule. CloudWatch counts what they do, and what should follow: L28 of docs/aws.md
has the documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.installation import log_group
from hub.runtime.model.health.path import Stage
from hub.runtime.model.names import NEVER, Millis
from orgdns.cli.reports.ledger_stream import sources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.installation import Names

# CloudWatch counts in periods of this length, in seconds.
PERIOD: Final = 300
# CloudWatch has the counts some minutes after a period. Milliseconds from the period's start.
_KNOWN_AFTER: Final = 2 * PERIOD * 1_000
# A failure that is older than this is over. Milliseconds.
_RECENT: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of CloudWatch with one dimension, in the hub account and region."""

    namespace: str
    name: str
    dimension: str
    value: str


@dataclass(frozen=True, slots=True)
class Sign:
    """What shows that a role lacks a permission: something happens, and what should follow does not.

    If nothing should follow, what happens is a failure. `what` describes the sign, and `needed` are the permissions.
    """

    stage: Stage
    role: str
    happens: Metric
    follows: Metric | None
    what: str
    needed: str


def stages(names: Names) -> dict[str, Stage]:
    """The stage of each function."""
    return {
        names.observer_function: Stage.OBSERVER,
        names.publisher_function: Stage.PUBLISHER,
        names.sweeper_function: Stage.SWEEPS,
        names.associator_function: Stage.ASSOCIATIONS,
        names.historian_function: Stage.HISTORY,
        names.reporter_function: Stage.REPORTS,
    }


def since(sign: Sign, happened: Iterable[Millis], followed: Iterable[Millis], now: Millis) -> Millis:
    """Return since when a sign shows; 0 if it does not.

    Both are the starts of the periods in which something was counted. The order does not matter.
    """
    if sign.follows is None:
        return min((start for start in happened if start > now - _RECENT), default=NEVER)
    last = max(followed, default=NEVER)
    return min((start for start in happened if last < start <= now - _KNOWN_AFTER), default=NEVER)


def _logs(stage: Stage, function: str) -> Sign:
    # The execution role of a function has its name.
    group = log_group(function)
    return Sign(
        stage,
        function,
        Metric("AWS/Lambda", "Invocations", "FunctionName", function),
        Metric("AWS/Logs", "IncomingLogEvents", "LogGroupName", group),
        f"the function {function} runs, but nothing reaches its log group {group}",
        "logs:CreateLogStream and logs:PutLogEvents",
    )


def _messages(stage: Stage, function: str, queue: str) -> Sign:
    return Sign(
        stage,
        function,
        Metric("AWS/SQS", "NumberOfMessagesReceived", "QueueName", queue),
        Metric("AWS/SQS", "NumberOfMessagesDeleted", "QueueName", queue),
        f"the function {function} gets messages of the queue {queue}, but none is deleted, so they come again",
        "sqs:DeleteMessage, unless its log says that each message failed",
    )


def signs(names: Names) -> tuple[Sign, ...]:
    """What shows that roles of the hub lack permissions."""
    stage_of = stages(names)
    return (
        *(_logs(stage_of[function], function) for function in names.functions),
        *(_messages(stage_of[function], function, queue) for function, queue in sources(names).items()),
        Sign(
            Stage.PUBLISHER,
            names.publisher_role,
            Metric("AWS/Lambda", "DestinationDeliveryFailures", "FunctionName", names.publisher_function),
            None,
            f"Lambda could not set a failed batch aside in {names.publisher_dead_letter_queue}, so only the next audit "
            "publishes its names",
            "sqs:SendMessage",
        ),
        Sign(
            Stage.EVENTS,
            names.schedule_role,
            Metric("AWS/Scheduler", "TargetErrorCount", "ScheduleGroup", names.schedule_group),
            None,
            "EventBridge Scheduler cannot start sweeps, audits or heartbeats",
            f"sqs:SendMessage for {names.sweeps_queue} and events:PutEvents for the event bus {names.event_bus}",
        ),
    )
