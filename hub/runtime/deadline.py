"""How much time an invocation has left, and how long the calls of one step may take. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# What botocore waits at most before it repeats a call in standard mode: 1 s, doubled with each attempt, 20 s at most
# ("Retry behavior", https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
_LONGEST_BACKOFF: Final = 20.0
# Seconds that a step spends beside its calls.
_BESIDE_CALLS: Final = 2.0


@dataclass(frozen=True, slots=True)
class CallLimits:
    """The limits of an AWS client: how often it tries a call, and the timeouts of each attempt in seconds."""

    attempts: int
    connect_timeout: int
    read_timeout: int

    def seconds(self, calls: int = 1) -> float:
        """Return how many seconds a step of this many calls takes at most, if every attempt times out."""
        backoff = sum(min(2.0**repeat, _LONGEST_BACKOFF) for repeat in range(self.attempts - 1))
        return calls * (self.attempts * (self.connect_timeout + self.read_timeout) + backoff) + _BESIDE_CALLS


# Calls within the hub and to Route 53: four attempts take 4 x (3 + 20) s and backoffs of 1 + 2 + 4 s at most.
HUB_CALLS: Final = CallLimits(attempts=4, connect_timeout=3, read_timeout=20)
# The observer's calls: a spoke that does not answer must not take the time of all others, and the queue delivers again.
# Two attempts take 2 x (3 + 6) s and a backoff of 1 s at most.
SPOKE_CALLS: Final = CallLimits(attempts=2, connect_timeout=3, read_timeout=6)
# Receiving further messages, and deleting them: the messages of the run wait for it, and the queue delivers again.
QUEUE_CALLS: Final = CallLimits(attempts=1, connect_timeout=1, read_timeout=2)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When Lambda stops the invocation. `seconds_left` returns the seconds until then."""

    seconds_left: Callable[[], float]

    def allows(self, seconds: float) -> bool:
        """Whether a step that takes this many seconds ends in time."""
        return self.seconds_left() >= seconds
