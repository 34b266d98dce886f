"""Who holds a name, decided by the set of its claims alone. Pure.

| claims on the name              | newest  | oldest  | share            |
|---------------------------------|---------|---------|------------------|
| none                            | nobody  | nobody  | nobody           |
| A                               | A       | A       | A                |
| A, then B launched              | B       | A       | A and B          |
| A, then B; B ends               | A       | A       | A                |
| A, then B; A ends (re-creation) | B       | B       | B                |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model import Claim, ConflictRule, RecordSet

if TYPE_CHECKING:
    from collections.abc import Collection

# "You can create up to 100 multivalue answer records that have the same name and type"
# (Route 53 Developer Guide, "Quotas": records in a multivalue answer group).
MAX_SHARED: Final = 100

# Where rules disagree about one name, the one that shares it least decides, and the incumbent before the newcomer.
_STRICTEST_FIRST: Final = (ConflictRule.OLDEST, ConflictRule.NEWEST, ConflictRule.SHARE)


def conflict_rule(claims: Collection[Claim]) -> ConflictRule:
    """How claims on one name are settled: the strictest of what their rules say."""
    return min((claim.conflict for claim in claims), key=_STRICTEST_FIRST.index)


def holders(claims: Collection[Claim]) -> tuple[Claim, ...]:
    """The claims on one name that are published, whatever order they came in, the oldest first."""
    if not claims:
        return ()
    # The instance breaks a tie, so that two runs over the same claims agree.
    by_age = sorted(claims, key=lambda claim: (claim.launched_at, claim.instance))
    match conflict_rule(claims):
        case ConflictRule.SHARE:
            return tuple(by_age[:MAX_SHARED])
        case ConflictRule.OLDEST:
            return tuple(by_age[:1])
        case ConflictRule.NEWEST:
            return tuple(by_age[-1:])


def desired_record_sets(claims: Collection[Claim]) -> tuple[RecordSet, ...]:
    """What the zone should hold under one name, sorted: a record set for each holder and record type, all of one TTL.

    One TTL, because Route 53 sets all multivalue answer record sets of a name and type to the last one given
    (Developer Guide, "Values specific for multivalue answer records": TTL), and an exact DELETE would not match then.
    """
    held = holders(claims)
    ttl = min((claim.ttl for claim in held), default=0)
    return tuple(
        sorted(
            RecordSet(claim.key.fqdn, record_type, ttl, tuple(sorted(values)), claim.instance.set_identifier)
            for claim in held
            for record_type, values in claim.values
        )
    )
