"""How the row of an instance and the rows of its claims are brought together again. Pure.

The row of an instance decides, and the rows of claims are an index of it by name. No claim is later than its
instance's row, because the row is written first. A claim that is later shows that the row is lost, or that an older
version of it was restored.

| the row of the instance     | its claim on a name  | repair                                                       |
|-----------------------------|----------------------|--------------------------------------------------------------|
| wants the name              | missing, or another  | the claim is put back                                        |
| is missing, or does not     | there                | the row gets the claim, and counts as unsettled              |
| is older than the claim     | there                | the row gets the claim, and counts as unsettled              |
| wants it, but is older      | withdrawn since      | the row counts as unsettled                                  |
| is unsettled                | as the row begins it | none: the next look or sweep finishes what the row says      |

Nothing is removed here. The next look at the instance, or the next sweep of its spoke, decides what an unsettled row
claims, under the guards that always apply. Until then the publisher takes no name from its instance, and none for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import NEVER
from hub.runtime.model.observation import Observation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import Claim, InstanceRef, NameKey
    from hub.runtime.model.observation import ClaimId, StoredClaim


class RepairKind(StrEnum):
    """What was repaired in the ledger."""

    CLAIM = "claims restored"
    ROW = "instances restored"


@dataclass(frozen=True, slots=True)
class Repaired:
    """A row of the ledger that was repaired: that of a claim, or that of an instance because of a claim."""

    kind: RepairKind
    claim: ClaimId


@dataclass(frozen=True, slots=True)
class Repair:
    """The claims to write for the row's version, or the row to write in place of it, because of these names."""

    claims: tuple[Claim, ...] = ()
    row: Observation | None = None
    because_of: tuple[NameKey, ...] = ()


def repair_of(
    ref: InstanceRef, row: Observation | None, stored: Mapping[NameKey, StoredClaim | None], generation: str
) -> Repair:
    """Return what brings the row of an instance and its claims on some names together.

    Args:
        ref: The instance.
        row: Its row, or None if it has none. It was read before the claims, so that a write over exactly this version
            fails if anything changed since.
        stored: What the ledger has of its claim on each name: None if there is no row of it.
        generation: The ledger's. A row of another one may be older than a loss, and a sweep writes its claims again.
    """
    before = row or Observation(ref, NEVER)
    unknown = {key: found for key, found in stored.items() if found and _unknown_to(before, key, found)}
    if unknown:
        latest = max(before.version, *(found.version for found in stored.values() if found))
        claims = tuple(claim for _, found in sorted(unknown.items()) if (claim := found.claim))
        return Repair(row=_with(before, claims, 1 + latest), because_of=tuple(sorted(unknown)))
    if before.generation != generation or not generation:
        # A row that an audit made, or one that was restored: what it wants is not known to be true.
        return Repair()
    wanted = {key: before.wants(key) for key in stored}
    missing = (claim for key, claim in sorted(wanted.items()) if claim and claim != _claim(stored[key]))
    return Repair(claims=tuple(missing))


def _unknown_to(row: Observation, key: NameKey, found: StoredClaim) -> bool:
    """Whether an instance's row does not say what became of a claim."""
    if found.version > row.version:
        return found.claim is not None or row.wants(key) is not None
    begun = not row.settled and any(claim.key == key for claim in row.claims)
    return found.claim is not None and row.wants(key) is None and not begun


def _with(row: Observation, claims: tuple[Claim, ...], version: int) -> Observation:
    """Return the row of an instance with these claims, as one that the next look decides."""
    adopted = {claim.key for claim in claims}
    return replace(
        row,
        claims=(*(claim for claim in row.claims if claim.key not in adopted), *claims),
        withdrawing=row.withdrawing - adopted,
        settled=False,
        generation="",
        version=version,
    )


def _claim(stored: StoredClaim | None) -> Claim | None:
    return stored.claim if stored else None
