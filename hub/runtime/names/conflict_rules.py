"""Which conflict rule counts if several rules of the policy give one name. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import ConflictRule

if TYPE_CHECKING:
    from collections.abc import Iterable

# If rules disagree about one name, the one that shares least wins, and one that favors the incumbent comes first.
_STRICTEST_FIRST: Final = (ConflictRule.OLDEST, ConflictRule.NEWEST, ConflictRule.SHARE)


def strictest(rules: Iterable[ConflictRule]) -> ConflictRule:
    """The conflict rule that wins if several apply to one name."""
    return min(rules, key=_STRICTEST_FIRST.index)
