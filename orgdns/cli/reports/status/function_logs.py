"""Functions that run, but write no log. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER, Millis

if TYPE_CHECKING:
    from collections.abc import Iterable

# Invocations and log events are counted in periods of this length, in seconds.
PERIOD: Final = 300
# CloudWatch has both counts some minutes after a period. Milliseconds from the period's start.
_KNOWN_AFTER: Final = 2 * PERIOD * 1_000


def unlogged_since(invoked: Iterable[Millis], logged: Iterable[Millis], now: Millis) -> Millis:
    """Return since when a function runs without a log event; 0 if its last run left one.

    Both are the starts of the periods in which a function was invoked, and in which its log group received something.
    """
    last = max(logged, default=NEVER)
    return min((start for start in invoked if last < start <= now - _KNOWN_AFTER), default=NEVER)
