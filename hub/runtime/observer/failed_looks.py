"""Keeps in the ledger why looks at a spoke fail: its events wait meanwhile. Over ports; no AWS, no log."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER
from hub.runtime.model.status import MOST_WAITING, FailedLook
from hub.runtime.observer.recorder import InstanceResult

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.names import InstanceRef, Millis, Spoke
    from hub.runtime.observer.ports import LookLedger
    from hub.runtime.observer.recorder import InstanceOutcome
    from hub.runtime.ports import Clock

# The same failure is written at most once in this time by each environment. Milliseconds.
WRITE_AGAIN: Final = 60_000
_WORKED: Final = frozenset({InstanceResult.RECORDED, InstanceResult.UNCHANGED, InstanceResult.UNREADABLE})


@dataclass(slots=True)
class FailedLooks:
    """Writes the failed looks of spokes, and removes them when a look succeeds."""

    ledger: LookLedger
    clock: Clock
    _written: dict[Spoke, Millis] = field(default_factory=dict)

    def note(self, outcomes: Collection[InstanceOutcome], reported_at: Mapping[InstanceRef, Millis]) -> None:
        """Write which looks failed; `reported_at` has the times of the events that wait.

        Raises:
            LedgerUnavailable: if the ledger cannot be written. The next run tries again.
        """
        now = self.clock()
        failed: defaultdict[Spoke, list[InstanceOutcome]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.failed and outcome.result is InstanceResult.RETRY:
                failed[outcome.ref.spoke].append(outcome)
        for spoke, waiting in failed.items():
            if now - self._written.get(spoke, NEVER) >= WRITE_AGAIN:
                since = min(reported_at.get(outcome.ref, now) or now for outcome in waiting)
                first = tuple(outcome.ref.id for outcome in waiting[:MOST_WAITING])
                self.ledger.put_failed_look(spoke, FailedLook(waiting[0].reason, now, since, len(waiting), first))
                self._written[spoke] = now
        worked = {outcome.ref.spoke for outcome in outcomes if outcome.result in _WORKED}
        for spoke in (worked - failed.keys()) & self._written.keys():
            self.ledger.put_failed_look(spoke, FailedLook())
            del self._written[spoke]
