"""What the ledger says of the path from an event to a record: the last heartbeat, and what keeps the publisher waiting.

Pure. A heartbeat is an event that the hub sends itself every few minutes. It takes the path of every other event, so
each stage that it reached has worked since it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER

if TYPE_CHECKING:
    from hub.runtime.model.names import Millis

# A stall that was not reported again for so long is over: while it lasts, Lambda repeats the batch, and each run
# reports it. Milliseconds.
STALL_OVER: Final = 600_000
# A stall is reported at most once in this time by each environment. Milliseconds.
STALL_AGAIN: Final = 60_000


@dataclass(frozen=True, slots=True)
class Stall:
    """Why the publisher repeats a batch, since when the oldest name of it waits, and how many names wait."""

    reason: str
    since: Millis
    names: int


@dataclass(frozen=True, slots=True)
class PathState:
    """The last heartbeat of each stage, by the time at which it was sent, and the time at which it arrived.

    `sent_at` and `observed_at` are those of the last heartbeat that the observer wrote to the ledger, `answered` and
    `answered_at` those of the last one that reached the publisher through the ledger's stream. `stall` is the last one
    that the publisher reported, at `stalled_at`. `row_fault` says why nothing of this can be read.
    """

    sent_at: Millis = NEVER
    observed_at: Millis = NEVER
    answered: Millis = NEVER
    answered_at: Millis = NEVER
    stall: Stall | None = None
    stalled_at: Millis = NEVER
    row_fault: str = ""

    def stalled(self, now: Millis) -> Stall | None:
        """Return what keeps the publisher from going on now, or None."""
        return self.stall if self.stall and now - self.stalled_at <= STALL_OVER else None
