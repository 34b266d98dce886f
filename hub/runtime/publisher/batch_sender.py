"""Sends change batches, and splits a batch that Route 53 refuses, so that one bad change blocks no other name."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.ports import BatchRefused, LedgerUnavailable, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.batches import NameChange
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.refusals import refusal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.runtime.publisher.planner import Planner
    from hub.runtime.publisher.ports import Zones
    from hub.runtime.publisher.refusals import BatchRefusal
    from hub.runtime.publisher.run import PublishRun

# A name with one of these results was not sent, or the outcome of its batch is not known.
_UNSENT: Final = frozenset({NameResult.RETRY, NameResult.CLOSED, NameResult.PAUSED})


@dataclass(frozen=True, slots=True)
class BatchSender:
    """Sends the change batches of one run, one after the other."""

    run: PublishRun
    zones: Zones
    planner: Planner

    def send(self, first: Iterable[Sequence[NameChange]]) -> None:
        """Send change batches. For a refused batch, read what the zone holds, and send what still differs."""
        waiting = deque(first)
        while waiting:
            batch = waiting.popleft()
            if refusal := self._sent(batch):
                waiting.extend(part for part in self._parts(batch, refusal) if part)

    def _sent(self, batch: Sequence[NameChange]) -> BatchRefusal | None:
        """Send a batch; return Route 53's refusal, or None if the names have their outcomes."""
        keys = [name.key for name in batch]
        changes = [change for name in batch for change in name.changes]
        if self.run.out_of_time(keys, self.zones.delay(len(changes))) or self.run.paused(keys):
            return None
        try:
            pending = [(key, replace(self.run.states[key].published, pending=True)) for key in keys]
            self.run.ledger.put_published(pending)
            self.zones.change(batch[0].key.zone_id, changes)
        except BatchRefused as refused:
            return refusal_of(refused.message)
        except (ZoneUnavailable, ZoneClosed, LedgerUnavailable) as failure:
            self.run.fail(keys, failure)
            return None
        self.run.note(batch)
        return None

    def _parts(self, batch: Sequence[NameChange], refusal: BatchRefusal) -> tuple[Sequence[NameChange], ...]:
        """Return the batches to send in place of a refused batch."""
        blamed = [name for name in batch if name.key.fqdn in refusal.names]
        growing = [name for name in batch if name.grows]
        if not blamed and growing and refusal.zone_full:
            self._refuse(growing, refusal)
            return ([name for name in batch if not name.grows],)
        if not blamed:
            return self._isolated(batch, refusal)
        # A name that was read just before would be planned the same way again.
        self._refuse([name for name in blamed if name.key in self.run.read], refusal)
        unread = [name.key for name in blamed if name.key not in self.run.read]
        # Route 53 may refuse a replanned name again, for a reason that reading does not show. It is sent apart from the
        # others, so that they are not refused with it.
        return [name for name in batch if name not in blamed], self.planner.replanned(unread)

    def _isolated(self, batch: Sequence[NameChange], refusal: BatchRefusal) -> tuple[Sequence[NameChange], ...]:
        """Find one bad name in a batch whose refusal blames no name; return the batches to send after that.

        One half of the suspects is sent. If Route 53 accepts it, the fault is in the other half, and no call is needed
        to learn that. If not, the other half is set aside, and sent in one batch at the end. One bad name of 1,000
        therefore costs ten calls, and one call for what was set aside.

        """
        suspects, aside = list(batch), list[NameChange]()
        while len(suspects) > 1:
            half, other = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
            refused = self._sent(half)
            if refused is None and any(self.run.outcomes[name.key].result in _UNSENT for name in half):
                # The zone cannot be written now, and the other half is still untested.
                return ([*other, *aside],)
            if refused and refused.names:
                return (*self._parts(half, refused), [*other, *aside])
            suspects = half if refused else other
            aside += other if refused else []
            refusal = refused or refusal
        (bad,) = suspects
        if bad.key in self.run.read:
            self._refuse([bad], refusal)
            return (aside,)
        replanned = self.planner.replanned([bad.key])
        if replanned and replanned[0].changes == bad.changes:
            # Reading the zone shows nothing that explains the refusal.
            self._refuse(replanned, refusal)
            return (aside,)
        return aside, replanned

    def _refuse(self, names: Iterable[NameChange], refusal: BatchRefusal) -> None:
        """Record Route 53's refusal as a conflict. Published records stay unchanged."""
        refused = [
            replace(
                name,
                desired=self.run.states[name.key].published.record_sets,
                changes=(),
                conflict=f"Route 53 refused: {refusal.message}",
                zone_full=refusal.zone_full,
            )
            for name in names
        ]
        self.run.note(refused)
