"""Lambda: execution environments, and the event source mappings of queues and of the ledger's stream.

"Configuring scaling behavior for SQS event source mappings"
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html), "Using Lambda with Amazon DynamoDB"
(https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.dynamodb.shards import shard_of
from sandbox.bench.path.services.dynamodb import STREAM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.bench.path.kernel import Simulation
    from sandbox.bench.path.services.calls import Caller
    from sandbox.bench.path.services.parameters import Services
    from sandbox.bench.path.services.queues import Message, Queue

Event = dict[str, Any]
# Seconds before a shard's batch is tried again: AWS does not document them.
FIRST_RETRY: Final = 1.0
LAST_RETRY: Final = 60.0


@dataclass(slots=True)
class Environment:
    """An execution environment: its calls, its composition of the runtime, and when its invocation ends."""

    caller: Caller
    bootstrap: Any = None
    variables: Mapping[str, str] = field(default_factory=dict)
    deadline: float = 0.0


@dataclass(slots=True)
class Function:
    """A function, with the environments that are idle. `make` makes another environment, `handler` handles an event."""

    simulation: Simulation
    services: Services
    name: str
    timeout: float
    memory: int
    handler: Callable[[Event, Environment], Event]
    make: Callable[[Function], Environment]
    cold: int = 0
    idle: list[Environment] = field(default_factory=list)

    def invoke(self, event: Event) -> Event:
        """Handle an event, in a worker; return the response."""
        services, simulation = self.services, self.simulation
        simulation.sleep(services.invoke.of(simulation.random))
        environment = self.idle.pop() if self.idle else None
        if environment is None:
            self.cold += 1
            environment = self.make(self)
            # The initialization has the processor of a larger function, so the memory does not slow it down.
            simulation.sleep(services.cold_start.of(simulation.random) + services.import_cpu)
        began = simulation.now
        environment.deadline = began + self.timeout
        simulation.current.context = environment
        response = self.handler(event, environment)
        simulation.sleep(environment.caller.cpu(services.record_cpu * len(event["Records"])))
        if simulation.now > environment.deadline:
            raise AssertionError(f"{self.name} took {simulation.now - began:.0f} s, and may take {self.timeout:.0f} s")
        self.idle.append(environment)
        return response


@dataclass(slots=True)
class QueueMapping:
    """The mapping of a queue to a function."""

    simulation: Simulation
    services: Services
    queue: Queue
    function: Function
    arn: str
    batch_size: int = 10
    window: float = 0.0
    concurrency: int = 1_000
    running: int = 0
    _active_since: float = field(default=-1.0)
    _due_at: float = field(default=math.inf)
    # Whether the next poller is on its way.
    _growing: bool = False

    def __post_init__(self) -> None:
        self.queue.arrived = self.pump

    def pump(self) -> None:
        """Begin what can begin now, or when the window ends, or when there is another poller."""
        simulation = self.simulation
        if not self.queue.waiting:
            if not self.running:
                self._active_since = -1.0
            return
        if self._active_since < 0:
            self._active_since = simulation.now
        while self.queue.waiting and self.running < self._allowed():
            if self.window and self.queue.waiting < self.batch_size:
                self._pump_in(self.window)
                if self._due_at > simulation.now:
                    return
            self._due_at = math.inf
            self._begin()
        if self.queue.waiting and self.running < self.concurrency and not self._growing:
            self._growing = True
            simulation.at(self._active_since + (self._grown() + 1) / self.services.pollers_a_second, self._grow)

    def _grow(self) -> None:
        self._growing = False
        self.pump()

    def _allowed(self) -> int:
        return min(self.concurrency, self.services.pollers + self._grown())

    def _grown(self) -> int:
        """How many pollers were added since messages came."""
        # Times are exact to a fraction of a microsecond.
        return int((self.simulation.now - self._active_since) * self.services.pollers_a_second + 1e-5)

    def _pump_in(self, seconds: float) -> None:
        """The window of the batch begins with its first message."""
        if self._due_at == math.inf:
            self._due_at = self.simulation.now + seconds
            self.simulation.at(self._due_at, self.pump)

    def _begin(self) -> None:
        messages = self.queue.receive(self.batch_size)
        self.running += 1
        self.simulation.start(lambda: self._invoke(messages))

    def _invoke(self, messages: list[Message]) -> None:
        self.simulation.sleep(self.services.receive.of(self.simulation.random))
        response = self.function.invoke({"Records": [self._record(message) for message in messages]})
        failed = {each["itemIdentifier"] for each in response["batchItemFailures"]}
        self.queue.delete(message.id for message in messages if message.id not in failed)
        self.running -= 1
        self.pump()

    def _record(self, message: Message) -> Event:
        attributes = {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(int(message.sent_at * 1000)),
            **({"MessageGroupId": message.group} if message.group else {}),
        }
        return {
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
        }


@dataclass(slots=True)
class StreamMapping:
    """The mapping of the ledger's stream to a function: one invocation at a time for each shard, in order."""

    simulation: Simulation
    services: Services
    function: Function
    shards: int
    batch_size: int
    passes: Callable[[Mapping[str, Any]], bool]
    _waiting: list[deque[Event]] = field(init=False)
    _busy: list[bool] = field(init=False)
    _phases: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._waiting = [deque() for _ in range(self.shards)]
        self._busy = [False] * self.shards
        # The shards are polled independently of each other.
        self._phases = [self.simulation.random.random() * self.services.stream_poll for _ in range(self.shards)]

    @property
    def waiting(self) -> int:
        """How many records wait in the stream, those that are being handled included."""
        return sum(map(len, self._waiting))

    def changed(self, partition: str, record: Event) -> None:
        """Put a change of the table into its shard, if the filter lets it pass."""
        if not self.passes(record):
            return
        shard = shard_of(partition, self.shards)
        self._waiting[shard].append({**record, "eventSource": "aws:dynamodb", "eventSourceARN": STREAM})
        if not self._busy[shard]:
            self._busy[shard] = True
            self.simulation.after(self._until_poll(shard), lambda: self._begin(shard))

    def _until_poll(self, shard: int) -> float:
        poll = self.services.stream_poll
        return (self._phases[shard] - self.simulation.now) % poll if poll else 0.0

    def _begin(self, shard: int) -> None:
        self.simulation.start(lambda: self._run(shard))

    def _run(self, shard: int) -> None:
        waiting, wait = self._waiting[shard], FIRST_RETRY
        while waiting:
            records = [waiting[position] for position in range(min(len(waiting), self.batch_size))]
            response = self.function.invoke({"Records": records})
            failed = response["batchItemFailures"]
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            done = numbers.index(failed[0]["itemIdentifier"]) if failed else len(records)
            for _ in range(done):
                waiting.popleft()
            if failed:
                self.simulation.sleep(wait)
            wait = min(LAST_RETRY, 2 * wait) if failed and not done else FIRST_RETRY
        self._busy[shard] = False
