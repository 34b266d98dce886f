"""The pace of calls to Route 53 in memory, where no ledger is measured or tested, and how fast a bucket is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.aws.pace.turns import Turns

if TYPE_CHECKING:
    from hub.runtime.ports import Clock, Sleep
    from hub.runtime.rate_limit import Pace


@dataclass(slots=True)
class MemoryPaceRow:
    """The pace that all workers of a process share, and how often one lost a race for its turn."""

    stored: Pace | None = None
    lost: int = 0

    def replaced(self, before: int, pace: Pace) -> Pace | None:
        """Store a pace in place of the one of this version; return None, or the one that is stored instead of that."""
        if self.stored is not None and self.stored.version != before:
            self.lost += 1
            return self.stored
        self.stored = pace
        return None


def turns_in_memory(share: float, clock: Clock, sleep: Sleep) -> Turns:
    """The turns of the only worker."""
    return Turns(MemoryPaceRow(), share, clock, sleep)


def fewest_seconds(tokens: float, bucket: tuple[float, float], share: float = 1.0) -> float:
    """The fewest seconds in which a share of a bucket, which is full at first, gives so many tokens."""
    capacity, refill = bucket
    return max(0.0, (tokens - capacity * share) / (refill * share))
