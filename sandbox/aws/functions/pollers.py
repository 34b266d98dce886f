"""The pollers of queues. They give batches to functions and handle the reported failures.

A simulation, which cites its sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from moto.sqs.models import sqs_backends

from sandbox.aws.functions.mappings import qualifier_of_mapping
from sandbox.aws.functions.records import queue_record, reported_failures
from sandbox.aws.sqs.fair_queues import delete, received

if TYPE_CHECKING:
    from sandbox.aws.functions.records import Outcome

Event = dict[str, Any]
# A function, mapping, queue or message of the emulator, which ships no types.
Moto = Any

# How many environments of a queue's function take turns. Lambda starts with up to five concurrent batches, and a
# MaximumConcurrency is at least 2: "Configuring scaling behavior for SQS event source mappings"
# (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
ENVIRONMENTS: Final = 2


class Invoker(Protocol):
    """What a poller needs of the service."""

    def check(self, function: Moto, action: str, resource: str) -> None:
        """Raise unless the function's role allows the action."""

    def invoke(self, function: Moto, event: Event, place: str, qualifier: str) -> Outcome:
        """Run the function once with this event, in the environment that it has at this place."""

    def received(self, function: Moto, qualifier: str, created: float) -> None:
        """Tell that the function received records of a stream, the last of which was created at this time."""

    def undelivered(self, function: Moto, qualifier: str) -> None:
        """Tell that a batch that failed did not reach its destination."""


@dataclass(slots=True)
class QueuePoller:
    """Polls a queue for a function.

    "Using Lambda with Amazon SQS" (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html) and "Handling errors for
    an SQS event source in Lambda" (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
    Batches come one after the other, but in environments that take turns, as if they were concurrent.
    """

    service: Invoker
    mapping: Moto
    function: Moto = None
    _invocations: int = 0

    def __post_init__(self) -> None:
        if self.mapping.filter_criteria or self.mapping.event_source_arn.endswith(".fifo"):
            raise NotImplementedError(f"filters and FIFO queues are not simulated: {self.mapping.event_source_arn}")

    def poll(self) -> int:
        """Give the function one batch of visible messages; the number of messages."""
        arn = self.mapping.event_source_arn
        _, _, _, region, account, name = arn.split(":")
        queue = sqs_backends[account][region].get_queue(name)
        self.service.check(self.function, "sqs:GetQueueAttributes", arn)
        self.service.check(self.function, "sqs:ReceiveMessage", arn)
        messages = received(queue, self.mapping.batch_size)
        if not messages:
            return 0
        event = {"Records": [queue_record(message, arn) for message in messages]}
        place = f"{self.mapping.uuid}/{self._invocations % ENVIRONMENTS}"
        self._invocations += 1
        outcome = self.service.invoke(self.function, event, place, qualifier_of_mapping(self.mapping))
        ids = [message.id for message in messages]
        failed = ids if outcome.error else reported_failures(outcome.response, ids, self.mapping)
        # Failed messages stay, and become visible again after the queue's visibility timeout. So do those of a
        # throttled invocation. They count as received, and may become dead letters though no function ran.
        done = set(ids) - set(ids if failed is None else failed)
        if done:
            self.service.check(self.function, "sqs:DeleteMessage", arn)
            delete(queue, done)
        return len(messages)
