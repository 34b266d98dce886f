"""What an event says: which instance to look at. Pure.

An event is a hint. Account and region are set by EventBridge itself and `aws.*` sources are closed to customers
(EventBridge API Reference, PutEvents); still, all that is taken from it is which instance to look at, and that one of
the two final states was reached.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.messages import NotOurs, content_of, detail_of, resource_of, short
from hub.runtime.model.names import InstanceRef, InstanceState

_INSTANCE_ARN: Final = re.compile(r"arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):instance/(i-[0-9a-f]{8,17})")


# The tags of an instance, sorted.
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """Look at this instance.

    `state` is what a state-change event reports, None for a tag change. `told` are the tags that tag changes report,
    all of an instance each time: never taken for true, but a look that does not show one of them may have come too
    early. `attempt` counts from 1 how often the hint was delivered, and `time` is the event's own.
    """

    ref: InstanceRef
    state: InstanceState | None = None
    told: frozenset[Tags] = frozenset()
    attempt: int = 1
    time: str = ""

    @property
    def final(self) -> bool:
        """Whether the event says that the instance ends."""
        return self.state is not None and self.state.final


def hint_of(body: str, attempt: int = 1) -> Hint:
    """The hint in an event as EventBridge delivers it.

    Raises:
        NotOurs: When it is no JSON, no event of the two kinds, or contradicts itself.
    """
    event = content_of(body)
    detail = detail_of(event)
    ref = _subject(event)
    match event.get("source"), event.get("detail-type"):
        case contract.STATE_SOURCE, contract.STATE_DETAIL_TYPE:
            if detail.get("instance-id") != ref.id:
                raise NotOurs("detail.instance-id is not the instance of resources")
            return Hint(ref, _state(detail.get("state")), attempt=attempt)
        case contract.TAG_SOURCE, contract.TAG_DETAIL_TYPE:
            return Hint(ref, told=_told(detail), attempt=attempt, time=str(event.get("time") or ""))
        case source, detail_type:
            raise NotOurs(f"an event of source {short(source)} and detail-type {short(detail_type)} is not ours")


def _subject(event: dict[str, Any]) -> InstanceRef:
    """The one instance that the event is about."""
    return InstanceRef(*resource_of(event, _INSTANCE_ARN, "instance"))


def _told(detail: dict[str, Any]) -> frozenset[Tags]:
    """The tags as the event has them; nothing where the event does not tell all of them."""
    tags = detail.get("tags")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return frozenset()
    return frozenset({tuple(sorted(tags.items()))})


def _state(text: object) -> InstanceState:
    try:
        return InstanceState(str(text))
    except ValueError as unknown:
        raise NotOurs(f"{short(text)} is no state of an instance") from unknown
