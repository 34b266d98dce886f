"""Who holds a name. Only the set of its claims decides. Pure.

| claims on the name              | newest  | oldest  | share            |
|---------------------------------|---------|---------|------------------|
| none                            | none    | none    | none             |
| A                               | A       | A       | A                |
| A, then B launched              | B       | A       | A and B          |
| A, then B; B ends               | A       | A       | A                |
| A, then B; A ends (re-creation) | B       | B       | B                |
| A, then B; A stops              | B       | B       | B                |
| A, then B; B stops (warm pool)  | A       | A       | A                |
| A, then B; both stop            | B       | A       | A and B          |

A stopped instance does not answer, so a name leads to it only if no claimant runs. That holds for shared names, too:
with a stopped member, some clients would get an address that does not answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Claim, ConflictRule, RecordSet
from hub.runtime.names.conflict_rules import strictest
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
    if len(claims) < 2:  # noqa: PLR2004 - nothing to decide
        # Most names have one claim.
        return tuple(claims)
    contenders = _contenders(claims)
    match conflict_rule(claims):
        case ConflictRule.SHARE:
            return tuple(contenders[: _members(contenders)])
        case ConflictRule.OLDEST:
            return (contenders[0],)
        case ConflictRule.NEWEST:
            return (contenders[-1],)


def claim_statuses(claims: Collection[Claim]) -> tuple[ClaimStatus, ...]:
    """Return the status of each claim on one name, the oldest first. The order of `claims` does not matter."""
    if not claims:
        return ()
    held = holders(claims)
    holding = {claim.instance for claim in held}
    lost, stopped = _reason_lost(held, claims), _reason_stopped(held[0], conflict_rule(claims))
    return tuple(
        ClaimStatus(claim, holds=True)
        if claim.instance in holding
        else ClaimStatus(claim, holds=False, reason=stopped if held[0].running and not claim.running else lost)
        for claim in _by_age(claims)
    )


def left_out(claims: Collection[Claim]) -> int:
    """Return how many members of a shared name do not hold it, because it is full."""
    shared = bool(claims) and conflict_rule(claims) is ConflictRule.SHARE
    return len(_contenders(claims)) - len(holders(claims)) if shared else 0


def desired_record_sets(claims: Collection[Claim]) -> tuple[RecordSet, ...]:
    """Return what the zone should hold under one name, sorted: a record set for each holder and type, all with one TTL.

    Route 53 sets all multivalue answer record sets of a name and type to the last TTL given (Developer Guide, "Values
    specific for multivalue answer records": TTL). With different TTLs, an exact DELETE would not match.
    """
    held = holders(claims)
    ttl = held[0].ttl if len(held) == 1 else min([claim.ttl for claim in held], default=0)
    record_sets: list[RecordSet] = []
    for claim in held:
        fqdn, holder = claim.key.fqdn, str(claim.instance)
        for record_type, values in claim.values:
            in_order = values if len(values) == 1 else tuple(sorted(values))
            record_sets.append(RecordSet(fqdn, record_type, ttl, in_order, holder))
    if len(record_sets) > 1:
        record_sets.sort()
    return tuple(record_sets)


def _by_age(claims: Collection[Claim]) -> list[Claim]:
    # The instance breaks ties, so that two runs over the same claims agree.
    return sorted(claims, key=lambda claim: (claim.launched_at, claim.instance))


def _contenders(claims: Collection[Claim]) -> list[Claim]:
    """Return the claims that may hold the name, by age: those of running instances, or all if no instance runs."""
    by_age = _by_age(claims)
    return [claim for claim in by_age if claim.running] or by_age


def _reason_lost(held: Sequence[Claim], claims: Collection[Claim]) -> str:
    """Return why a claim that could hold the name does not, given the claims that do."""
    match conflict_rule(claims):
        case ConflictRule.SHARE:
            return f"the name is full: the {len(held)} oldest of {len(_contenders(claims))} members hold it"
        case ConflictRule.OLDEST:
            return f"{held[0].instance} holds it, as the older instance"
        case ConflictRule.NEWEST:
            return f"{held[0].instance} holds it, as the newer instance"


def _reason_stopped(holder: Claim, conflict: ConflictRule) -> str:
    """Return why the claim of a stopped instance does not hold the name beside a running holder."""
    if conflict is ConflictRule.SHARE:
        return "the members that run hold it, and this instance is stopped"
    return f"{holder.instance} holds it, because it runs, and this instance is stopped"


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
