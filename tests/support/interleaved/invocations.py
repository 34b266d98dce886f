"""What the functions are invoked with, and what becomes of it: the queues and the stream."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from hub.runtime.model.names import InstanceRef
from tests.support.interleaved.backlog import QueueClient
from tests.support.interleaved.baton import Seat
from tests.support.interleaved.state import HOUR, State, Task, hint_text
from tests.support.interleaved.workers import RECEIVES, Worker

_pool: list[Seat] = []


@dataclass(slots=True)
class Invocations(State):
    """The functions of a schedule."""

    def beginnings(self) -> list[Callable[[], None]]:
        kinds = [worker.name.partition("-")[0] for worker in self.running]
        begins: list[Callable[[], None]] = []
        if self.queue and kinds.count("observer") < 3:
            begins.append(self._begin_observer)
        for shard, records in enumerate(self.world.table.shards):
            if records and shard not in self.busy and self.retried_at.get(shard, 0) <= self.steps:
                begins.append(partial(self._begin_publisher, shard))
        # The mapping's MaximumConcurrency.
        if self.world.backlog and kinds.count("releaser") < 2:
            begins.append(self._begin_releaser)
        if self.tasks and kinds.count("sweeper") < 3:
            begins.append(self._begin_sweeper)
        return begins

    def _worker(self, kind: str) -> Worker:
        self.invocations += 1
        # Most functions are about as fast as each other; a few stop for long between two calls.
        pace = (10, 10, 3, 1, 30)[self.choices.below(5)]
        offset = (0, 0, HOUR, -HOUR, 5 * HOUR, -5 * HOUR, 2_000)[self.choices.below(7)] if "skew" in self.hazards else 0
        page = (2, 100)[self.choices.below(2)]
        seat = _pool.pop() if _pool else Seat()
        name = f"{kind}-{self.invocations}"
        worker = Worker(name, self.world, seat, self.parts, offset=offset, page=page, pace=pace)
        self.running.append(worker)
        return worker

    def _begin_observer(self) -> None:
        size = min(len(self.queue), 1 + self.choices.below(3))
        hints = [self.queue.pop(self.choices.below(len(self.queue))) for _ in range(size)]
        worker = self._worker("observer")
        self.note(f"{worker.name} begins: {', '.join(map(hint_text, hints))}")

        def ended(again: set[InstanceRef] | None) -> None:
            self.running.remove(worker)
            _pool.append(worker.seat)
            tried = [replace(hint, attempt=hint.attempt + 1) for hint in hints if again is None or hint.ref in again]
            self.queue += [hint for hint in tried if hint.attempt <= RECEIVES]
            self.told &= all(hint.attempt <= RECEIVES for hint in tried)
            self.note(f"{worker.name} ends; again: {', '.join(map(hint_text, tried))}")

        worker.run(lambda each: each.observe(hints), ended)

    def _begin_publisher(self, shard: int) -> None:
        records = self.world.table.shards[shard]
        batch = records[: 1 + self.choices.below(6)]
        self.busy.add(shard)
        worker = self._worker("publisher")
        self.note(f"{worker.name} begins: {', '.join(each.key[0].split('#')[2] + ' ' + each.key[1] for each in batch)}")

        def ended(done: int | None) -> None:
            self.running.remove(worker)
            _pool.append(worker.seat)
            self.busy.discard(shard)
            if done is None:
                self.turnstiles.pop(shard, None)
            delivered = batch[: done or 0]
            if len(delivered) < len(batch):
                self.retried_at[shard] = self.steps + 50
            # After a loss the stream is another one.
            if records is self.world.table.shards[shard]:
                del records[: len(delivered)]
            self.note(f"{worker.name} ends; {len(batch) - len(delivered)} again")

        worker.run(lambda each: each.publish(batch, self.turnstiles[shard]), ended)

    def _begin_releaser(self) -> None:
        backlog = self.world.backlog
        size = min(len(backlog), 1 + self.choices.below(3))
        messages = [backlog.pop(self.choices.below(len(backlog))) for _ in range(size)]
        worker = self._worker("releaser")
        self.note(f"{worker.name} begins: {', '.join(each.body for each in messages)}")

        def ended(failed: set[int] | None) -> None:
            self.running.remove(worker)
            _pool.append(worker.seat)
            lost = set() if failed is None and self.forgetful else set(range(size))
            failed = lost if failed is None else failed
            # A standard queue delivers a message at least once.
            twice = {self.choices.below(size)} if not self.choices.below(8) and not self.forgetful else set()
            again = [
                replace(messages[each], deliveries=messages[each].deliveries + 1) for each in sorted(failed | twice)
            ]
            backlog.extend(each for each in again if each.deliveries < RECEIVES)
            backlog.extend(client.not_deleted.values())
            self.told &= all(each.deliveries < RECEIVES for each in again)
            self.note(f"{worker.name} ends; {len(again)} again")

        client = QueueClient(backlog, worker.step)
        worker.run(lambda each: each.release([message.body for message in messages], client), ended)

    def _begin_sweeper(self) -> None:
        task = self.tasks.pop(self.choices.below(len(self.tasks)))
        worker = self._worker("sweeper" if task.spoke else "auditor")
        self.note(f"{worker.name} begins: {task.spoke or 'audit'}")

        def ended(complete: bool | None) -> None:  # noqa: FBT001 - the invocation's result
            self.running.remove(worker)
            _pool.append(worker.seat)
            if not complete and task.attempt < RECEIVES:
                self.tasks.append(Task(task.spoke, task.attempt + 1))
            self.note(f"{worker.name} ends; {'complete' if complete else 'incomplete'}")

        worker.run(lambda each: each.sweep(task.spoke) if task.spoke else each.audit(), ended)

    def stop(self) -> None:
        """Kill all functions, and give their threads back."""
        for worker in list(self.running):
            for _ in range(50):
                if worker.seat.done:
                    break
                with suppress(Exception):
                    worker.seat.resume("killed before")
        _pool.extend(worker.seat for worker in self.running if worker.seat.done)
        self.running.clear()
