"""Which removals await approval."""

from __future__ import annotations

import pytest

from hub.runtime.guard import Guard

GUARD = Guard(share=0.3, names=10, grace=0)


@pytest.mark.parametrize(
    ("removed", "total", "pending_removals"),
    [(11, 36, True), (11, 37, False), (12, 40, False), (10, 10, False), (11, 11, True), (0, 0, False)],
)
def test_removals_above_both_limits_await_approval(removed: int, total: int, *, pending_removals: bool) -> None:
    """Removals await approval if they exceed the number and the share."""
    removals = {f"i-{number}": 1 for number in range(removed)}
    assert GUARD.awaiting_approval(removals, total, frozenset()) == (
        frozenset(removals) if pending_removals else frozenset()
    )


def test_approved_removals_do_not_count() -> None:
    """Approved removals do not await approval, and do not count toward the limits."""
    removals = {f"i-{number}": 1 for number in range(22)}
    approved = frozenset(list(removals)[:11])
    assert GUARD.awaiting_approval(removals, 22, approved) == frozenset(removals) - approved
    assert GUARD.awaiting_approval(removals, 22, frozenset(list(removals)[:12])) == frozenset()
