"""What the ledger records about an instance. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime.model.damping import Damping

if TYPE_CHECKING:
    from hub.runtime.model.names import (
        Account,
        Claim,
        Fqdn,
        Instance,
        InstanceRef,
        Millis,
        NameKey,
        Refusal,
    )


# The row of an instance that ended keeps so many addresses, and so many names of each.
MOST_HELD: Final = 20


@dataclass(frozen=True, slots=True)
class Observation:
    """An instance as last described, and the claims that the ledger may hold for it.

    `settled` is False from before the claims are written until after, so that a crash in between can be detected.
    `version` counts the writes of the row; it is 0 if there is no row yet. `instance` and `account` are the input of
    the policy's decision, and `refusals` are the names that it refused. An instance that has ended has none of these.
    `withdrawing` are the names, of those that it claims, whose claims are being withdrawn. `generation` is that of the
    ledger when the look at the instance began. `fault` says why the instance could not be read, when that was tried
    last; everything else is then as it was read before. `damping` says how often events changed the claims. `held` are
    the addresses that an instance without facts had last, each with the names that led to it.
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
    held: tuple[tuple[str, tuple[Fqdn, ...]], ...] = ()

    @property
    def wanted(self) -> tuple[Claim, ...]:
        """The claims of the instance that are not being withdrawn."""
        return () if self.ended else tuple(claim for claim in self.claims if claim.key not in self.withdrawing)

    @property
    def addresses(self) -> tuple[tuple[str, tuple[Fqdn, ...]], ...]:
        """The addresses that the instance has or had last, each with the names that lead or led to it."""
        if self.instance is None:
            return self.held
        found = (address for interface in self.instance.interfaces for address in (*interface.ipv4, *interface.ipv6))
        return tuple((address, self._names_of(address)[:MOST_HELD]) for address in found)[:MOST_HELD]

    def _names_of(self, address: str) -> tuple[Fqdn, ...]:
        wanted = (claim for claim in self.wanted if any(address in values for _, values in claim.values))
        return tuple(claim.key.fqdn for claim in wanted)

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
