"""How often calls of an account cause sweeps, and how often its events change one instance or VPC. Pure.

A call that moves an interface, an address or a member of a group changes several instances, and its record names only
some of them: not the one that an interface was detached from, nor the one that an address was taken from. So a call is
a hint to sweep the spoke. Anyone in the account can make many calls, so a spoke has a few sweeps at once, and after
that one in a time that grows with the number of its instances: calls take only a small share of the sweeper's time.

An instance or VPC that keeps changing is *damped*: its events are ignored for a while. The sweeps of the schedule still
find how it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
class Allowance:
    """How often events may change something: so many times at once, and then once in so many milliseconds.

    `what` says for people what changed.
    """

    at_once: int
    interval: int
    what: str

    @property
    def used_up(self) -> str:
        """Why something is damped, for people."""
        return f"{self.what} changed {self.at_once} times within a short time"


# An instance that is stopped and started five times changes its names ten times.
INSTANCE_CHANGES: Final = Allowance(10, 1_200_000, "its names")
VPC_CHANGES: Final = Allowance(5, 600_000, "the zones that policy wants for it")


@dataclass(frozen=True, slots=True)
class Damping:
    """How many changes of an allowance are used, and until when something is damped, with the reason.

    `used` counts as of `counted_at`: one change comes back in each interval after that. A clock that was set back gives
    nothing back.
    """

    used: int = 0
    counted_at: Millis = NEVER
    until: Millis = NEVER
    reason: str = ""

    def damps(self, now: Millis) -> bool:
        """Whether events are ignored."""
        return self.until > max(now, NEVER)

    def passed(self, now: Millis) -> Damping:
        """Return the state without a damping that is over."""
        return self if self.damps(now) else replace(self, until=NEVER, reason="")

    def changed(self, allowance: Allowance, now: Millis) -> Damping | None:
        """Return the state after one more change by an event, or None if none is left."""
        back = max(0, now - self.counted_at) // allowance.interval
        used = max(0, self.used - back)
        if used >= allowance.at_once:
            return None
        counted_at = self.counted_at + back * allowance.interval if used else max(self.counted_at, now)
        return replace(self.passed(now), used=used + 1, counted_at=Millis(counted_at))

    def begun(self, allowance: Allowance) -> Damping:
        """Return the state after a change that was not made, because none is left: damped until one comes back."""
        return replace(self, until=Millis(self.counted_at + allowance.interval), reason=allowance.used_up)


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
