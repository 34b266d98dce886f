"""What happens while CloudFormation works on a stack, and why it failed.

"DescribeStackEvents returns all stack related events for a specified stack in reverse chronological order"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.installation import Names

_STACK: Final = "AWS::CloudFormation::Stack"
# The consequence of another failure says nothing.
_CANCELLED: Final = "cancelled"
_FAILED: Final = frozenset({"FAILED", "INOPERABLE", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: to a stack, a resource of it, or a stack of an account and region.

    Attributes:
        place: The stack and its region.
        subject: What it happened to.
        status: Its state now, in AWS's words or ours.
        reason: Why; may be empty.
    """

    place: str
    subject: str
    status: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether something failed."""
        return "FAILED" in self.status or self.status in _FAILED


class Events:
    """The events of a stack since a moment, each once."""

    def __init__(self, client: Any, stack: str, place: str) -> None:  # noqa: ANN401 - a client
        self._client = client
        self._stack = stack
        self._place = place
        self._seen = {each["EventId"] for each in self._pages(set())}

    def new(self) -> list[Event]:
        """What happened since the last call, in its order."""
        found = list(self._pages(self._seen))
        self._seen |= {each["EventId"] for each in found}
        return [_event(self._place, each) for each in reversed(found)]

    def _pages(self, seen: set[str]) -> Iterator[Mapping[str, Any]]:
        """The newest events first, up to those that are known."""
        for each in raw_events(self._client, self._stack):
            if each["EventId"] in seen:
                return
            yield each


def raw_events(client: Any, stack: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - a client
    """The events of a stack, the newest first."""
    token: dict[str, str] = {}
    while True:
        try:
            page = client.describe_stack_events(StackName=stack, **token)
        except ClientError as error:
            if error_code(error) == "ValidationError":
                return
            raise
        yield from page["StackEvents"]
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def failures(client: Any, stack: str, place: str) -> tuple[Event, ...]:  # noqa: ANN401 - a client
    """What failed in the last operation of a stack, in its order."""
    found = []
    for each in raw_events(client, stack):
        of_stack = each["ResourceType"] == _STACK and each["PhysicalResourceId"] == each["StackId"]
        event = _event(place, each)
        if event.failed and event.reason and _CANCELLED not in event.reason.lower():
            found.append(event)
        # The operation began here.
        if of_stack and each.get("ResourceStatusReason") == "User Initiated":
            break
    return tuple(reversed(found))


def _event(place: str, event: Mapping[str, Any]) -> Event:
    subject = place if event["ResourceType"] == _STACK else f"{event['LogicalResourceId']} ({event['ResourceType']})"
    return Event(place, subject, event["ResourceStatus"], event.get("ResourceStatusReason", ""))


class Instances:
    """The stacks of the rollout in each account and region, and which of them changed their state."""

    def __init__(self, client: Any, place: str, names: Names) -> None:  # noqa: ANN401 - a client
        self._client = client
        self._place = place
        self._names = names
        self._states: dict[str, tuple[str, str]] = {}

    def new(self) -> list[Event]:
        """What changed since the last call, sorted by account and region."""
        before, self._states = self._states, dict(_states(self._client, self._names))
        return [
            Event(self._place, subject, *state)
            for subject, state in sorted(self._states.items())
            if before.get(subject) != state
        ]

    def failed(self) -> tuple[Event, ...]:
        """The stacks that failed, as AWS lists them now."""
        events = (Event(self._place, subject, *state) for subject, state in sorted(_states(self._client, self._names)))
        return tuple(event for event in events if event.failed)


def _states(client: Any, names: Names) -> Iterator[tuple[str, tuple[str, str]]]:  # noqa: ANN401 - a client
    """The state of each stack of the rollout, by its StackSet, account and region."""
    for stack_set in names.stack_sets:
        token: dict[str, str] = {}
        while True:
            try:
                page = client.list_stack_instances(StackSetName=stack_set, CallAs="DELEGATED_ADMIN", **token)
            except ClientError as error:
                if error_code(error) == "StackSetNotFoundException":
                    break
                raise
            for each in page["Summaries"]:
                detailed = each.get("StackInstanceStatus", {}).get("DetailedStatus") or each.get("Status", "")
                subject = f"{each['Account']}/{each['Region']} {names.within(stack_set)}"
                yield subject, (detailed, each.get("StatusReason", ""))
            if not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
