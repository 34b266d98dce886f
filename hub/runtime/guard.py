"""What a sweep or audit may remove without a person's approval. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Guard:
    """How much a sweep or audit may remove without approval, and how long an unreachable spoke keeps its names.

    Removals await approval if they exceed both limits, `share` and `names`.

    Args:
        share: The part of a spoke's or zone's names that may be removed.
        names: The number of names that may be removed.
        grace: Milliseconds that an unreachable spoke keeps its names.
    """

    share: float
    names: int
    grace: int

    def awaiting_approval(self, removals: Mapping[str, int], total: int, approved: frozenset[str]) -> frozenset[str]:
        """Return the removals that await approval: all that are not approved, or none.

        `removals` has the number of names of each, and `total` is the number of all names that the spoke or zone has.
        Approved removals do not count toward the limits.
        """
        unapproved = {subject: names for subject, names in removals.items() if subject not in approved}
        removed = sum(unapproved.values())
        exceeded = removed > self.names and removed > self.share * total
        return frozenset(unapproved) if exceeded else frozenset()
