"""Compares the claims in the rows of instances with the rows of claims, in one pass over both, in any order. Pure.

A ledger of a hundred thousand names does not fit into the memory of a function. So the comparison keeps eight bytes of
each claim, and its identity in compressed text, which is read again only if something differs.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zlib import compress, decompress

from hub.runtime.model.names import Fqdn, InstanceRef, NameKey
from hub.runtime.model.observation import ClaimId
from hub.runtime.sweeper.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hub.runtime.model.names import Claim
    from hub.runtime.model.observation import Observation

# The number of identities that are compressed together: about 100 KB of text.
IDENTITIES_A_BLOCK: Final = 1_000
# Ids are mostly random digits, on which a better compression gains nothing.
_FASTEST: Final = 1


@dataclass(slots=True)
class _Claims:
    """Claims of one side, in the order in which they came."""

    hashes: array[int] = field(default_factory=lambda: array("q"))
    blocks: list[bytes] = field(default_factory=list)
    latest: list[str] = field(default_factory=list)

    def add(self, claim: Claim) -> None:
        self.hashes.append(hash(claim))
        self.latest.append(f"{claim.key.zone_id} {claim.instance} {claim.key.fqdn}")
        if len(self.latest) == IDENTITIES_A_BLOCK:
            self.blocks.append(compress("\n".join(self.latest).encode(), _FASTEST))
            self.latest.clear()

    def not_in(self, other: _Claims) -> Iterator[ClaimId]:
        """Yield the claims that the other side does not have like this."""
        others = HashSet(other.hashes)
        for number, first in enumerate(range(0, len(self.hashes), IDENTITIES_A_BLOCK)):
            block = self.hashes[first : first + IDENTITIES_A_BLOCK]
            positions = [position for position, hashed in enumerate(block) if not others.has(hashed)]
            lines = self._lines(number) if positions else ()
            yield from (_claim_id(lines[position]) for position in positions)

    def _lines(self, number: int) -> list[str]:
        return decompress(self.blocks[number]).decode().split("\n") if number < len(self.blocks) else self.latest


@dataclass(slots=True)
class LedgerComparison:
    """The claims that the rows of instances want, and the claims that have rows of their own, in these zones."""

    zone_ids: Collection[str]
    _wanted: _Claims = field(default_factory=_Claims)
    _stored: _Claims = field(default_factory=_Claims)

    def add_row(self, row: Observation) -> None:
        """Add the row of an instance."""
        for claim in row.claims:
            if claim.key.zone_id in self.zone_ids and row.wants(claim.key):
                self._wanted.add(claim)

    def add_claims(self, claims: Collection[Claim]) -> None:
        """Add rows of claims. The tombstone of a claim counts as no claim."""
        for claim in claims:
            self._stored.add(claim)

    def differing(self) -> Iterator[ClaimId]:
        """Yield the claims that one side does not have like the other; a claim that differs comes twice.

        The rows changed while they were read, so what seems to differ has to be read again.
        """
        yield from self._wanted.not_in(self._stored)
        yield from self._stored.not_in(self._wanted)


def _claim_id(line: str) -> ClaimId:
    zone_id, instance, fqdn = line.split(" ", 2)
    return ClaimId(InstanceRef.parse(instance), NameKey(zone_id, Fqdn(fqdn)))
