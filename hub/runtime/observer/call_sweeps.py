"""Requests the sweeps that calls cause, over ports. No AWS, no log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import SPOKE_CALLS
from hub.runtime.model.tasks import Sweep
from hub.runtime.ports import Clock, LedgerUnavailable, Outdated, Tasks, TasksNotSent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Millis, Spoke
    from hub.runtime.observer.events import Call
    from hub.runtime.observer.ports import CallLedger


# Reading and writing a spoke's status and sending a task takes this many seconds at most.
REQUEST_SECONDS: Final = SPOKE_CALLS.seconds(calls=3)
NO_TIME: Final = "no time is left in this run"
# How often a request is repeated because others changed the status meanwhile, before the event is delivered again.
TRIES: Final = 5
OUTDATED: Final = "others keep changing the status of the spoke"


@dataclass(frozen=True, slots=True)
class CallSweepRequests:
    """Enqueues sweeps of the spokes in which a call may have changed instances."""

    ledger: CallLedger
    tasks: Tasks
    clock: Clock

    def request(self, calls: Iterable[Call], deadline: Deadline) -> dict[Spoke, str]:
        """Request a sweep of each spoke, at most one for all of its calls; return why a spoke has to be tried again."""
        latest: dict[Spoke, Millis] = {}
        for call in calls:
            latest[call.spoke] = max(call.called_at, latest.get(call.spoke, call.called_at))
        failed: dict[Spoke, str] = {}
        for spoke, called_at in sorted(latest.items()):
            if not deadline.allows(REQUEST_SECONDS):
                failed[spoke] = NO_TIME
                continue
            try:
                self._request(spoke, called_at)
            except (LedgerUnavailable, TasksNotSent) as fault:
                failed[spoke] = str(fault)
        return failed

    def _request(self, spoke: Spoke, called_at: Millis) -> None:
        for _ in range(TRIES):
            status, now = self.ledger.spoke_status(spoke), self.clock()
            following = status.call_sweeps.after(called_at, status.instances, now)
            # The first sweep of a spoke comes anyway. A spoke that is unreachable or throttled, or whose sweeps take
            # too long, has only those of the schedule: sweeps that fail take the sweeper's time.
            if following is None or not status.tried_at or status.fault:
                return
            # Enqueued first: a worker that stops here has lost nothing, and one sweep too many does no harm.
            delay = -(-(following.begins_at - now) // 1000)
            self.tasks.enqueue([(Sweep(spoke, after_call=True), delay)])
            try:
                self.ledger.put_call_sweeps(spoke, status.call_sweeps, following)
            except Outdated:
                continue
            return
        raise LedgerUnavailable(OUTDATED)
