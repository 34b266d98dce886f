"""The operations of a StackSet: what each did in which account and region, and how much of that a caller sees so far.

"StackSetOperation" and "StackSetOperationResultSummary"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperation.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationResultSummary.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from sandbox.aws.cloudformation.stacks.state import Polls

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from moto.cloudformation.models import StackSet

Json = dict[str, Any]
CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"
RUNNING: Final = "RUNNING"


class Instance(Protocol):
    """A stack instance, with the result of its last operation."""

    account_id: str
    region_name: str
    detailed: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one stack instance."""

    account: str
    region: str
    status: str
    reason: str = ""


@dataclass(slots=True)
class Operation:
    """An operation that is carried out. `asked` counts the questions about it, which show more and more of it."""

    action: str
    failed: bool
    results: tuple[Result, ...]
    polls: int = field(default_factory=lambda: Polls.needed)
    asked: int = 0
    id: str = field(default_factory=lambda: str(mock_random.uuid4()))
    created: datetime = field(default_factory=utcnow)
    ended: datetime = field(default_factory=utcnow)

    def ask(self) -> None:
        """Show more of it, because a caller asks."""
        self.asked += 1

    @property
    def status(self) -> str:
        """The status that a caller sees."""
        if self.asked <= self.polls:
            return RUNNING
        return "FAILED" if self.failed else "SUCCEEDED"

    def shown(self) -> tuple[Result, ...]:
        """The results that a caller sees: the first ones are final, one is in progress, the others wait."""
        if self.status != RUNNING:
            return self.results
        done = len(self.results) * self.asked // (self.polls + 1)
        return tuple(
            result if number < done else Result(result.account, result.region, RUNNING if number == done else "PENDING")
            for number, result in enumerate(self.results)
        )


def operations_of(stack_set: StackSet) -> list[Operation]:
    """The operations of a StackSet, oldest first."""
    found: list[Operation] = stack_set.__dict__.setdefault("sandbox_operations", [])
    return found


def carried_out(stack_set: StackSet, action: str, instances: Iterable[Instance], *, failed: bool = False) -> None:
    """Remember an operation on these instances, if there are any."""
    results = tuple(
        Result(each.account_id, each.region_name, "SUCCEEDED" if action == DELETE else each.detailed, each.reason)
        for each in instances
    )
    if results:
        operations_of(stack_set).append(Operation(action, failed, results))
