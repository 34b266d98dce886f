"""The logs and metrics of messages of the events queue that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.observer.events import Call, Heartbeat, Hint
from hub.runtime.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Events:
    """The events of a batch: of instances, the calls, each with the id of its message, and heartbeats."""

    hints: list[tuple[Hint, str]] = field(default_factory=list)
    calls: list[tuple[Call, str]] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)


def readable_events(parsed: Iterable[tuple[str, Hint | Call | Heartbeat | Unreadable]]) -> Events:
    """Return the events that can be read; count and log what cannot be read: it never will be."""
    events = Events()
    for message_id, content in parsed:
        match content:
            case Unreadable():
                metrics.add_metric("EventsDropped", MetricUnit.Count, 1)
                logger.warning("event dropped", extra={"message_id": message_id, "reason": content.reason})
            case Call():
                events.calls.append((content, message_id))
            case Hint():
                events.hints.append((content, message_id))
            case Heartbeat():
                events.heartbeats.append(content)
    return events
