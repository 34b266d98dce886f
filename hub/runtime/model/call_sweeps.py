"""When calls of an account cause sweeps of its spoke. Pure.

A call that moves an interface, an address or a member of a group changes several instances, and its record names only
some of them: not the one that an interface was detached from, nor the one that an address was taken from. So a call is
a hint to sweep the spoke. Anyone in the account can make many calls, so a spoke has a few sweeps at once, and after
that one in a time that grows with the number of its instances: calls take only a small share of the sweeper's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.runtime.model.names import NEVER, Millis

# EC2 is eventually consistent (EC2 API Reference, "Eventual consistency"), and one call rarely comes alone.
SETTLE_MILLIS: Final = 5_000
AT_ONCE: Final = 3
# A sweep of a small spoke takes a second or two; each instance adds some milliseconds.
MILLIS_A_SWEEP: Final = 60_000
MILLIS_AN_INSTANCE: Final = 10
# SQS API Reference, SendMessage: DelaySeconds.
LONGEST_MILLIS: Final = 900_000


@dataclass(frozen=True, slots=True)
class CallSweeps:
    """The sweeps that calls caused: when the last one begins, and the time that they use up until then."""

    begins_at: Millis = NEVER
    paid_until: Millis = NEVER

    def after(self, called_at: Millis, instances: int, now: Millis) -> CallSweeps | None:
        """Return the state with one more sweep, or None if the last one begins late enough to see the call's change.

        `instances` is how many instances the spoke has. A time in the future counts as now.
        """
        earliest = min(called_at, now) + SETTLE_MILLIS
        if self.begins_at >= earliest:
            return None
        cost = MILLIS_A_SWEEP + instances * MILLIS_AN_INSTANCE
        paid_until = max(self.paid_until, now) + cost
        begins_at = min(max(now, earliest, paid_until - AT_ONCE * cost), now + LONGEST_MILLIS)
        return CallSweeps(Millis(begins_at), Millis(min(paid_until, begins_at + AT_ONCE * cost)))
