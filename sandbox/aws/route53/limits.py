"""Route 53's limits: the size of a request, and the buckets of an account. Pure.

"Quotas", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.aws.route53.rules import Action, InvalidChangeBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.aws.route53.rules import Change
    from sandbox.clock import Clock

MAX_RECORDS: Final = 1_000
MAX_CHARACTERS: Final = 32_000

# "Quotas on hosted zones": VPCs that a private zone can be associated with, and authorizations for them.
MAX_VPCS: Final = 300
MAX_AUTHORIZATIONS: Final = 1_000

# ListResourceRecordSets: "at most 300 items" a page
# (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html).
RECORD_SETS_A_PAGE: Final = 300

# Tokens that one call takes from the account's bucket of changes.
CHANGE_TOKENS: Final = {Action.CREATE: 1, Action.DELETE: 1, Action.UPSERT: 2}
ASSOCIATION_TOKENS: Final = 2
HOSTED_ZONE_TOKENS: Final = 2

REQUESTS: Final = (50.0, 10.0)
CHANGES: Final = (1_500.0, 100.0)
# Operations with their own bucket beside the account's: burst, refill in a second.
OPERATIONS: Final = {
    "AssociateVPCWithHostedZone": (20.0, 5.0),
    "DisassociateVPCFromHostedZone": (10.0, 5.0),
    "CreateHostedZone": (40.0, 2.0),
}


def check_size(changes: Iterable[Change]) -> None:
    """Refuse a request with more than 1,000 ResourceRecord elements or 32,000 characters; an UPSERT counts twice.

    "Maximums on API requests: ChangeResourceRecordSets",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html

    Raises:
        InvalidChangeBatch: if the request is too large, with Route 53's message.
    """
    records = characters = 0
    for change in changes:
        weight = 2 if change.action is Action.UPSERT else 1
        records += weight * len(change.record_set.values)
        characters += weight * sum(map(len, change.record_set.values))
    if records > MAX_RECORDS:
        raise InvalidChangeBatch((f"Number of records limit of {MAX_RECORDS} exceeded.",))
    if characters > MAX_CHARACTERS:
        raise InvalidChangeBatch((f"RDATA character limit of {MAX_CHARACTERS} exceeded.",))


def change_tokens(changes: Iterable[Change]) -> int:
    """How many change tokens a batch takes: 1 for a CREATE or a DELETE, 2 for an UPSERT."""
    return sum(CHANGE_TOKENS[change.action] for change in changes)


class TokenBucket:
    """Tokens that refill steadily up to a capacity. The bucket starts full."""

    def __init__(self, capacity: float, refill_per_second: float, clock: Clock) -> None:
        self._capacity = capacity
        self._refill_per_second = refill_per_second
        self._clock = clock
        self._tokens = capacity
        self._seen_at = clock.now()

    @property
    def tokens(self) -> float:
        """How many tokens the bucket has now."""
        # If the clock is set back, the bucket neither gains nor loses tokens.
        passed = max(0.0, self._clock.now() - self._seen_at)
        return min(self._capacity, self._tokens + passed * self._refill_per_second)

    def take(self, tokens: float) -> bool:
        """Take all of the tokens or none; whether there were enough."""
        remaining = self.tokens - tokens
        if remaining < 0:
            return False
        self._tokens, self._seen_at = remaining, self._clock.now()
        return True


class AccountLimits:
    """The buckets of one account: for requests, for changes, and for single operations.

    Requests: burst 50, 10 in a second. Changes: burst 1,500, 100 in a second.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
    """

    def __init__(
        self,
        clock: Clock,
        requests: tuple[float, float] = REQUESTS,
        changes: tuple[float, float] = CHANGES,
    ) -> None:
        self.requests = TokenBucket(*requests, clock)
        self.changes = TokenBucket(*changes, clock)
        self._operations = {operation: TokenBucket(*bucket, clock) for operation, bucket in OPERATIONS.items()}

    def admits(self, operation: str) -> bool:
        """Whether one more call is admitted. An admitted call takes its tokens."""
        own = self._operations.get(operation)
        # Checked before anything is taken, so that a refusal by one bucket takes nothing from the other.
        if own is not None and own.tokens < 1:
            return False
        return self.requests.take(1) and (own is None or own.take(1))


class BusyZones:
    """Which hosted zones are still processing their last change.

    "If Amazon Route 53 can't process a request before the next request arrives, it will reject subsequent requests
    for the same hosted zone": PriorRequestNotComplete.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def is_busy(self, zone_id: str) -> bool:
        """Whether a change to the zone would be refused now."""
        return self._until.get(zone_id, 0.0) > self._clock.now()

    def occupy(self, zone_id: str, seconds: float) -> None:
        """Keep the zone busy for this many seconds from now."""
        self._until[zone_id] = self._clock.now() + seconds
