"""What becomes of the names of an unreachable spoke, over ports. No AWS, no log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import InstanceRef
from hub.runtime.model.reasons.cause import Cause, Trigger
from hub.runtime.model.usage import Tally
from hub.runtime.observer.looks import Look, is_outdated, names_of
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.sweeper.bookkeeping import PAGE_SECONDS, UnreadableThings
from hub.runtime.sweeper.withdrawals import awaits_approval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Spoke
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.observer.recorder import Recorder
    from hub.runtime.ports import Clock
    from hub.runtime.sweeper.ports import Statuses, SweepLedger

# Pending removals are stored in one row of the ledger, of 400 KB at most, and once more when a person approves them;
# further instances wait for another sweep.
MAX_PENDING: Final = 8_000
READ_AT_ONCE: Final = 100
# Of a removal that a person approved.
APPROVED: Final = Trigger(Cause.APPROVAL)


@dataclass(frozen=True, slots=True)
class UnreachableSpokes:
    """Withdraws the names of spokes that were unreachable for too long."""

    rows: SweepLedger
    statuses: Statuses
    recorder: Recorder
    guard: Guard
    clock: Clock

    def withdraw(
        self,
        status: SpokeStatus,
        reason: str,
        generation: str,
        deadline: Deadline,
        report: Callable[[InstanceOutcome], None],
    ) -> SpokeStatus:
        """Return the status of a spoke that denies access.

        When the grace period is over, withdraw its names, unless too many spokes would lose theirs together. An
        instance whose row cannot be read keeps its names.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        now = self.clock()
        status = replace(status, fault=reason, fault_since=status.fault_since or now)
        if now - status.fault_since < self.guard.grace:
            return with_pending(status, {})
        # Also after the withdrawal: an account can deny access to the sweeper and allow it to the observer.
        names, unreadable = self._names(status.spoke, generation, report)
        status = replace(status, unreadable=unreadable.number, unreadable_first=unreadable.first)
        # The status has the names of the last sweep; more may have come since.
        status = replace(status, names=max(status.names, sum(names.values())))
        # What awaits approval does so until a person approves it or the spoke answers, whatever other spokes do.
        held = bool(status.pending_removals) or (
            not status.withdrawn and awaits_approval(status, self.statuses.spoke_statuses(), self.guard.grace, now)
        )
        pending = {ref: number for ref, number in names.items() if number and held and ref.id not in status.approved}
        for refs in chunks([ref for ref in names if ref not in pending], READ_AT_ONCE):
            if not deadline.allows(PAGE_SECONDS):
                return status
            rows = self.rows.known_observations(refs)
            for ref in refs:
                trigger = APPROVED if ref.id in status.approved else Trigger(Cause.SWEEP)
                look = Look(rows.get(ref), generation, now, trigger=trigger)
                outcome = self.recorder.missing(ref, f"the spoke was unreachable for too long: {reason}", look)
                if outcome.superseded:
                    # Others can read the spoke. The next sweep decides.
                    return status
                if outcome.result is InstanceResult.RETRY:
                    raise LedgerUnavailable(outcome.reason)
                report(outcome)
        status = with_pending(status, pending)
        if pending:
            return status
        # What a person approved does not count when the next spoke passes its grace period.
        counts = bool(status.names) and not (held or status.withdrawn)
        return replace(
            status,
            withdrawn=True,
            withdrawn_at=now if counts else status.withdrawn_at,
            names=0,
            usage=Tally().in_place_of(status.usage),
            generation=generation,
        )

    def _names(
        self, spoke: Spoke, generation: str, report: Callable[[InstanceOutcome], None]
    ) -> tuple[dict[InstanceRef, int], UnreadableThings]:
        """Return how many names each instance has that is to be decided, and report the rows that cannot be read."""
        names: dict[InstanceRef, int] = {}
        unreadable = UnreadableThings()
        for row in self.rows.observations_of(spoke):
            if isinstance(row, Unreadable):
                unreadable.add(row.what)
                ref = InstanceRef(spoke.account, spoke.region, row.what)
                report(InstanceOutcome(ref, InstanceResult.UNREADABLE, row.reason))
            elif names_of(row) or is_outdated(row, generation):
                names[row.ref] = names_of(row)
        return names, unreadable


def with_pending(status: SpokeStatus, pending: Mapping[InstanceRef, int]) -> SpokeStatus:
    """Return the status with these pending removals: instances, and how many names each would lose."""
    removals = tuple(sorted(ref.id for ref in pending))[:MAX_PENDING]
    return replace(status, pending_removals=removals, pending_names=sum(pending.values()))
