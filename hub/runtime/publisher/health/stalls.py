"""What keeps the publisher from going on with a batch. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.model.path import Stall
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.names import Millis, NameKey
    from hub.runtime.publisher.outcome import NameOutcome


def stall_of(outcomes: Iterable[NameOutcome], changed_at: Mapping[NameKey, Millis], now: Millis) -> Stall | None:
    """Return why names come again that changed more than two minutes ago, by the oldest of them; None without such."""
    waiting = sorted(
        (changed_at[outcome.key], outcome.reason)
        for outcome in outcomes
        if outcome.result is NameResult.RETRY and now - changed_at[outcome.key] >= PATIENCE_MILLIS
    )
    return Stall(waiting[0][1], waiting[0][0], len(waiting)) if waiting else None
