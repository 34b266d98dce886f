"""Which removals await approval."""

from __future__ import annotations

import pytest

from hub.runtime.guard import Guard

GUARD = Guard(share=0.3, names=10, grace=0)


@pytest.mark.parametrize(
    ("removed", "of", "pending_removals"),
    [(11, 36, True), (11, 37, False), (12, 40, False), (10, 10, False), (11, 11, True), (0, 0, False)],
)
def test_guard_holds_what_is_more_than_both(removed: int, of: int, *, pending_removals: bool) -> None:
    """More than the number and more than the share."""
    removals = {f"i-{number}": 1 for number in range(removed)}
    assert GUARD.awaiting_approval(removals, of, frozenset()) == (
        frozenset(removals) if pending_removals else frozenset()
    )


def test_guard_lets_what_was_approved_go() -> None:
    """What a person approved is not held, and does not count against the rest."""
    removals = {f"i-{number}": 1 for number in range(22)}
    approved = frozenset(list(removals)[:11])
    assert GUARD.awaiting_approval(removals, 22, approved) == frozenset(removals) - approved
    assert GUARD.awaiting_approval(removals, 22, frozenset(list(removals)[:12])) == frozenset()
