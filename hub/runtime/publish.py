"""The publisher: from claims to record sets in the zones, over ports. No AWS, no log; what it did is what it returns.

It is level-triggered: of each name that it is told of it reads all claims, works out what the zone should hold, and
sends the difference to what the ledger remembers. Each change batch is a compare-and-swap, so a wrong memory does no
harm: Route 53 refuses the batch, and what is really there is read.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.claims import desired_record_sets
from hub.runtime.model import Change, ForeignRecordSet, NameKey, NameState, Published, RecordSet
from hub.runtime.naming import NameRefused, parse_domain
from hub.runtime.plan import NameChange, batches, changes
from hub.runtime.ports import BatchRefused, LedgerUnavailable, Names, Zones, ZoneUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# The two ways in which Route 53's messages name a record set (API Reference, ChangeResourceRecordSets,
# InvalidChangeBatch; the wordings differ between kinds of faults).
_NAMED: Final = re.compile(r"name='([^']+)'|DNS name ([^\s,]+)")


class Ending(StrEnum):
    """What became of a name."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one name, and why."""

    key: NameKey
    ending: Ending
    reason: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class _Run:
    """One call's bookkeeping: each name's state as read, and its outcome once there is one."""

    states: dict[NameKey, NameState]
    outcomes: dict[NameKey, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publisher:
    """Brings zones in line with claims."""

    ledger: Names
    zones: Zones

    def publish(self, keys: Iterable[NameKey]) -> list[Outcome]:
        """One outcome for each name, in order. What may succeed later ends as RETRY and is safe to repeat."""
        ordered = sorted(set(keys))
        try:
            run = _Run({key: self.ledger.name(key) for key in ordered})
        except LedgerUnavailable as unavailable:
            return [Outcome(key, Ending.RETRY, str(unavailable)) for key in ordered]
        by_zone: defaultdict[str, list[NameChange]] = defaultdict(list)
        for key, state in run.states.items():
            planned = self._planned(run, state)
            if planned is not None:
                by_zone[key.zone_id].append(planned)
        for zone_id in sorted(by_zone):
            for batch in batches(by_zone[zone_id]):
                self._send(run, batch)
        return [run.outcomes[key] for key in ordered]

    def _planned(self, run: _Run, state: NameState) -> NameChange | None:
        """What is to change of a name, or None when its outcome is known already."""
        if state.published.pending or state.published.conflict:
            # A batch was sent and nobody noted what came of it, or something was in the way: the memory is no basis.
            return self._replanned(run, state.key)
        desired = desired_record_sets(state.claims)
        todo = changes(state.published.record_sets, desired)
        if todo:
            return NameChange(state.key, desired, todo)
        run.outcomes[state.key] = Outcome(state.key, Ending.UNCHANGED)
        return None

    def _replanned(self, run: _Run, key: NameKey) -> NameChange | None:
        """What is to change of a name, by what its zone holds now; None when its outcome is known by that."""
        claimed = desired_record_sets(run.states[key].claims)
        try:
            there = self.zones.record_sets(key)
        except ZoneUnavailable as unavailable:
            run.outcomes[key] = Outcome(key, Ending.RETRY, str(unavailable))
            return None
        conflict = _in_the_way(claimed, there.foreign)
        # What is foreign is left as it is; ours goes all the same when nobody claims it any more.
        desired = tuple(one for one in claimed if one in there.owned) if conflict else claimed
        todo = changes(there.owned, desired)
        if todo:
            return NameChange(key, desired, todo, conflict)
        self._note(run, [(NameChange(key, desired, (), conflict))])
        return None

    def _send(self, run: _Run, first: Sequence[NameChange]) -> None:
        """Send one change batch; of what is refused, read what is there, and send the rest.

        No two batches to one zone are ever under way at once.
        """
        waiting: deque[Sequence[NameChange]] = deque([first])
        # Names whose changes were worked out from the zone just before: when one of those is refused, reading it once
        # more would not help.
        read: set[NameKey] = set()
        while waiting:
            batch = waiting.popleft()
            try:
                self.ledger.put_published(
                    [(name.key, replace(run.states[name.key].published, pending=True)) for name in batch]
                )
                self.zones.change(batch[0].key.zone_id, [change for name in batch for change in name.changes])
            except BatchRefused as refused:
                waiting.extend(part for part in self._parts(run, batch, refused.message, read) if part)
            except (ZoneUnavailable, LedgerUnavailable) as unavailable:
                for name in batch:
                    run.outcomes[name.key] = Outcome(name.key, Ending.RETRY, str(unavailable))
            else:
                self._note(run, batch)

    def _parts(
        self, run: _Run, batch: Sequence[NameChange], message: str, read: set[NameKey]
    ) -> tuple[Sequence[NameChange], ...]:
        """What to send instead of a batch that was refused, so that one bad change never blocks the others."""
        named = _names_in(message)
        guilty = [name for name in batch if name.key.fqdn in named]
        if not guilty and len(batch) > 1:
            # The message cannot be read: halve the batch until the fault stands alone.
            return batch[: len(batch) // 2], batch[len(batch) // 2 :]
        mended: list[NameChange] = []
        for name in guilty or batch:
            if name.key in read:
                refused = f"Route 53 refused: {message}"
                self._note(
                    run,
                    [replace(name, desired=run.states[name.key].published.record_sets, changes=(), conflict=refused)],
                )
                continue
            read.add(name.key)
            again = self._replanned(run, name.key)
            if again is not None:
                mended.append(again)
        # A mended name may still be refused, for a reason that reading does not show: it must not take the others
        # along.
        return [name for name in batch if name.key.fqdn not in named] if guilty else [], mended

    def _note(self, run: _Run, names: Sequence[NameChange]) -> None:
        """Remember what the zone holds of these names, and set their outcomes."""
        try:
            self.ledger.put_published([(name.key, Published(name.desired, conflict=name.conflict)) for name in names])
        except LedgerUnavailable as unavailable:
            for name in names:
                run.outcomes[name.key] = Outcome(name.key, Ending.RETRY, str(unavailable))
            return
        for name in names:
            ending = Ending.PUBLISHED if name.changes else Ending.UNCHANGED
            run.outcomes[name.key] = Outcome(
                name.key, Ending.CONFLICT if name.conflict else ending, name.conflict or "", name.changes
            )


def _in_the_way(desired: Collection[RecordSet], foreign: Iterable[ForeignRecordSet]) -> str | None:
    """Why foreign record sets keep a name from being published, or None when they do not.

    A multivalue answer record set cannot stand beside another routing policy of its name and type, nor anything beside
    a CNAME (Route 53 Developer Guide, "Values specific for multivalue answer records"; RFC 1034, section 3.6.2).
    """
    types = {record_set.type.value for record_set in desired}
    blocking = sorted({one.type for one in foreign if types and (one.type == "CNAME" or one.type in types)})
    return f"a foreign record set of type {', '.join(blocking)} is in the way" if blocking else None


def _names_in(message: str) -> set[str]:
    """The names that a refusal names, as far as they are names that we could have sent."""
    names: set[str] = set()
    for quoted, plain in _NAMED.findall(message):
        try:
            names.add(parse_domain(quoted or plain))
        except NameRefused:
            continue
    return names
