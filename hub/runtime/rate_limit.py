"""How fast Route 53 is asked: an account's buckets, of which a share is left for others. Pure.

Route 53 lets an account make bursts of 50 requests and 1,500 changes, and then 10 requests and 100 changes a second; a
CREATE or a DELETE is one change, and associating a VPC, or ending that, two (Developer Guide, "Quotas": maximums on API
requests, https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

REQUESTS: Final = (50.0, 10.0)
CHANGES: Final = (1_500.0, 100.0)
# Operations with a bucket of their own beside these, and what one takes of the bucket of changes.
ASSOCIATE: Final = "AssociateVPCWithHostedZone"
DISASSOCIATE: Final = "DisassociateVPCFromHostedZone"
OPERATIONS: Final = {ASSOCIATE: (20.0, 5.0), DISASSOCIATE: (10.0, 5.0)}
ASSOCIATION_CHANGES: Final = 2
# Others are at it, too, when a call is throttled: the rate is halved, though never below this part of the share...
LEAST_RATE: Final = 0.25
# ...and comes back by this part of the share with each call that is not.
RECOVERY: Final = 0.05


@dataclass(slots=True)
class _Bucket:
    """Tokens up to a capacity, refilled steadily; a call that wants more than fit takes them ahead of time."""

    capacity: float
    refill: float
    tokens: float
    seen_at: float

    def delay(self, tokens: float, now: float, rate: float) -> float:
        """How many seconds a call that takes these tokens has to wait."""
        missing = min(tokens, self.capacity) - self._there(now, rate)
        return max(0.0, missing / (self.refill * rate))

    def take(self, tokens: float, now: float, rate: float) -> None:
        self.tokens, self.seen_at = self._there(now, rate) - tokens, now

    def _there(self, now: float, rate: float) -> float:
        # A clock that is set back gives nothing and takes nothing.
        passed = max(0.0, now - self.seen_at)
        return min(self.capacity, self.tokens + passed * self.refill * rate)


@dataclass(slots=True)
class Pace:
    """The pace of one worker, which takes a share of both buckets.

    Args:
        share: What part of the account's burst and refill may be taken, above 0 and up to 1.
        started_at: Seconds; the buckets are full then.
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
        """How many seconds a call with so many changes has to wait for its turn."""
        return max(bucket.delay(tokens, now, self._rate) for bucket, tokens in self._taken(changes, operation))

    def take(self, changes: int, now: float, operation: str = "") -> None:
        """Count a call with so many changes, which is made now."""
        for bucket, tokens in self._taken(changes, operation):
            bucket.take(tokens, now, self._rate)

    def answered(self, *, throttled: bool) -> None:
        """Adapt the pace to how a call was answered."""
        if throttled:
            self._rate = max(LEAST_RATE, self._rate / 2)
        else:
            self._rate = min(1.0, self._rate + RECOVERY)

    def _bucket(self, capacity: float, refill: float) -> _Bucket:
        # A bucket that never holds a whole token would let nothing through at once, and everything in the end.
        capacity, refill = max(1.0, capacity * self.share), refill * self.share
        return _Bucket(capacity, refill, capacity, self.started_at)

    def _taken(self, changes: int, operation: str) -> list[tuple[_Bucket, float]]:
        own = self._operations.get(operation)
        return [(self._requests, 1.0), (self._changes, changes), *([(own, 1.0)] if own else [])]
