"""A standard queue of SQS as a fair queue: quiet groups go first, and otherwise older messages.

"How Amazon SQS fair queues work": a group is noisy if it has more than a tenth of the messages in flight, and at least
30 of them. A message without a group is a group of its own
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html). The share of
the processing time, by which SQS also judges, is not simulated.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.bench.path.kernel import Simulation

NOISY_SHARE: Final = 0.1
NOISY_MESSAGES: Final = 30


@dataclass(slots=True)
class Message:
    """A message, its place in the order of sending, and how often it was received."""

    number: int
    body: str
    group: str
    sent_at: float
    receives: int = 0

    @property
    def id(self) -> str:
        """The id of the message, and its receipt handle."""
        return f"m{self.number}"


@dataclass(slots=True)
class Queue:
    """A queue, whose messages are dead after so many receives. `arrived` is called when a message becomes visible."""

    simulation: Simulation
    visibility: float
    receives: float = math.inf
    arrived: Callable[[], None] = field(default=lambda: None)
    sent: int = 0
    dead: list[Message] = field(default_factory=list)
    waiting: int = 0
    _groups: dict[str, deque[Message]] = field(default_factory=dict)
    _in_flight: dict[str, Message] = field(default_factory=dict)
    _of_group: Counter[str] = field(default_factory=Counter)

    @property
    def in_flight(self) -> int:
        """How many messages were received and not deleted yet."""
        return len(self._in_flight)

    def send(self, body: str, group: str = "", delay: float = 0.0) -> None:
        """Send a message."""
        self.sent += 1
        message = Message(self.sent, body, group, self.simulation.now)
        if delay:
            self.simulation.after(delay, lambda: self._show(message))
        else:
            self._show(message)

    def receive(self, most: int) -> list[Message]:
        """Receive messages, which are invisible then."""
        found: list[Message] = []
        while len(found) < most and self.waiting:
            group = min(self._groups, key=self._turn)
            messages = self._groups[group]
            message = messages.popleft()
            if not messages:
                del self._groups[group]
            self.waiting -= 1
            message.receives += 1
            self._in_flight[message.id] = message
            self._of_group[group] += 1
            found.append(message)
            number = message.receives
            self.simulation.after(self.visibility, lambda each=message, count=number: self._again(each, count))  # type: ignore[misc]  # the defaults bind
        return found

    def delete(self, ids: Iterable[str]) -> None:
        """Delete messages that were received."""
        for message_id in ids:
            self._forget(message_id)

    def _turn(self, group: str) -> tuple[bool, int]:
        mine = self._of_group[group] if group else 0
        noisy = mine >= NOISY_MESSAGES and mine > NOISY_SHARE * len(self._in_flight)
        return noisy, self._groups[group][0].number

    def _again(self, message: Message, number: int) -> None:
        """Show a message again that was received so often and not deleted within its visibility timeout."""
        if self._in_flight.get(message.id) is message and message.receives == number:
            self._forget(message.id)
            if message.receives >= self.receives:
                self.dead.append(message)
            else:
                self._show(message)

    def _forget(self, message_id: str) -> None:
        message = self._in_flight.pop(message_id, None)
        if message is not None:
            self._of_group[message.group] -= 1

    def _show(self, message: Message) -> None:
        self._groups.setdefault(message.group, deque()).append(message)
        self.waiting += 1
        self.arrived()
