"""What an event says: which instance to describe, which spoke to sweep, or that it is a heartbeat. Pure.

An event is a hint. EventBridge itself sets its account and region, and customers cannot send events with a source of
`aws.*` (EventBridge API Reference, PutEvents). Nevertheless the observer takes from it only which instance to describe,
and that the instance reached a final state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.messages import NotOurs, content_of, detail_of, resource_of, short, spoke_of_call
from hub.runtime.model.names import NEVER, InstanceRef, InstanceState, Millis, Spoke
from hub.runtime.model.reasons.cause import Cause, Trigger

_INSTANCE_ARN: Final = re.compile(r"arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):instance/(i-[0-9a-f]{8,17})")


# The tags of an instance, sorted.
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """Describe this instance.

    `state` is the state that a state-change event reports, None for a tag change. `expected_tags` are the tags that tag
    changes report, each time all tags of the instance. They are not trusted, but a description that shows none of these
    sets may have come too early. `attempt` counts the deliveries of the hint from 1, and `time` is the event's own.
    `reported_at` is the same as a number, of state changes, too; 0 if it cannot be read.
    """

    ref: InstanceRef
    state: InstanceState | None = None
    expected_tags: frozenset[Tags] = frozenset()
    attempt: int = 1
    time: str = ""
    reported_at: Millis = NEVER

    @property
    def final(self) -> bool:
        """Whether the event says that the instance ends."""
        return self.state is not None and self.state.final

    @property
    def trigger(self) -> Trigger:
        """What the event says why names may change, and when. A state says more than tags."""
        if self.state is None:
            cause = Cause.TAGS
        elif self.final:
            cause = Cause.END
        else:
            cause = Cause.STOP if self.state in contract.STOPPING_STATES else Cause.START
        return Trigger(cause, self.reported_at)


@dataclass(frozen=True, slots=True)
class Call:
    """A call changed instances of this spoke at this time.

    What the call names is not read, because it does not name all instances that it changes.
    """

    spoke: Spoke
    called_at: Millis


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The hub sent itself an event at this time, to learn whether events arrive and names are published.

    Only a rule of the hub's own bus forwards such an event, and only for the hub's own account.
    """

    sent_at: Millis


def event_of(body: str, attempt: int = 1) -> Hint | Call | Heartbeat:
    """Return the hint, the call or the heartbeat in an event as EventBridge delivers it.

    Raises:
        NotOurs: if the body is not JSON, not an event of one of the four kinds, or contradicts itself.
    """
    event = content_of(body)
    if (event.get("source"), event.get("detail-type")) == (contract.HEARTBEAT_SOURCE, contract.HEARTBEAT_DETAIL_TYPE):
        return Heartbeat(_time(event))
    return _call(event) if event.get("detail-type") == contract.CALL_DETAIL_TYPE else _hint(event, attempt)


def _call(event: dict[str, Any]) -> Call:
    """Return a call that CloudTrail logged. EventBridge sets the account, the region and the time.

    "AWS service events delivered via AWS CloudTrail"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
    """
    detail = detail_of(event)
    if event.get("source") not in (contract.STATE_SOURCE, contract.GROUP_SOURCE):
        raise NotOurs(f"orgdns does not handle calls of source {short(event.get('source'))}")
    spoke = spoke_of_call(event)
    if detail.get("eventName") not in contract.INSTANCE_CALLS or detail.get("errorCode") is not None:
        raise NotOurs(f"the call {short(detail.get('eventName'))} changes no instance")
    return Call(spoke, _time(event))


def _time(event: dict[str, Any]) -> Millis:
    """Return the time that EventBridge gave an event, in whole seconds."""
    try:
        return Millis(int(datetime.fromisoformat(str(event.get("time"))).timestamp() * 1000))
    except (ValueError, OverflowError) as error:
        raise NotOurs(f"{short(event.get('time'))} is not the time of an event") from error


def _hint(event: dict[str, Any], attempt: int) -> Hint:
    detail = detail_of(event)
    ref = InstanceRef(*resource_of(event, _INSTANCE_ARN, "an instance"))
    time = readable(_time, event, "")
    at = NEVER if isinstance(time, Unreadable) else time
    match event.get("source"), event.get("detail-type"):
        case contract.STATE_SOURCE, contract.STATE_DETAIL_TYPE:
            if detail.get("instance-id") != ref.id:
                raise NotOurs("detail.instance-id is not the instance in resources")
            return Hint(ref, _state(detail.get("state")), attempt=attempt, reported_at=at)
        case contract.TAG_SOURCE, contract.TAG_DETAIL_TYPE:
            time_text, tags = str(event.get("time") or ""), _reported_tags(detail)
            return Hint(ref, expected_tags=tags, attempt=attempt, time=time_text, reported_at=at)
        case source, detail_type:
            raise NotOurs(
                f"orgdns does not handle events of source {short(source)} and detail-type {short(detail_type)}"
            )


def _reported_tags(detail: dict[str, Any]) -> frozenset[Tags]:
    """Return the tags that the event reports; none unless it reports all of them."""
    tags = detail.get("tags")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return frozenset()
    return frozenset({tuple(sorted(tags.items()))})


def _state(text: object) -> InstanceState:
    try:
        return InstanceState(str(text))
    except ValueError as unknown:
        raise NotOurs(f"{short(text)} is not a state of an instance") from unknown
