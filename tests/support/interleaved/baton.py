"""Workers as threads of which only the holder of a baton runs: a schedule decides before each call who goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Lock, Thread
from typing import Any, Self

# A call that takes this many seconds waits for something that no schedule brings.
SECONDS = 20.0


class Killed(BaseException):
    """The worker was killed."""


class Stuck(AssertionError):
    """A worker waits, or works without calls, for ever."""


@dataclass(slots=True)
class Choices:
    """The decisions of a schedule: recorded ones first, then those of a seed. All are recorded."""

    random: Random
    given: list[int] = field(default_factory=list)
    made: list[int] = field(default_factory=list)
    exhausted_to_zero: bool = False

    @classmethod
    def of_seed(cls, seed: int) -> Self:
        """The choices of a seed: the same in every run."""
        return cls(Random(seed))  # noqa: S311 - this is no secret

    def below(self, bound: int) -> int:
        position = len(self.made)
        if position < len(self.given):
            choice = self.given[position] % bound
        else:
            choice = 0 if self.exhausted_to_zero else int(self.random.random() * bound)
        self.made.append(choice)
        return choice

    def of(self, options: list[Any] | tuple[Any, ...]) -> Any:  # noqa: ANN401 - whatever the options are
        return options[self.below(len(options))]

    def weighted(self, weights: list[int]) -> int:
        """The position of a weight: position 0 if the choice is 0."""
        choice = self.below(sum(weights))
        for position, weight in enumerate(weights):
            choice -= weight
            if choice < 0:
                return position
        raise AssertionError(weights)


class Seat:
    """A thread that runs one invocation after another, and only while the scheduler waits for it."""

    def __init__(self) -> None:
        self._turn, self._back = Lock(), Lock()
        self._turn.acquire()
        self._back.acquire()
        self._work: Callable[[], object] = lambda: None
        self.done = True
        self.fault: str | None = None
        self.doing = ""
        self.error: BaseException | None = None
        Thread(target=self._run, daemon=True).start()

    def begin(self, work: Callable[[], object]) -> None:
        """Run until the first call."""
        self._work, self.done, self.fault, self.error = work, False, None, None
        self._pass()

    def resume(self, fault: str | None = None) -> None:
        """Make the call that the worker waits with, or let it fail, and run until the next."""
        self.fault = fault
        self._pass()

    def wait(self, doing: str) -> str | None:
        """Wait for the turn, in the worker, before a call; return the fault of the call."""
        self.doing = doing
        self._back.release()
        self._turn.acquire()
        fault, self.fault = self.fault, None
        return fault

    def _pass(self) -> None:
        self._turn.release()
        if not self._back.acquire(timeout=SECONDS):
            raise Stuck(f"a worker has not come back for {SECONDS} seconds, after {self.doing}")
        if self.error is not None:
            error, self.error = self.error, None
            raise error

    def _run(self) -> None:
        while True:
            self._turn.acquire()
            try:
                self._work()
            except BaseException as error:  # noqa: BLE001 - raised again where the schedule is
                self.error = error
            self.done = True
            self.doing = "done"
            self._back.release()
