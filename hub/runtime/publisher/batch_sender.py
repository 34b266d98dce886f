"""Sends change batches, and splits a batch that Route 53 refuses, so that one bad change blocks no other name.

A name is in conflict only if Route 53 refuses it alone, or if the zone takes no change that grows it, or if the run has
spent its refused calls. A message of Route 53 only says where to look first, because its wording may be any.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from hub.runtime.ports import BatchRefused, LedgerUnavailable, NoTurn, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.batches import NameChange
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.refusals import refusal_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.runtime.model.names import Change, NameKey
    from hub.runtime.publisher.planner import Planner
    from hub.runtime.publisher.ports import Zones
    from hub.runtime.publisher.refusals import BatchRefusal
    from hub.runtime.publisher.run import PublishRun

# A name with one of these results was not sent, or the outcome of its batch is not known.
_UNSENT: Final = frozenset({NameResult.RETRY, NameResult.CLOSED, NameResult.PAUSED, NameResult.DEFERRED})
# Refused calls of a run in one zone, after which no further bad change is searched. To find one bad change among 1,000
# whose refusal blames no name takes at most eleven, and some 2,000 change tokens: half a minute.
MAX_REFUSED_CALLS: Final = 100
# A zone that refuses each of so many single changes that grow it, picked evenly from many, takes none.
PROBES: Final = 5
# Of so few changes, each is tried.
FEW: Final = 4 * PROBES
# After a call lost its tokens to other workers, one with this part of its names is tried.
FEWER: Final = 8


class _Attempt(NamedTuple):
    """Names to send in one batch.

    If it is refused, what the message blames is tried apart from the rest, unless the attempt is `blind`, because a
    message was wrong before. If they are `suspects` of a refusal, they are sent one by one. `shortened` is how often
    names were left out because there were not enough tokens.

    """

    names: Sequence[NameChange]
    blind: bool = False
    suspects: BatchRefusal | None = None
    shortened: int = 0


@dataclass(frozen=True, slots=True)
class BatchSender:
    """Sends the change batches of one run, one after the other.

    `pending` are the names that the ledger has as pending, with their changes, `refused` counts the refused calls of
    each zone, and `full` are the zones that take no change that grows them.

    """

    run: PublishRun
    zones: Zones
    planner: Planner
    pending: dict[NameKey, Sequence[Change]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    full: set[str] = field(default_factory=set)

    def send(self, first: Iterable[Sequence[NameChange]]) -> None:
        """Send change batches. For a refused batch, read what the zone holds, and send what still differs."""
        waiting = deque(_Attempt(names) for names in first)
        while waiting:
            attempt = waiting.popleft()
            if attempt.suspects:
                parts = self._first_alone(attempt.names, attempt.suspects)
            else:
                refusal = self._sent(attempt.names)
                parts = self._parts(attempt, refusal) if refusal else self._with_tokens(attempt)
            waiting.extend(part for part in parts if part.names)

    def _sent(self, batch: Sequence[NameChange]) -> BatchRefusal | None:
        """Send a batch; return Route 53's refusal, or None if the names have their outcomes."""
        keys, zone_id = [name.key for name in batch], batch[0].key.zone_id
        changes = [change for name in batch for change in name.changes]
        # With a backlog, no call waits for long.
        delay = self.zones.delay(len(changes)) if self.run.wait is None else 0.0
        if self.run.out_of_time(keys, delay) or self.run.paused(keys):
            return None
        # Once for each name, unless a reading gave another plan since.
        new = [name for name in batch if self.pending.get(name.key) != name.changes]
        try:
            self.run.note_pending(new)
            self.pending.update({name.key: name.changes for name in new})
            # A batch is all prompt or not at all: the publisher sends prompt names apart.
            accepted = self.zones.change(zone_id, changes, self.run.urgency(keys), wait=self.run.longest_wait(keys))
        except NoTurn as no_turn:
            for name in new:
                del self.pending[name.key]
            self.run.defer(keys, [name.key for name in new], no_turn)
            return None
        except BatchRefused as refused:
            self.refused[zone_id] += 1
            return refusal_of(refused.message, [key.fqdn for key in keys], known=refused.known)
        except (ZoneUnavailable, ZoneClosed, LedgerUnavailable) as failure:
            self.run.fail(keys, failure)
            return None
        self.run.note(batch, accepted)
        return None

    def _with_tokens(self, attempt: _Attempt) -> list[_Attempt]:
        """Return what to send in place of a batch that found no tokens; the other names stay deferred."""
        names = attempt.names
        if self.run.outcomes[names[0].key].result is not NameResult.DEFERRED:
            return []
        quiet = [name for name in names if name.key in self.run.quiet]
        if attempt.shortened:
            # Other workers were faster. A small call gets its turn before large ones.
            few = quiet or names[: len(names) // FEWER]
            return [_Attempt(few, shortened=2)] if attempt.shortened == 1 and few else []
        prompt = names[0].key in self.run.prompt
        allowance = self.zones.allowance(self.run.longest_wait([name.key for name in names]), prompt=prompt)
        turns = {key: number for number, key in enumerate(self.run.prompt)}
        fitting: list[NameChange] = []
        for name in sorted(names, key=lambda each: turns.get(each.key, 0)):
            # One that needs more than is left keeps no other name waiting.
            if len(name.changes) <= allowance:
                allowance -= len(name.changes)
                fitting.append(name)
        return [_Attempt(fitting, shortened=1) if fitting else _Attempt(quiet, shortened=2)]

    def _parts(self, attempt: _Attempt, refusal: BatchRefusal) -> list[_Attempt]:
        """Return what to send in place of a refused batch."""
        batch = attempt.names if refusal.known else self.run.out_of_patience(attempt.names, refusal.message)
        growing = [name for name in batch if name.grows]
        others = [name for name in batch if not name.grows]
        if growing and (refusal.zone_full or growing[0].key.zone_id in self.full):
            self._refuse(growing, refusal, zone_full=True)
            return [attempt._replace(names=others)]
        if len(batch) <= 1:
            return self._alone(batch[0], refusal) if batch else []
        if self._spent(batch):
            self._let_go(batch, refusal)
            return []
        if not attempt.blind and (blamed := [name for name in batch if name.key.fqdn in refusal.blamed]):
            rest = [name for name in batch if name.key.fqdn not in refusal.blamed]
            return [_Attempt(rest, blind=True), *self._tried_apart(blamed, refusal, searching=not rest)]
        return self._searched(batch, refusal)

    def _searched(self, batch: Sequence[NameChange], refusal: BatchRefusal) -> list[_Attempt]:
        """Return what to send in place of a refused batch whose refusal says nothing about which names are bad."""
        growing = [name for name in batch if name.grows]
        if growing and len(growing) < len(batch):
            return [_Attempt([name for name in batch if not name.grows], blind=True), _Attempt(growing, blind=True)]
        return self._probed(growing, refusal) if growing else self._isolated(batch, refusal)

    def _alone(self, name: NameChange, refusal: BatchRefusal) -> list[_Attempt]:
        """Refuse a name that was sent alone, unless reading the zone shows that it needs other changes."""
        if name.key in self.run.read:
            self._refuse([name], refusal)
            return []
        replanned = self.planner.replanned([name.key])
        if replanned and replanned[0].changes == name.changes:
            self._refuse(replanned, refusal)
            return []
        return [_Attempt(replanned)]

    def _tried_apart(self, blamed: Sequence[NameChange], refusal: BatchRefusal, *, searching: bool) -> list[_Attempt]:
        """Read the blamed names; return those whose changes differ now, and those that reading does not explain.

        If all names of a batch are blamed, and reading explains none, the bad ones among them are searched.
        """
        before = {name.key: name.changes for name in blamed}
        suspects = [name for name in blamed if name.key in self.run.read]
        replanned = self.planner.replanned([key for key in before if key not in self.run.read])
        suspects += [name for name in replanned if name.changes == before[name.key]]
        differing = [name for name in replanned if name.changes != before[name.key]]
        if searching and len(suspects) == len(blamed) > 1:
            return self._searched(suspects, refusal)
        # What does not grow the zone comes first: those names may be held by instances that ended.
        suspects.sort(key=lambda name: name.grows)
        return [_Attempt(differing), _Attempt(suspects, suspects=refusal)]

    def _first_alone(self, suspects: Sequence[NameChange], refusal: BatchRefusal) -> list[_Attempt]:
        """Send the first suspect alone. If it is accepted, the message is wrong, and the others are searched."""
        if self._spent(suspects):
            self._let_go(suspects, refusal)
            return []
        first, *others = suspects
        if not (refused := self._sent([first])):
            return [_Attempt(others, blind=True)]
        return [*self._parts(_Attempt([first]), refused), _Attempt(others, suspects=refusal)]

    def _probed(self, growing: Sequence[NameChange], refusal: BatchRefusal) -> list[_Attempt]:
        """Send some of the names alone. If all are refused, the zone takes nothing that grows it, whatever it says."""
        if len(growing) <= PROBES:
            return self._isolated(growing, refusal)
        probes = growing[:: -(-len(growing) // PROBES)]
        parts: list[_Attempt] = []
        tried: set[NameKey] = set()
        accepted = False
        for probe in probes:
            tried.add(probe.key)
            if not (refused := self._sent([probe])):
                accepted = True
                break
            parts += self._parts(_Attempt([probe]), refused)
        remaining = [name for name in growing if name.key not in tried]
        if not accepted and len(growing) > FEW:
            self.full.add(remaining[0].key.zone_id)
            self._refuse(remaining, refusal, zone_full=True)
            return parts
        if not accepted or len(tried) > 1:
            # Some bad names are found, perhaps all.
            return [*parts, _Attempt(remaining, blind=True)]
        return [*parts, *self._isolated(remaining, refusal)]

    def _isolated(self, batch: Sequence[NameChange], refusal: BatchRefusal) -> list[_Attempt]:
        """Find one bad name in a batch whose refusal blames no name; return what to send after that.

        One half of the suspects is sent. If Route 53 accepts it, the fault is in the other half, and no call is needed
        to learn that. If not, the other half is set aside, and sent in one batch at the end. One bad name of 1,000
        therefore costs ten calls, one to send it alone, and one call for what was set aside.

        """
        suspects, aside = list(batch), list[NameChange]()
        refused: BatchRefusal | None = None
        while len(suspects) > 1:
            if self._spent(suspects):
                self._let_go(suspects, refusal)
                return [_Attempt(aside, blind=True)]
            half, other = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
            refused = self._sent(half)
            if refused is None and any(self.run.outcomes[name.key].result in _UNSENT for name in half):
                # The zone cannot be written now, and the other half is still untested.
                return [_Attempt([*other, *aside], blind=True)]
            suspects = half if refused else other
            aside += other if refused else []
            refusal = refused or refusal
        (bad,) = suspects
        alone = self._alone(bad, refused) if refused else [_Attempt([bad])]
        return [_Attempt(aside, blind=True), *alone]

    def _spent(self, names: Sequence[NameChange]) -> bool:
        """Whether the zone of the names has refused as many calls as a run makes to search."""
        return self.refused[names[0].key.zone_id] >= MAX_REFUSED_CALLS

    def _let_go(self, names: Sequence[NameChange], refusal: BatchRefusal) -> None:
        """Record a conflict for names of a refused batch, although other names of it may be the cause."""
        what = f"a batch with this name, and {MAX_REFUSED_CALLS} calls before it. The next audit tries again"
        self._refuse(names, refusal, what)

    def _refuse(
        self, names: Iterable[NameChange], refusal: BatchRefusal, what: str = "", *, zone_full: bool = False
    ) -> None:
        """Record Route 53's refusal as a conflict. Published records stay unchanged."""
        refused = [
            replace(
                name,
                desired=self.run.states[name.key].published.record_sets,
                changes=(),
                conflict=f"Route 53 refused{what and ' '}{what}: {refusal.about(name.key.fqdn)}",
                zone_full=zone_full,
                refused=True,
            )
            for name in names
        ]
        self.run.note(refused)
