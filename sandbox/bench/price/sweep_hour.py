"""How many spokes one installation sweeps in an hour, by the real schedule, on a virtual clock.

After a new policy all spokes are due. The schedule enqueues them, with delays, and as many workers as the event source
mapping allows take one after another.
"""

from __future__ import annotations

from heapq import heapify, heappushpop
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus
from hub.runtime.sweeper.schedule.due import due_sweeps

if TYPE_CHECKING:
    from collections.abc import Iterator

# More than the schedule can enqueue in an hour.
SPOKES: Final = 20_000
HOUR: Final = 3_600
# STS allows an account 600 calls a second in a region, of which a sweep makes one
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html): sweeps never take a tenth of them.
STS_A_SECOND: Final = 600


def sweep_hour(seconds: float, workers: int) -> int:
    """Return how many spokes are swept completely in an hour, if a sweep takes so long."""
    free = [0.0] * workers
    heapify(free)
    swept = 0
    for at in sorted(_enqueued()):
        begins = max(at, free[0])
        ends = begins + seconds
        heappushpop(free, ends)
        swept += ends <= HOUR
    return swept


def _enqueued() -> Iterator[float]:
    """Yield the seconds at which the sweeps of all spokes become visible on the queue."""
    known = [Spoke(f"{number:012}", "eu-central-1") for number in range(SPOKES)]
    statuses = {spoke: SpokeStatus(spoke, Millis(1), Millis(1), "old", instances=1) for spoke in known}
    last = ScheduleCursor("old", at=Millis(1))
    for run in range(HOUR // (contract.SCHEDULE_MINUTES * 60)):
        begins = run * contract.SCHEDULE_MINUTES * 60
        due, last = due_sweeps(known, statuses, last, "new", Millis(begins * 1_000 + 1_000_000))
        yield from (begins + delay for _, delay in due)
