"""Which account has a DNS label by its name, and how the label becomes free again. Pure.

An account keeps a label until its name no longer gives it, no function can still take it for the account's label, and
the account has no record under it. Only then can another account take it. So two accounts never have records under one
label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from hub.runtime.model.names import NEVER, Millis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A function knows the labels and an account for 15 minutes each, and then runs for 15 minutes at most. The rest is for
# clocks that differ.
RELEASE_MILLIS: Final = 3_600_000
# Between two searches for what an account still has under a label. A publisher that read a claim just before the first
# search has published it, or stopped, before the second.
SEARCH_MILLIS: Final = 1_200_000
# Stands for the account of a label whose row cannot be read.
UNKNOWN: Final = "an account that is not known"


@dataclass(frozen=True, slots=True)
class HeldLabel:
    """A label and the account that has it; no account if it is free.

    `reserved` means that no other account may choose a name of the label directly below a zone. It is False if another
    account had such a name first. `released_at` is the time since which the account's name no longer gives the label,
    `searched_at` the time of the last search for what the account still has under it, and `vacant_since` the time of
    the first of the searches in a row that found nothing. `version` counts the writes of the row. `row_fault` says why
    the row cannot be read: nobody can take the label then, nor choose a name of it below a zone.
    """

    label: str
    account_id: str = ""
    reserved: bool = True
    released_at: Millis = NEVER
    searched_at: Millis = NEVER
    vacant_since: Millis = NEVER
    version: int = 0
    row_fault: str = ""

    def taken(self, account_id: str, *, reserved: bool) -> Self:
        """The label after an account took it, or took it back before it was free."""
        return type(self)(self.label, account_id, reserved, version=self.version + 1)

    def released(self, now: Millis) -> Self:
        """The label after the name of its account gave it no longer."""
        return replace(self, released_at=now, vacant_since=NEVER, version=self.version + 1)

    def due(self, now: Millis) -> bool:
        """Whether a search may show that the label is vacant: no function takes it for its account's label any more."""
        return bool(
            self.account_id
            and self.released_at
            and now - self.released_at >= RELEASE_MILLIS
            and now - self.searched_at >= SEARCH_MILLIS
        )

    def searching(self, now: Millis) -> Self:
        """The label at the beginning of a search."""
        return replace(self, searched_at=now, version=self.version + 1)

    def searched(self, *, vacant: bool) -> Self:
        """The label after the search: free if the search before it, too, found nothing."""
        if vacant and self.vacant_since:
            return type(self)(self.label, version=self.version + 1)
        return replace(self, vacant_since=self.searched_at if vacant else NEVER, version=self.version + 1)


def reserved_labels(held: Iterable[HeldLabel], pinned: Mapping[str, str]) -> dict[str, str]:
    """The labels that no other account may choose directly below a zone, and the account of each.

    `pinned` are the labels that the configuration gives, by account.
    """
    by_name = {
        each.label: each.account_id or UNKNOWN
        for each in held
        if (each.account_id or each.row_fault) and each.reserved and not each.released_at
    }
    return by_name | {label: account_id for account_id, label in pinned.items()}
