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

    def covers_account(self, account_id: str, units: Collection[str]) -> bool | None:
        """Whether an account is covered, or None if that depends on its units and they are unknown.

        `units` are the root and the organizational units that contain the account. Every account is in a root, so an
        empty collection means that they are unknown.
        """
        if account_id in self.excluded:
            return False
        if account_id in self.included:
            return True
        return not self.units.isdisjoint(units) if units else None
