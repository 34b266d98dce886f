"""What a sweep or audit may remove without a person's approval. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Guard:
    """What a sweep or audit may remove by itself, and how long an unreachable spoke keeps its names.

    Args:
        share: Removing more than this part of a spoke's or zone's names...
        names: ...and more than this many of them waits for a person.
        grace: Milliseconds.
    """

    share: float
    names: int
    grace: int

    def awaiting_approval(self, removals: Mapping[str, int], of: int, approved: frozenset[str]) -> frozenset[str]:
        """Those of the removals, given with the number of names of each, that wait for a person: all or none.

        What a person approved does not count.
        """
        left = {subject: names for subject, names in removals.items() if subject not in approved}
        removed = sum(left.values())
        stops = removed > self.names and removed > self.share * of
        return frozenset(left) if stops else frozenset()
