"""The sandbox's clocks: the machine's own, and one that a test moves."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import time_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

# After this project began, so that no check of certificates or signatures objects.
EPOCH = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Clock(Protocol):
    """What the bridges need of a clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class RealClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class MovedClock:
    """A clock that stands still until it is moved, for the whole process: runtime, botocore and moto alike.

    `time.sleep` moves it too, so waiting takes no real time and everything in the process agrees on the time.
    """

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._traveller.shift(timedelta(seconds=seconds))


@contextmanager
def moved_clock(start: datetime = EPOCH) -> Iterator[MovedClock]:
    """Replace the process's clock while the context lasts."""
    really_sleep = time.sleep
    with time_machine.travel(start, tick=False) as traveller:
        clock = MovedClock(traveller)
        time.sleep = clock.advance  # type: ignore[assignment]  # takes seconds as a float, like all callers here
        try:
            yield clock
        finally:
            time.sleep = really_sleep
