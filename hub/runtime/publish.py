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
from hub.runtime.ports import BatchRefused, LedgerUnavailable, Names, TimeLeft, ZoneClosed, Zones, ZoneUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# The two ways in which Route 53's messages name a record set (API Reference, ChangeResourceRecordSets,
# InvalidChangeBatch; the wordings differ between kinds of faults).
_NAMED: Final = re.compile(r"name='([^']+)'|DNS name ([^\s,]+)")


# A run with less than this many seconds left begins no further call: one that is throttled backs off for about as long.
CALL_TAKES: Final = 100.0


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
    time_left: TimeLeft

    def publish(self, keys: Iterable[NameKey]) -> list[Outcome]:
        """One outcome for each name, in order. What may succeed later ends as RETRY and is safe to repeat."""
        ordered = sorted(set(keys))
        try:
            run = _Run({key: self.ledger.name(key) for key in ordered})
        except LedgerUnavailable as unavailable:
            return [Outcome(key, Ending.RETRY, str(unavailable)) for key in ordered]
        by_zone: defaultdict[str, list[NameKey]] = defaultdict(list)
        for key in ordered:
            by_zone[key.zone_id].append(key)
        for of_zone in by_zone.values():
            for batch in batches(self._planned(run, of_zone)):
                self._send(run, batch)
        return [run.outcomes[key] for key in ordered]

    def _planned(self, run: _Run, keys: Iterable[NameKey]) -> list[NameChange]:
        """What is to change of the names of one zone; the outcome of the others is known by that."""
        planned: list[NameChange] = []
        unsure: list[NameKey] = []
        for key in keys:
            state = run.states[key]
            if state.published.pending or state.published.conflict:
                # A batch was sent and nobody noted what came of it, or something was in the way: the memory is no
                # basis.
                unsure.append(key)
                continue
            desired = desired_record_sets(state.claims)
            todo = changes(state.published.record_sets, desired)
            if todo:
                planned.append(NameChange(key, desired, todo))
            else:
                run.outcomes[key] = Outcome(key, Ending.UNCHANGED)
        return planned + self._replanned(run, unsure)

    def _replanned(self, run: _Run, keys: Sequence[NameKey]) -> list[NameChange]:
        """What is to change of names of one zone, by what the zone holds now; the outcome of the others is known."""
        if not keys or self._out_of_time(run, keys):
            return []
        try:
            there = self.zones.record_sets(keys[0].zone_id, [key.fqdn for key in keys])
        except (ZoneUnavailable, ZoneClosed) as failure:
            self._failed(run, keys, failure)
            return []
        planned: list[NameChange] = []
        settled: list[NameChange] = []
        for key in keys:
            held = there[key.fqdn]
            claimed = desired_record_sets(run.states[key].claims)
            conflict = _in_the_way(claimed, held.foreign)
            # What is foreign is left as it is; ours goes all the same when nobody claims it any more.
            desired = tuple(one for one in claimed if one in held.owned) if conflict else claimed
            todo = changes(held.owned, desired)
            (planned if todo else settled).append(NameChange(key, desired, todo, conflict))
        self._note(run, settled)
        return planned

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
            keys = [name.key for name in batch]
            if self._out_of_time(run, keys):
                continue
            try:
                self.ledger.put_published([(key, replace(run.states[key].published, pending=True)) for key in keys])
                self.zones.change(batch[0].key.zone_id, [change for name in batch for change in name.changes])
            except BatchRefused as refused:
                waiting.extend(part for part in self._parts(run, batch, refused.message, read) if part)
            except (ZoneUnavailable, ZoneClosed, LedgerUnavailable) as failure:
                self._failed(run, keys, failure)
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
        hopeless = [name for name in guilty or batch if name.key in read]
        self._note(
            run,
            [
                replace(
                    name,
                    desired=run.states[name.key].published.record_sets,
                    changes=(),
                    conflict=f"Route 53 refused: {message}",
                )
                for name in hopeless
            ],
        )
        again = [name.key for name in guilty or batch if name.key not in read]
        read.update(again)
        innocent = [name for name in batch if name.key.fqdn not in named] if guilty else []
        # A mended name may still be refused, for a reason that reading does not show: it must not take the others
        # along.
        return innocent, self._replanned(run, again)

    def _failed(self, run: _Run, keys: Iterable[NameKey], failure: Exception) -> None:
        """What becomes of names whose zone was not written: tried again, unless waiting does not help.

        A zone that is closed is a conflict of its names, so that they keep no other zone's names waiting in the stream.
        Each stays marked as pending, and is looked at anew when it is touched the next time.
        """
        for key in keys:
            if not isinstance(failure, ZoneClosed):
                run.outcomes[key] = Outcome(key, Ending.RETRY, str(failure))
                continue
            closed = replace(run.states[key].published, pending=True, conflict=f"the zone is closed to us: {failure}")
            try:
                self.ledger.put_published([(key, closed)])
            except LedgerUnavailable as unavailable:
                run.outcomes[key] = Outcome(key, Ending.RETRY, str(unavailable))
            else:
                run.outcomes[key] = Outcome(key, Ending.CONFLICT, closed.conflict or "")

    def _out_of_time(self, run: _Run, keys: Iterable[NameKey]) -> bool:
        """Whether no further call may begin; if so, the names are left for the next run."""
        if self.time_left() >= CALL_TAKES:
            return False
        for key in keys:
            run.outcomes[key] = Outcome(key, Ending.RETRY, "no time is left in this run")
        return True

    def _note(self, run: _Run, names: Sequence[NameChange]) -> None:
        """Remember what the zone holds of these names, and set their outcomes."""
        if not names:
            return
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
