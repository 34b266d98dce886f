"""What the ledger records about an instance. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.model.damping import Damping

if TYPE_CHECKING:
    from hub.runtime.model.names import (
        Account,
        Claim,
        Instance,
        InstanceRef,
        Millis,
        NameKey,
        Refusal,
    )


@dataclass(frozen=True, slots=True)
class Observation:
    """An instance as last described, and the claims that the ledger may hold for it.

    `settled` is False from before the claims are written until after, so that a crash in between can be detected.
    `version` counts the writes of the row; it is 0 if there is no row yet. `instance` and `account` are the input of
    the policy's decision, and `refusals` are the names that it refused. An instance that has ended has none of these.
    `withdrawing` are the names, of those that it claims, whose claims are being withdrawn. `generation` is that of the
    ledger when the look at the instance began. `fault` says why the instance could not be read, when that was tried
    last; everything else is then as it was read before. `damping` says how often events changed the claims.
    """

    ref: InstanceRef
    observed_at: Millis
    claims: tuple[Claim, ...] = ()
    ended: bool = False
    settled: bool = True
    version: int = 0
    instance: Instance | None = None
    account: Account | None = None
    refusals: tuple[Refusal, ...] = ()
    withdrawing: frozenset[NameKey] = frozenset()
    generation: str = ""
    fault: str = ""
    damping: Damping = field(default_factory=Damping)

    @property
    def wanted(self) -> tuple[Claim, ...]:
        """The claims of the instance that are not being withdrawn."""
        return () if self.ended else tuple(claim for claim in self.claims if claim.key not in self.withdrawing)

    def wants(self, key: NameKey) -> Claim | None:
        """Return the instance's claim on a name, or None if it does not claim the name, or withdraws the claim."""
        if self.ended or key in self.withdrawing:
            return None
        return next((claim for claim in self.claims if claim.key == key), None)


@dataclass(frozen=True, slots=True, order=True)
class ClaimId:
    """Which claim of the ledger: that of an instance on a name."""

    instance: InstanceRef
    key: NameKey


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """The row of a claim: the claim, or None in its tombstone, and the version of the instance's row that wrote it."""

    version: int
    claim: Claim | None
