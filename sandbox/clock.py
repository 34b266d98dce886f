"""The sandbox's time: the machine's own, or one that a test moves."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import time_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

# An instant after this project began, so that no certificate or signature check finds it odd.
EPOCH = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Clock(Protocol):
    """What the bridges need of time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class MovedClock:
    """Time that stands still until it is moved, for the whole process: runtime, botocore and moto alike.

    `time.sleep` moves it too, so that what waits costs no real time and is seen by everything that keeps time.
    """

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Move time on."""
        self._traveller.shift(timedelta(seconds=seconds))


@contextmanager
def moved_clock(start: datetime = EPOCH) -> Iterator[MovedClock]:
    """Take the process's time over for as long as the context lasts."""
    really_sleep = time.sleep
    with time_machine.travel(start, tick=False) as traveller:
        clock = MovedClock(traveller)
        time.sleep = clock.advance  # type: ignore[assignment]  # takes seconds as a float, as all callers give them
        try:
            yield clock
        finally:
            time.sleep = really_sleep
