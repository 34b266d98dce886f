"""The pace of calls to Route 53: the token buckets that all functions share, and what a call needs of them. Pure.

Route 53 accepts bursts of 50 requests and 1,500 changes from an account, and then 10 requests and 100 changes a second.
A CREATE or a DELETE is one change; associating or disassociating a VPC is two (Developer Guide, "Throttling for Amazon
Route 53 API requests", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html).

Nobody takes tokens in advance. A call waits until its tokens are there, so small calls go out while a large one waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from math import ceil, floor
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from hub.runtime.model.names import Millis

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUESTS: Final = "requests"
CHANGES: Final = "changes"
# Operations that also have their own bucket, and the number of changes that a call takes.
ASSOCIATE: Final = "AssociateVPCWithHostedZone"
DISASSOCIATE: Final = "DisassociateVPCFromHostedZone"
ASSOCIATION_CHANGES: Final = 2
# Three buckets of our own that depend on the share. Publishing takes nine tenths of the requests at most, so that
# associations and audits never wait for it to end, however many small batches there are.
PUBLISHING: Final = "publishing"
# Prompt changes take half of the changes at most, so that the backlog gets the other half.
PROMPT: Final = "prompt"
# What comes back from the backlog. Prompt changes take from it, too: the backlog gets what they leave.
RELEASES: Final = "releases"
# Each bucket of an account: its capacity, and the tokens that it gains a second.
BUCKETS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        REQUESTS: (50.0, 10.0),
        CHANGES: (1_500.0, 100.0),
        ASSOCIATE: (20.0, 5.0),
        DISASSOCIATE: (10.0, 5.0),
        PUBLISHING: (45.0, 9.0),
        PROMPT: (750.0, 50.0),
        RELEASES: (1_500.0, 100.0),
    }
)
# While Route 53 processes a change of a hosted zone, it refuses the next one (PriorRequestNotComplete; API Reference,
# ChangeResourceRecordSets). So each zone has a bucket, too, whatever the share is: workers of several shards send its
# change batches 0.2 seconds apart. What is not prompt leaves the tokens of a batch, so that prompt changes need not
# wait for it. Prompt batches also have a bucket of their own in each zone, so that a fifth stays for the others. A call
# about an association takes less.
_ZONE: Final = "zone#"
_PROMPT_IN_ZONE: Final = "prompt#"
# A release comes to all shards of the stream at once, and each shard sends a change batch. Many small releases would
# take all change batches that a zone accepts. So a release begins five seconds after the last one at the earliest.
_RELEASE_TURN: Final = "release-turn"
# The buckets that do not depend on the share, by what their names begin with.
_FIXED_BUCKETS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {_ZONE: (2.0, 5.0), _PROMPT_IN_ZONE: (2.0, 4.0), _RELEASE_TURN: (1.0, 0.2)}
)
_BATCH: Final = 1.0
_ASSOCIATION: Final = 0.25
_LEFT_OF_ZONES: Final = 0.5
# The parts of the requests that stay for more urgent calls.
_LEFT_BY_LISTINGS: Final = 0.5
_LEFT_BY_ASSOCIATIONS: Final = 0.25
# The parts that prompt names of other accounts leave to those of quiet ones, and to what comes back from the backlog.
_LEFT_BY_PROMPT_BATCHES: Final = 0.25
_LEFT_BY_PROMPT_READINGS: Final = 0.5
# A throttled call means that others use the account, too. It halves the rate, but not below this part of the share.
LEAST_RATE: Final = 0.25
# Each call that is not throttled raises the rate by this part of the share.
RECOVERY: Final = 0.05
# The clocks of workers differ a little. A time that is later than this many milliseconds from now counts as now.
CLOCK_SKEW: Final = 1_000


class Urgency(Enum):
    """How soon the publisher's calls for names must have their turn."""

    # Names that come back from the backlog.
    PATIENT = auto()
    # Prompt names, of accounts that are within their rates.
    PROMPT = auto()
    # Prompt names of accounts that changed very few names in the last seconds.
    QUIET = auto()


@dataclass(frozen=True, slots=True)
class Demand:
    """What a call needs: tokens of some buckets, and the part of a bucket's capacity, 0 to 1, that it must leave."""

    tokens: Mapping[str, float]
    remaining: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def batch(cls, changes: int, urgency: Urgency = Urgency.PATIENT, zone_id: str = "") -> Self:
        """A change batch of a zone."""
        tokens = {REQUESTS: 1.0, PUBLISHING: 1.0, CHANGES: float(changes), **_in_zone(_ZONE, zone_id, _BATCH)}
        if urgency is Urgency.PATIENT:
            return cls(tokens, _in_zone(_ZONE, zone_id, _LEFT_OF_ZONES))
        tokens |= {PROMPT: float(changes), RELEASES: float(changes), **_in_zone(_PROMPT_IN_ZONE, zone_id, _BATCH)}
        if urgency is Urgency.QUIET:
            return cls(tokens)
        zone, prompt = (_in_zone(each, zone_id, _LEFT_BY_PROMPT_BATCHES) for each in (_ZONE, _PROMPT_IN_ZONE))
        return cls(tokens, zone | prompt)

    def again(self) -> Self:
        """The same call once more, because the zone was busy: the refused one took a request, and no changes."""
        unused = {CHANGES, PROMPT, RELEASES}
        return replace(self, tokens={each: number for each, number in self.tokens.items() if each not in unused})

    @classmethod
    def reading(cls, urgency: Urgency = Urgency.PATIENT) -> Self:
        """The publisher reads a zone, or the backlog does.

        Prompt names leave something to those of quiet accounts and to the backlog, which reads for many names.
        """
        tokens = {REQUESTS: 1.0, PUBLISHING: 1.0}
        return cls(tokens, dict.fromkeys(tokens, _LEFT_BY_PROMPT_READINGS) if urgency is Urgency.PROMPT else {})

    @classmethod
    def listing(cls) -> Self:
        """An audit or a repair reads a zone; it can wait."""
        return cls({REQUESTS: 1.0}, {REQUESTS: _LEFT_BY_LISTINGS})

    @classmethod
    def association(cls, operation: str = "", changes: int = 0, zone_id: str = "") -> Self:
        """A call about the association of a VPC. Some operations change a zone, and have a bucket of their own."""
        own = {operation: 1.0} if operation else {}
        tokens = {REQUESTS: 1.0, CHANGES: float(changes), **own, **_in_zone(_ZONE, zone_id, _ASSOCIATION)}
        return cls(tokens, {REQUESTS: _LEFT_BY_ASSOCIATIONS, **_in_zone(_ZONE, zone_id, _LEFT_OF_ZONES)})

    @classmethod
    def release(cls, names: int) -> Self:
        """So many names come back from the backlog."""
        return cls({RELEASES: float(names)})

    @classmethod
    def release_turn(cls) -> Self:
        """A release of many names begins."""
        return cls({_RELEASE_TURN: 1.0})


@dataclass(frozen=True, slots=True)
class Pace:
    """The state of the buckets.

    Args:
        share: The part of the account's capacity and refill that all functions take together, above 0 and up to 1.
        tokens: The tokens of the buckets that were not full at a time.
        at: That time.
        rate: The part of the refill that the answers of Route 53 allow.
        version: How many turns were taken.
    """

    share: float
    tokens: Mapping[str, float]
    at: Millis
    rate: float = 1.0
    version: int = 0

    @classmethod
    def full(cls, share: float, now: Millis) -> Self:
        """Full buckets."""
        return cls(share, {}, now)

    def seen(self, now: Millis) -> Self:
        """The state as a worker sees it that reads it now. If it is from a clock far ahead, the refill begins now."""
        return replace(self, at=self._counted_at(now))

    def capacity(self, bucket: str) -> float:
        """The most tokens that the bucket holds. It must hold a whole one, or every call would have to wait."""
        return max(1.0, BUCKETS[bucket][0] * self.share) if bucket in BUCKETS else _fixed(bucket)[0]

    def available(self, bucket: str, now: Millis) -> float:
        """The tokens of a bucket now; below 0 after a demand that was larger than the bucket."""
        capacity = self.capacity(bucket)
        passed = max(0, now - self._counted_at(now)) / 1_000
        return min(capacity, self.tokens.get(bucket, capacity) + passed * self._refill(bucket))

    def delay(self, demand: Demand, now: Millis) -> float:
        """The seconds until the tokens that the call needs are there, in whole milliseconds."""
        return max(
            (self._delay(demand, bucket, now) for bucket, tokens in demand.tokens.items() if tokens), default=0.0
        )

    def taken(self, demand: Demand, now: Millis) -> Self:
        """The state after a call with this demand that is made now."""
        buckets = self.tokens.keys() | demand.tokens.keys()
        tokens = {each: self.available(each, now) - demand.tokens.get(each, 0.0) for each in sorted(buckets)}
        tokens = {each: left for each, left in tokens.items() if left < self.capacity(each)}
        # The time is never set back: a worker with a late clock must not refill a second time what was refilled.
        at = max(now, self._counted_at(now))
        return replace(self, tokens=tokens, at=at, version=self.version + 1)

    def answered(self, *, throttled: bool, repeats: int = 0) -> Self:
        """The state after the answer of a call that the SDK repeated so many times: each of them was a request."""
        rate = max(LEAST_RATE, self.rate / 2) if throttled else min(1.0, self.rate + RECOVERY)
        if not repeats:
            return replace(self, rate=rate)
        left = self.tokens.get(REQUESTS, self.capacity(REQUESTS)) - repeats
        return replace(self, rate=rate, tokens={**self.tokens, REQUESTS: left})

    def allowance(self, wait: float, now: Millis, *, prompt: bool) -> int:
        """The most changes of one batch, all of them prompt or none, that has to wait for so many seconds at most."""
        then = Millis(now + floor(wait * 1_000))
        if self.delay(Demand.reading(), now) > wait:
            return 0
        buckets = (CHANGES, PROMPT, RELEASES) if prompt else (CHANGES,)
        return max(0, floor(min(self.available(bucket, then) for bucket in buckets)))

    def _delay(self, demand: Demand, bucket: str, now: Millis) -> float:
        """The seconds until a bucket has what the call needs.

        A demand that is larger than the bucket waits until the bucket is full, and leaves it below 0.
        """
        capacity = self.capacity(bucket)
        needed = min(capacity, demand.tokens[bucket] + demand.remaining.get(bucket, 0.0) * capacity)
        missing = needed - self.available(bucket, now)
        if missing <= 0:
            return 0.0
        ahead = max(0, self._counted_at(now) - now)
        return (ahead + ceil(missing * 1_000 / self._refill(bucket))) / 1_000

    def _refill(self, bucket: str) -> float:
        return BUCKETS[bucket][1] * self.share * self.rate if bucket in BUCKETS else _fixed(bucket)[1]

    def _counted_at(self, now: Millis) -> Millis:
        """When the tokens were counted. A worker whose clock is far ahead delays nobody."""
        return now if self.at > now + CLOCK_SKEW else self.at


def is_bucket(name: str) -> bool:
    """Whether a bucket of this name exists."""
    return name in BUCKETS or name.startswith(tuple(_FIXED_BUCKETS))


def _in_zone(prefix: str, zone_id: str, number: float) -> dict[str, float]:
    return {f"{prefix}{zone_id}": number} if zone_id else {}


def _fixed(bucket: str) -> tuple[float, float]:
    """The capacity of a bucket that does not depend on the share, and the tokens that it gains a second."""
    return next(found for prefix, found in _FIXED_BUCKETS.items() if bucket.startswith(prefix))
