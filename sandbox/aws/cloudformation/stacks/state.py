"""What CloudFormation knows of a stack beyond the emulator's own object, and how much of it a caller sees so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from moto.cloudformation.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from moto.cloudformation.models import Stack

STACK_TYPE: Final = "AWS::CloudFormation::Stack"
_SECONDS_A_MINUTE: Final = 60


class Polls:
    """How often a caller asks about an operation, or about a change set, until it is shown to be complete.

    AWS works on them in the background. Here the work is done at once, and what it did is shown step by step.
    """

    needed: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class RollbackConfiguration:
    """The alarms that CloudFormation watches, and for how long after an operation deployed all resources.

    "RollbackConfiguration" (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html).
    """

    triggers: tuple[str, ...] = ()
    minutes: int = 0

    @classmethod
    def of(cls, given: dict[str, Any]) -> RollbackConfiguration:
        """Read the configuration from a request."""
        triggers = tuple(str(trigger["Arn"]) for trigger in given.get("RollbackTriggers") or ())
        return cls(triggers, int(given.get("MonitoringTimeInMinutes") or 0))

    @property
    def seconds(self) -> float:
        """The monitoring time in seconds."""
        return self.minutes * _SECONDS_A_MINUTE

    def described(self) -> dict[str, Any]:
        """The configuration as the API returns it."""
        triggers = [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in self.triggers]
        return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": self.minutes}


@dataclass(frozen=True, slots=True)
class Monitoring:
    """An operation that deployed all resources, and waits for its alarms: until then, and what happens afterwards."""

    until: float
    finish: Callable[[], None]
    roll_back: Callable[[str], None]


@dataclass(slots=True)
class State:
    """What the emulator's stack lacks.

    Attributes:
        rollback: The alarms of its last operation.
        disable_rollback: Whether a failed operation leaves what it did.
        token: The ClientRequestToken of its last operation, which its events have.
        capabilities: The capabilities of its last operation.
        updated: When its last update began.
        deleted: When its deletion ended.
        change_set: The id of the change set that was executed last.
        monitoring: The operation that waits for its alarms.
        shown: How many of its events a caller sees.
        polls: How many more questions show a part of them; negative if all are shown.
    """

    rollback: RollbackConfiguration = field(default_factory=RollbackConfiguration)
    disable_rollback: bool = False
    token: str | None = None
    capabilities: tuple[str, ...] = ()
    updated: datetime | None = None
    deleted: datetime | None = None
    change_set: str | None = None
    monitoring: Monitoring | None = None
    shown: int = 0
    polls: int = -1


def state_of(stack: Stack) -> State:
    """The state of a stack."""
    state: State = stack.__dict__.setdefault("sandbox_state", State())
    return state


def record(stack: Stack, logical_id: str, kind: str, status: str, reason: str = "", physical_id: str = "") -> None:
    """Write an event of a resource."""
    event = Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=logical_id,
        physical_resource_id=physical_id,
        resource_type=kind,
        resource_status=status,
        resource_status_reason=reason or None,
        resource_properties=None,
    )
    event.client_request_token = state_of(stack).token
    stack.events.append(event)


def become(stack: Stack, status: str, reason: str = "") -> None:
    """Give a stack this status, with an event."""
    stack.status = status
    record(stack, stack.name, STACK_TYPE, status, reason, stack.stack_id)


def begin(stack: Stack, token: str | None) -> None:
    """Let what follows be shown step by step, as of an operation with this token."""
    state = state_of(stack)
    state.token, state.shown, state.polls = token, len(stack.events), Polls.needed or -1


def ask(stack: Stack) -> None:
    """Show more of an operation, because a caller asks about it."""
    state = state_of(stack)
    if state.polls > 0:
        state.shown += max(1, (len(stack.events) - state.shown) // (state.polls + 1))
    state.polls -= 1


def visible_events(stack: Stack) -> list[Event]:
    """The events that a caller sees, oldest first."""
    state = state_of(stack)
    return list(stack.events if state.polls < 0 else stack.events[: state.shown])


def visible_status(stack: Stack) -> tuple[str, str]:
    """The status of a stack that a caller sees, and its reason."""
    for event in reversed(visible_events(stack)):
        if event.resource_type == STACK_TYPE and event.physical_resource_id == stack.stack_id:
            return event.resource_status, event.resource_status_reason or ""
    return stack.status, ""


def in_progress(stack: Stack) -> bool:
    """Whether a caller sees an operation of the stack that is not complete."""
    status = visible_status(stack)[0]
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
