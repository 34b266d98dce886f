"""A virtual clock on which workers run concurrently. The code under test is synchronous, so each worker is a thread.

Only the holder of a baton runs. A worker that waits passes the baton on to whatever is due next, and the clock moves.
So the same seed gives the same run, and an hour of waiting takes no time.
"""

from __future__ import annotations

import heapq
from itertools import count
from random import Random
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

# After this project began.
BEGIN: Final = 1_793_000_000.0


class Closed(BaseException):
    """The simulation is over while a worker waits."""


class Worker:
    """A thread that does one piece of work after another. `context` is what its present work belongs to."""

    def __init__(self, simulation: Simulation) -> None:
        self.turn = Lock()
        self.turn.acquire()
        self.work: Callable[[], None] | None = None
        self.context: Any = None
        self._simulation = simulation

    def begin(self) -> None:
        """Start the thread."""
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while True:
            self.turn.acquire()
            if self.work is None:
                return
            self._simulation.current = self
            try:
                self.work()
            except Closed:
                return
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that runs the simulation
                self._simulation.error = error
            self.work = self.context = None
            self._simulation.ended(self)


class Simulation:
    """The clock, in seconds since the epoch, and everything that is to happen."""

    def __init__(self, seed: int = 1) -> None:
        self.now = BEGIN
        self.random = Random(seed)  # noqa: S311 - this is no secret
        self.error: BaseException | None = None
        self.events = 0
        self._due: list[tuple[float, int, Callable[[], None] | Worker]] = []
        self._numbers: Iterator[int] = count()
        self._main = Worker(self)
        self.current = self._main
        self._resume = -1
        self._done: Callable[[], bool] | None = None
        self._idle: list[Worker] = []
        self._workers: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all threads."""
        self._done = None
        for worker in self._workers:
            if worker.work is not None:
                # It raises Closed where it waits, and what it does then must not wait again.
                worker.context = Closed
            worker.turn.release()
            worker.thread.join(timeout=5)

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do something at a time. It must not wait."""
        heapq.heappush(self._due, (max(time, self.now), next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after some seconds. It must not wait."""
        self.at(self.now + seconds, action)

    def start(self, work: Callable[[], None], context: Any = None) -> None:  # noqa: ANN401 - the caller's
        """Let a worker do this from now on. It may wait."""
        if self._idle:
            worker = self._idle.pop()
        else:
            worker = Worker(self)
            self._workers.append(worker)
            worker.begin()
        worker.work, worker.context = work, context
        heapq.heappush(self._due, (self.now, next(self._numbers), worker))

    def sleep(self, seconds: float) -> None:
        """Wait, in a worker, and let others run meanwhile."""
        worker = self.current
        if worker.context is Closed:
            raise Closed
        heapq.heappush(self._due, (self.now + max(0.0, seconds), next(self._numbers), worker))
        self._pass(worker)

    def run(self, seconds: float = float("inf"), done: Callable[[], bool] | None = None) -> bool:
        """Let time pass, until nothing is left to do or it is `done`; whether it is done."""
        if self.current is not self._main:
            raise RuntimeError("a worker cannot run the simulation")
        self._done, self._resume = done, -1
        if seconds != float("inf"):
            self._resume = next(self._numbers)
            heapq.heappush(self._due, (self.now + seconds, self._resume, self._main))
        self._pass(self._main)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return done is not None and done()

    def ended(self, worker: Worker) -> None:
        """Pass the baton on from a worker whose work is done."""
        self._idle.append(worker)
        self._next().turn.release()

    def _pass(self, worker: Worker) -> None:
        following = self._next()
        if following is not worker:
            following.turn.release()
            worker.turn.acquire()
            if worker.context is Closed:
                raise Closed
        self.current = worker

    def _next(self) -> Worker:
        """Do what is due until it is the turn of a worker; the thread that runs the simulation goes last."""
        while self._due and self.error is None and not (self._done and self._done()):
            self.now, number, action = heapq.heappop(self._due)
            self.events += 1
            if isinstance(action, Worker):
                if action is self._main and number != self._resume:
                    continue
                return action
            try:
                action()
            except BaseException as error:  # noqa: BLE001 - as above
                self.error = error
        return self._main
