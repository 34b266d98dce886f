"""Sends change batches, and takes a batch apart that Route 53 refuses, so that one bad change blocks no other name."""

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

# A name with one of these was not sent, or the outcome of its batch is not known.
_UNSENT: Final = frozenset({NameResult.RETRY, NameResult.CLOSED, NameResult.PAUSED})


@dataclass(frozen=True, slots=True)
class BatchSender:
    """Sends the change batches of one run, one after the other."""

    run: PublishRun
    zones: Zones
    planner: Planner

    def send(self, first: Iterable[Sequence[NameChange]]) -> None:
        """Send change batches; read what the zone holds of a refused one, and send the rest."""
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
        """Return the batches to send instead of a refused one."""
        blamed = [name for name in batch if name.key.fqdn in refusal.names]
        growing = [name for name in batch if name.grows]
        if not blamed and growing and refusal.zone_full:
            self._refuse(growing, refusal)
            return ([name for name in batch if not name.grows],)
        if not blamed:
            return self._isolated(batch, refusal)
        # A name that was read just before would be planned the same way once more.
        self._refuse([name for name in blamed if name.key in self.run.read], refusal)
        unread = [name.key for name in blamed if name.key not in self.run.read]
        # A replanned name may be refused again, for a reason that reading does not show: it is sent apart from the
        # others, so that it takes none along.
        return [name for name in batch if name not in blamed], self.planner.replanned(unread)

    def _isolated(self, batch: Sequence[NameChange], refusal: BatchRefusal) -> tuple[Sequence[NameChange], ...]:
        """Find one bad change of a batch whose refusal blames no name; return the batches to send after that.

        One half of the suspects is sent. If it goes through, the fault is in the other half, which need not be sent to
        know that. If not, the other half is set aside, and goes out in one batch in the end. So one bad name of 1,000
        costs ten calls, and one for what was set aside.
        """
        suspects, aside = list(batch), list[NameChange]()
        while len(suspects) > 1:
            half, other = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
            refused = self._sent(half)
            if refused is None and any(self.run.outcomes[name.key].result in _UNSENT for name in half):
                # The zone cannot be written now, and nothing is known of the other half.
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
