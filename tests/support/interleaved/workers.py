"""The functions at work: each invocation is a worker that the schedule switches at each call of a port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError

from hub.runtime.aws.backlog.queue import BacklogQueue
from hub.runtime.aws.backlog.rows import DynamoBacklog
from hub.runtime.aws.ledger.changes import NameChanges
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.pace.row import DynamoPaceRow
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.guard import Guard
from hub.runtime.model.names import Change, Millis, Spoke
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceResult, Recorder
from hub.runtime.ports import LedgerUnavailable, SpokeDenied, SpokeUnreachable, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.backlog.deferral import Deferral
from hub.runtime.publisher.backlog.releaser import Releaser
from hub.runtime.publisher.backlog.turnstile import Turnstile
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.publisher import Publisher
from hub.runtime.sweeper.auditor import Auditor
from hub.runtime.sweeper.sweeper import Sweeper
from tests.support.build import CORP_ZONE
from tests.support.interleaved.backlog import SHARE, Message, PacedZones, QueueClient, released
from tests.support.interleaved.baton import Killed, Seat
from tests.support.interleaved.dynamodb import Client, MemoryTable, Record, error, stream_arn
from tests.support.interleaved.organization import POLICY, ZONE_IDS, Truth
from tests.support.memory import AMPLE
from tests.support.memory_statuses import MemoryStatuses
from tests.support.memory_zones import MemoryZones

# Deliveries of an event before it becomes a dead letter, and of a task of the sweeper.
RECEIVES = 5
GUARD = Guard(0.3, 1_000, 7 * 86_400_000)
# Faults of a call: the worker is killed, or the call fails, before or after what it does. `repeated` is a call whose
# answer was lost, and which the SDK makes again.
FAULTS = ("killed before", "killed after", "throttled", "denied", "timed out", "repeated")
SLEEP = "sleep"


@dataclass(slots=True)
class Surroundings:
    """What all workers share."""

    truth: Truth
    table: MemoryTable
    zones: MemoryZones
    now: int = 10**12
    backlog: list[Message] = field(default_factory=list)
    # The stream label in the environment of the functions: after a restore, an old one until the next deployment.
    deployed_label: str = "stream-0"


@dataclass(slots=True)
class WorkerClock:
    """The clock of one worker: off by some time, and jumping when the schedule says so."""

    world: Surroundings
    offset: int
    step: Callable[[str, Callable[[], Any]], Any]

    def __call__(self) -> Millis:
        return Millis(self.world.now + self.offset)

    def sleep(self, seconds: float) -> None:
        def slept() -> None:
            self.world.now += int(seconds * 1000)

        self.step(SLEEP, slept)


class Port:
    """A port whose calls, and each page of a listing, are steps. It fails with the errors of its kind."""

    def __init__(
        self, target: object, step: Callable[..., Any], name: str, failed: type[Exception], denied: type[Exception]
    ) -> None:
        self._target, self._step, self._name = target, step, name
        self._failed, self._denied = failed, denied

    def __getattr__(self, method: str) -> Any:  # noqa: ANN401 - whatever the port has
        called: Any = getattr(self._target, method)
        if not callable(called):
            return called

        def call(*arguments: object, **named: object) -> Any:  # noqa: ANN401 - as above
            if method == "delay":
                return called(*arguments, **named)
            told = f"{self._name}.{method} {_told(arguments)}"
            answer = self._made(told, lambda: called(*arguments, **named))
            return self._paged(told, answer) if isinstance(answer, Iterator) else answer

        return call

    def _paged(self, told: str, pages: Iterator[Any]) -> Iterator[Any]:
        end = object()
        while (page := self._made(told, lambda: next(pages, end))) is not end:
            yield page

    def _made(self, told: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as above
        return self._step(told, call, self._failed, self._denied)


def _told(arguments: tuple[object, ...]) -> str:
    return " ".join(map(_text, arguments))


def _text(argument: object) -> str:
    if not isinstance(argument, tuple):
        return str(argument)
    return " ".join(
        f"{each.action} {each.record_set.holder[-3:]}" if isinstance(each, Change) else str(each) for each in argument
    )


class Worker:
    """One invocation of a function. `ended` is called with what it returned, or None if it was killed."""

    def __init__(
        self, name: str, world: Surroundings, seat: Seat, parts: Parts, *, offset: int, page: int, pace: int
    ) -> None:
        self.name, self.world, self.seat, self.pace = name, world, seat, pace
        # The step of the schedule before which others run.
        self.asleep_until = 0
        self.clock = WorkerClock(world, offset, self.step)
        client: Any = Client(world.table, self.step, page)
        # A publisher also asks for the stream that the table has now.
        table = Table(client, "ledger", self.clock, self.clock.sleep, stream_arn(world.deployed_label))
        self.parts = parts
        self.table = table
        self.ledger, self.statuses = parts.ledger(table), DynamoStatuses(table)
        self.turns = Turns(DynamoPaceRow(table, SHARE), SHARE, self.clock, self.clock.sleep)
        self.zones: Any = Port(world.zones, self.step, "zones", ZoneUnavailable, ZoneClosed)
        self.spokes: Any = Port(world.truth.ec2, self.step, "ec2", SpokeUnreachable, SpokeDenied)

    def step(
        self,
        told: str,
        call: Callable[[], Any],
        failed: type[Exception] | None = None,
        denied: type[Exception] | None = None,
    ) -> Any:  # noqa: ANN401 - the answer of any call
        """Wait for the turn, and make a call, or let it fail."""
        fault = self.seat.wait(told)
        self.world.now += 1
        if fault is None or (told == SLEEP and not fault.startswith("killed")):
            return call()
        if fault == "killed before":
            raise Killed
        if fault == "throttled":
            raise failed("Throttling") if failed else error("ThrottlingException")
        if fault == "denied":
            raise denied("AccessDenied") if denied else error("AccessDeniedException")
        if fault == "repeated":
            with suppress(Exception):
                # Its answer is lost, whatever it was.
                call()
            return call()
        call()
        if fault == "killed after":
            raise Killed
        raise failed("read timeout") if failed else ReadTimeoutError(endpoint_url="dynamodb")

    def run(self, work: Callable[[Worker], Any], ended: Callable[[Any], None]) -> None:
        def invoked() -> None:
            result = None
            with suppress(Killed):
                result = work(self)
            ended(result)

        self.seat.begin(invoked)

    # The functions. Each returns what is to be delivered again.

    def observe(self, hints: list[Hint]) -> set[Any]:
        recorder = self.parts.recorder(self)
        accounts = self.world.truth.ec2
        observer = self.parts.observer(self, recorder, accounts)
        outcomes = observer.observe(hints, AMPLE)
        return {outcome.ref for outcome in outcomes if outcome.result is InstanceResult.RETRY}

    def publish(self, records: list[Record], turnstile: Turnstile) -> int:
        """Return the position of the first record to deliver again, or the number of records."""
        changes = NameChanges.of(record.event(position) for position, record in enumerate(records))
        outcomes = self.parts.publish(self, changes, turnstile)
        failed = [int(changes.first[outcome.key]) for outcome in outcomes if outcome.result is NameResult.RETRY]
        return min(failed, default=len(records))

    def release(self, bodies: list[str], client: QueueClient) -> set[int]:
        """Return the positions of the messages to deliver again."""
        releaser = Releaser(
            self.parts.backlog_rows(self.table),
            self.turns,
            self.turns.most_releases,
            PacedZones(self.zones, self.turns),
            self.clock,
        )
        return released(releaser, self.clock, bodies, client)

    def sweep(self, spoke: Spoke) -> bool:
        try:
            return (
                self.parts.sweeper(self, self.parts.recorder(self)).sweep(spoke, AMPLE, lambda _outcome: None).complete
            )
        except LedgerUnavailable:
            return False

    def audit(self) -> bool:
        try:
            return not any(status.fault for status in self.parts.auditor(self).audit([CORP_ZONE], AMPLE))
        except LedgerUnavailable:
            return False


class Parts:
    """Composes the use cases over the ports of a worker. A planted fault replaces one of them."""

    def ledger(self, table: Table) -> DynamoLedger:
        return DynamoLedger(table)

    def publisher_ledger(self, table: Table) -> DynamoLedger:
        return self.ledger(table)

    def publisher_status_rows(self, table: Table) -> DynamoStatuses:
        return DynamoStatuses(table, table.latest_stream)

    def recorder(self, worker: Worker) -> Recorder:
        return Recorder(worker.ledger, worker.clock)

    def observer(self, worker: Worker, recorder: Recorder, accounts: Any) -> Observer:  # noqa: ANN401 - two ports
        return Observer(POLICY, ZONE_IDS, accounts, accounts, worker.spokes, recorder, worker.clock, worker.clock.sleep)

    def backlog_queue(self, worker: Worker) -> BacklogQueue:
        client: Any = QueueClient(worker.world.backlog, worker.step)
        return BacklogQueue(lambda: client, "backlog")

    def backlog_rows(self, table: Table) -> DynamoBacklog:
        return DynamoBacklog(table)

    def publish(self, worker: Worker, changes: NameChanges, turnstile: Turnstile) -> list[Any]:
        publisher = Publisher(
            self.publisher_ledger(worker.table),
            self.publisher_status_rows(worker.table),
            PacedZones(worker.zones, worker.turns),
            worker.clock,
            backlog=Deferral(turnstile, self.backlog_queue(worker), self.backlog_rows(worker.table)),
        )
        return changes.published(publisher, AMPLE)

    def sweeper(self, worker: Worker, recorder: Recorder) -> Sweeper:
        accounts = worker.world.truth.ec2
        return Sweeper(
            policy=POLICY,
            policy_digest="p",
            zone_ids=ZONE_IDS,
            accounts=accounts,
            labels=accounts,
            instances=worker.spokes,
            rows=worker.ledger,
            statuses=worker.statuses,
            recorder=recorder,
            guard=GUARD,
            clock=worker.clock,
            queues=MemoryStatuses(worker.clock),
        )

    def auditor(self, worker: Worker) -> Auditor:
        return Auditor(worker.ledger, worker.statuses, worker.zones, GUARD, worker.clock, worker.statuses.paused)
