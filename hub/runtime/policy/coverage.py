"""Which accounts and regions orgdns covers. Pure.

A spoke stack proves nothing: anyone can deploy one in their own account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class Coverage:
    """The covered regions, and the covered accounts: those below the units, and those included, but none excluded."""

    regions: frozenset[str]
    units: frozenset[str]
    included: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def covers_account(self, account_id: str, units: Collection[str]) -> bool:
        """Whether an account is covered. `units` are the root and the organizational units that contain it."""
        if account_id in self.excluded:
            return False
        return account_id in self.included or not self.units.isdisjoint(units)
