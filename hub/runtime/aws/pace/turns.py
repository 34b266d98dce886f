"""The turns of calls to Route 53, by one pace that all workers share: each turn is one conditional write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from hub.runtime.aws.pace.spent import Spent
from hub.runtime.model.names import NEVER
from hub.runtime.ports import NoTurn
from hub.runtime.rate_limit import BUCKETS, CHANGES, RELEASES, Pace

if TYPE_CHECKING:
    from hub.runtime.model.names import Millis
    from hub.runtime.ports import Clock, Sleep
    from hub.runtime.rate_limit import Demand

# Names that come back later wait for those of a release, so a release must not take long. A small release gives each
# shard of the stream a small change batch.
RELEASE_SECONDS: Final = 10


class PaceRow(Protocol):
    """The stored pace."""

    def replaced(self, before: int, pace: Pace) -> Pace | None:
        """Store a pace in place of the one of this version; return None, or the one that is stored instead of that.

        Raises:
            LedgerUnavailable: if it is not known which is stored.
        """
        ...


class Turns:
    """The turns of one worker, which remembers the pace as it last saw it.

    Args:
        row: The pace that all workers share.
        share: The part of the account's quotas that they take together, above 0 and up to 1.
        clock: The time.
        sleep: How the worker waits for its turn.
        spent: Counts what the turns take.
    """

    def __init__(self, row: PaceRow, share: float, clock: Clock, sleep: Sleep, spent: Spent | None = None) -> None:
        self._row = row
        self._clock = clock
        self._sleep = sleep
        self._spent = spent or Spent()
        self._known = Pace.full(share, NEVER)
        # The answers since the last turn: whether each call was throttled, and how often it was repeated.
        self._answers: list[tuple[bool, int]] = []

    def take(self, demand: Demand, wait: float | None = None) -> None:
        """Wait until the tokens for a call are there, and take them.

        Raises:
            NoTurn: if that would take more than `wait` seconds.
            LedgerUnavailable: if the pace cannot be stored.
        """
        began = self._clock()
        while True:
            now = self._clock()
            # After the clock was set back, the refill begins now, and not when the clock comes to the stored time.
            self._known = self._known.seen(now)
            pace = self._expected()
            if delay := pace.delay(demand, now):
                if wait is not None and (now - began) / 1_000 + delay > wait:
                    raise NoTurn(delay)
                self._sleep(delay)
                continue
            taken = pace.taken(demand, now)
            stored = self._row.replaced(pace.version, taken)
            if stored is None:
                self._known = taken
                self._answers.clear()
                self._spent.called(demand)
                return
            # Another worker took its turn. What it left decides.
            self._known = stored.seen(self._clock())

    def now(self) -> Millis:
        """The time of the worker's clock."""
        return self._clock()

    def answered(self, *, throttled: bool, repeats: int = 0) -> None:
        """Remember the answer of a call. It is stored with the next turn."""
        self._answers.append((throttled, repeats))
        self._spent.repeated(repeats)

    def delay(self, demand: Demand) -> float:
        """The seconds that a call would wait for its turn, by what this worker knows."""
        return self._expected().delay(demand, self._clock())

    def allowance(self, wait: float, *, prompt: bool) -> int:
        """The most changes of one batch, all prompt or none, that would wait so many seconds, by what is known."""
        return self._expected().allowance(wait, self._clock(), prompt=prompt)

    @property
    def most_changes(self) -> int:
        """The most changes of one batch that never needs more tokens than a full bucket holds."""
        return int(self._known.capacity(CHANGES))

    @property
    def most_releases(self) -> int:
        """The most names that come back from the backlog together: those of some seconds at the pace of the share."""
        return max(1, int(RELEASE_SECONDS * BUCKETS[RELEASES][1] * self._known.share))

    def _expected(self) -> Pace:
        """The pace as this worker knows it, after the answers that are not stored yet."""
        pace = self._known
        for throttled, repeats in self._answers:
            pace = pace.answered(throttled=throttled, repeats=repeats)
        return pace
