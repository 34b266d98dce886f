"""Token buckets of the services, and how far calls exceed a share of one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Bucket:
    """Tokens up to a capacity, with a steady refill, full at first."""

    capacity: float
    refill: float
    tokens: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def take(self, tokens: float, now: float) -> bool:
        """Take tokens if they are there."""
        self._refill(now)
        # Sums of fractions of a second are not exact.
        if self.tokens < tokens - 1e-6:
            return False
        self.tokens -= tokens
        return True

    def reserve(self, tokens: float, now: float) -> float:
        """Take tokens, also such that are not there yet; return in how many seconds they are."""
        self._refill(now)
        self.tokens -= tokens
        return max(0.0, -self.tokens) / self.refill

    def _refill(self, now: float) -> None:
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.refill)
        self.at = now


def exceeded(calls: Iterable[tuple[float, float]], capacity: float, refill: float) -> float:
    """Return the most tokens that calls took above a bucket's capacity and refill in any span of time.

    `calls` are the times in order, and the tokens of each.
    """
    tokens = lowest = capacity
    last = None
    for at, taken in calls:
        tokens = min(capacity, tokens + (at - (at if last is None else last)) * refill) - taken
        last = at
        lowest = min(lowest, tokens)
    return max(0.0, -lowest)
