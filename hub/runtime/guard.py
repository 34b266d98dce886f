"""What may be removed without a person's approval. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# What was removed in the last 24 hours counts with what would be removed now. A shorter window would let a night's slow
# mistake through. A longer one would add up the changes of a normal week. Milliseconds.
WINDOW: Final = 86_400_000


class Cause(StrEnum):
    """Why a VPC is to lose a zone."""

    # The configuration no longer selects the VPC.
    POLICY = "policy"
    # The VPC's own account changed the VPC: a request of the account for its own VPC.
    OWNER = "owner"
    # The account moved in the organization.
    UNITS = "units"
    # The account left the organization, or is not covered any more.
    COVERAGE = "coverage"


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that is, or was, removed: how many names it takes from an account.

    `requested` means that the account itself requested it, for what is its own.
    """

    account: str
    names: int = 1
    requested: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """How much may be removed without approval, and how long an unreachable spoke keeps its names.

    Removals await approval if they exceed both limits, `share` and `names`.

    Args:
        share: The part of a spoke's or zone's names that may be removed.
        names: The number of names that may be removed.
        grace: Milliseconds that an unreachable spoke keeps its names.
    """

    share: float
    names: int
    grace: int

    def awaiting_approval(
        self,
        removals: Mapping[str, Removal],
        names: Mapping[str, int],
        approved: Collection[str] = (),
        removed: Collection[Removal] = (),
    ) -> frozenset[str]:
        """Return the removals that await approval.

        What an account requests is judged by the names of this account alone: nothing that happens to another account
        delays it, and it delays nothing of another account. All else is judged by all names together. An account that
        alone exceeds the limits awaits approval alone; then all others do, if they exceed the limits together.

        Args:
            removals: What would be removed now.
            names: The number of names that each account has now.
            approved: The removals that a person approved. They do not await approval, and do not count.
            removed: What was removed in the last 24 hours without approval. It counts, and so do its names.
        """
        unapproved = {subject: removal for subject, removal in removals.items() if subject not in approved}
        had = Counter(names)
        before: Counter[tuple[str, bool]] = Counter()
        for removal in removed:
            had[removal.account] += removal.names
            before[removal.account, removal.requested] += removal.names
        alone = before.copy()
        for removal in unapproved.values():
            alone[removal.account, removal.requested] += removal.names
        total = had.total()
        exceeding = {
            (account, requested)
            for (account, requested), number in alone.items()
            if self._exceeded(number, had[account] if requested else total)
        }
        rest = Counter({group: alone[group] for group in alone if group not in exceeding and not group[1]})
        together = rest.total() + sum(before[group] for group in exceeding if not group[1])
        if self._exceeded(together, total):
            exceeding |= rest.keys()
        return frozenset(
            subject for subject, removal in unapproved.items() if (removal.account, removal.requested) in exceeding
        )

    def _exceeded(self, removed: int, total: int) -> bool:
        return removed > self.names and removed > self.share * total


def guard_of(text: str) -> Guard:
    """Return the guard that the functions have as JSON in their environment.

    Raises:
        KeyError: if a limit is missing.
        ValueError: if the text is not JSON.
    """
    limits = json.loads(text)
    return Guard(limits["share"], limits["names"], limits["grace_days"] * WINDOW)
