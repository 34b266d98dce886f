"""Who holds a name. Only the set of its claims decides. Pure.

| claims on the name              | newest  | oldest  | share            |
|---------------------------------|---------|---------|------------------|
| none                            | none    | none    | none             |
| A                               | A       | A       | A                |
| A, then B launched              | B       | A       | A and B          |
| A, then B; B ends               | A       | A       | A                |
| A, then B; A ends (re-creation) | B       | B       | B                |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Claim, ConflictRule, RecordSet, strictest
from hub.runtime.publisher.batches import MAX_CHARACTERS, MAX_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# "You can create up to 100 multivalue answer records that have the same name and type"
# (Route 53 Developer Guide, "Quotas": records in a multivalue answer group).
MAX_SHARED: Final = 100
# All changes of a name are sent in one batch, which may delete all its record sets and create as many.
MAX_HELD_ELEMENTS: Final = MAX_ELEMENTS // 2
MAX_HELD_CHARACTERS: Final = MAX_CHARACTERS // 2


@dataclass(frozen=True, slots=True)
class ClaimStatus:
    """A claim on a name, whether it holds the name, and why not."""

    claim: Claim
    holds: bool
    reason: str = ""


def conflict_rule(claims: Collection[Claim]) -> ConflictRule:
    """Return the conflict rule of a name: the strictest rule of its claims."""
    return strictest({claim.conflict for claim in claims})


def holders(claims: Collection[Claim]) -> tuple[Claim, ...]:
    """Return the claims on one name that are published, the oldest first. The order of `claims` does not matter.

    If more members share a name than Route 53 allows, or than fit into a change batch, the oldest hold it.

    """
    by_age = _by_age(claims)
    return tuple(by_age[_held(by_age)])


def claim_statuses(claims: Collection[Claim]) -> tuple[ClaimStatus, ...]:
    """Return the status of each claim on one name, the oldest first. The order of `claims` does not matter."""
    by_age = _by_age(claims)
    held = _held(by_age)
    holding = range(*held.indices(len(by_age)))
    reason = _reason_lost(by_age, held) if len(holding) < len(by_age) else ""
    return tuple(
        ClaimStatus(claim, holds=True) if number in holding else ClaimStatus(claim, holds=False, reason=reason)
        for number, claim in enumerate(by_age)
    )


def left_out(claims: Collection[Claim]) -> int:
    """Return how many members of a shared name do not hold it, because it is full."""
    shared = bool(claims) and conflict_rule(claims) is ConflictRule.SHARE
    return len(claims) - len(holders(claims)) if shared else 0


def desired_record_sets(claims: Collection[Claim]) -> tuple[RecordSet, ...]:
    """Return what the zone should hold under one name, sorted: a record set for each holder and type, all with one TTL.

    Route 53 sets all multivalue answer record sets of a name and type to the last TTL given (Developer Guide, "Values
    specific for multivalue answer records": TTL). With different TTLs, an exact DELETE would not match.
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


def _by_age(claims: Collection[Claim]) -> list[Claim]:
    # The instance breaks ties, so that two runs over the same claims agree.
    return sorted(claims, key=lambda claim: (claim.launched_at, claim.instance))


def _held(by_age: Sequence[Claim]) -> slice:
    """Return which of the claims, sorted by age, hold the name."""
    if not by_age:
        return slice(0)
    match conflict_rule(by_age):
        case ConflictRule.SHARE:
            return slice(_members(by_age))
        case ConflictRule.OLDEST:
            return slice(1)
        case ConflictRule.NEWEST:
            return slice(len(by_age) - 1, None)


def _reason_lost(by_age: Sequence[Claim], held: slice) -> str:
    """Return why the other claims do not hold the name."""
    holder = by_age[held][0].instance
    match conflict_rule(by_age):
        case ConflictRule.SHARE:
            return f"the name is full: the {len(by_age[held])} oldest of {len(by_age)} members hold it"
        case ConflictRule.OLDEST:
            return f"{holder} holds it, as the older instance"
        case ConflictRule.NEWEST:
            return f"{holder} holds it, as the newer instance"


def _members(by_age: Sequence[Claim]) -> int:
    """Return how many of the claims, from the oldest on, can hold a shared name."""
    elements = characters = 0
    for number, claim in enumerate(by_age[:MAX_SHARED]):
        values = [value for _, typed in claim.values for value in typed]
        elements += len(values)
        characters += sum(map(len, values))
        if elements > MAX_HELD_ELEMENTS or characters > MAX_HELD_CHARACTERS:
            return number
    return min(len(by_age), MAX_SHARED)
