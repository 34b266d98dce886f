"""The pace of calls to Route 53: the token buckets of an account, which leave a share for others. Pure.

Route 53 accepts bursts of 50 requests and 1,500 changes from an account, and then 10 requests and 100 changes a second.
A CREATE or a DELETE is one change; associating or disassociating a VPC is two (Developer Guide, "Quotas": maximums on
API requests, https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

# Each bucket: its capacity, and the tokens that it gains a second.
REQUESTS: Final = (50.0, 10.0)
CHANGES: Final = (1_500.0, 100.0)
# Operations that also have their own bucket, and the number of changes that a call takes.
ASSOCIATE: Final = "AssociateVPCWithHostedZone"
DISASSOCIATE: Final = "DisassociateVPCFromHostedZone"
OPERATIONS: Final = {ASSOCIATE: (20.0, 5.0), DISASSOCIATE: (10.0, 5.0)}
ASSOCIATION_CHANGES: Final = 2
# A throttled call means that others use the account, too. It halves the rate, but not below this part of the share.
LEAST_RATE: Final = 0.25
# Each call that is not throttled raises the rate by this part of the share.
RECOVERY: Final = 0.05


@dataclass(slots=True)
class _Bucket:
    """Tokens up to a capacity, with a steady refill. A call that needs more than the capacity takes them in advance."""

    capacity: float
    refill: float
    tokens: float
    counted_at: float

    def delay(self, tokens: float, now: float, rate: float) -> float:
        """The seconds that a call with this many tokens has to wait."""
        missing = min(tokens, self.capacity) - self._available(now, rate)
        return max(0.0, missing / (self.refill * rate))

    def take(self, tokens: float, now: float, rate: float) -> None:
        self.tokens, self.counted_at = self._available(now, rate) - tokens, now

    def _available(self, now: float, rate: float) -> float:
        # A clock that was set back adds no tokens and removes none.
        passed = max(0.0, now - self.counted_at)
        return min(self.capacity, self.tokens + passed * self.refill * rate)


@dataclass(slots=True)
class Pace:
    """The pace of one worker, which takes a share of the buckets.

    Args:
        share: The part of the account's burst and refill that the worker may take, above 0 and up to 1.
        started_at: The time in seconds at which the buckets are full.
    """

    share: float
    started_at: float
    _rate: float = field(default=1.0, init=False)
    _requests: _Bucket = field(init=False)
    _changes: _Bucket = field(init=False)
    _operations: dict[str, _Bucket] = field(init=False)

    def __post_init__(self) -> None:
        self._requests, self._changes = self._bucket(*REQUESTS), self._bucket(*CHANGES)
        self._operations = {operation: self._bucket(*bucket) for operation, bucket in OPERATIONS.items()}

    def delay(self, changes: int, now: float, operation: str = "") -> float:
        """The seconds that a call with this many changes has to wait for its turn."""
        return max(bucket.delay(tokens, now, self._rate) for bucket, tokens in self._taken(changes, operation))

    def take(self, changes: int, now: float, operation: str = "") -> None:
        """Count a call with this many changes that is made now."""
        for bucket, tokens in self._taken(changes, operation):
            bucket.take(tokens, now, self._rate)

    def answered(self, *, throttled: bool) -> None:
        """Adapt the pace to the answer of a call."""
        if throttled:
            self._rate = max(LEAST_RATE, self._rate / 2)
        else:
            self._rate = min(1.0, self._rate + RECOVERY)

    def _bucket(self, capacity: float, refill: float) -> _Bucket:
        # A bucket must hold a whole token, or every call would have to wait.
        capacity, refill = max(1.0, capacity * self.share), refill * self.share
        return _Bucket(capacity, refill, capacity, self.started_at)

    def _taken(self, changes: int, operation: str) -> list[tuple[_Bucket, float]]:
        own = self._operations.get(operation)
        return [(self._requests, 1.0), (self._changes, changes), *([(own, 1.0)] if own else [])]
