"""The publisher: from claims to record sets in the zones, over ports. No AWS, no log; what it did is what it returns.

It is level-triggered: of each name that it is told of it reads all claims, works out what the zone should hold, and
sends the difference to what the ledger remembers. Each change batch is a compare-and-swap, so a wrong memory does no
harm: Route 53 refuses the batch, and what is really there is read.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.names import (
    SIMPLE,
    Action,
    Change,
    ForeignRecordSet,
    InstanceRef,
    NameKey,
    NameState,
    Published,
    RecordSet,
)
from hub.runtime.ports import (
    BatchRefused,
    Clock,
    LedgerUnavailable,
    NameLedger,
    PublishControls,
    ZoneClosed,
    Zones,
    ZoneUnavailable,
)
from hub.runtime.publisher.batches import NameChange, batches, changes
from hub.runtime.publisher.holders import desired_record_sets, left_out
from hub.runtime.publisher.outcome import NameOutcome, NameResult, patient
from hub.runtime.publisher.refusals import refusal_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Fqdn, Millis
    from hub.runtime.ports import ZoneRecordSets
    from hub.runtime.publisher.refusals import BatchRefusal

# A run with less than this many seconds left begins no further call.
CALL_SECONDS: Final = HUB_CALLS.seconds()


# A name of which a batch was not sent, or nobody knows what came of it.
_UNSENT: Final = frozenset({NameResult.RETRY, NameResult.CLOSED, NameResult.PAUSED})


@dataclass(slots=True)
class _Run:
    """One call's bookkeeping: each name's state as read, and its outcome once there is one."""

    deadline: Deadline
    states: dict[NameKey, NameState] = field(default_factory=dict)
    outcomes: dict[NameKey, NameOutcome] = field(default_factory=dict)
    # The names of which an audit says that the memory is wrong.
    marked: Collection[NameKey] = ()
    # The names whose changes were worked out from what the zone holds, not from memory.
    read: set[NameKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Publisher:
    """Brings zones in line with claims."""

    ledger: NameLedger
    circumstances: PublishControls
    zones: Zones
    clock: Clock
    # The ids of the zones in which what other tools left for known instances is taken over.
    adopting: frozenset[str] = frozenset()

    def publish(
        self, changed_at: Mapping[NameKey, Millis], marked: Collection[NameKey], deadline: Deadline
    ) -> list[NameOutcome]:
        """One outcome for each name, in order. What may succeed later ends as RETRY and is safe to repeat.

        `changed_at` has the names, each with the time of the change in the ledger that this call is to publish.
        Of the names that are `marked`, what the zone holds is read before anything is decided. While publishing is
        paused, names are let go: they are in the ledger, and an audit finds them afterwards.
        """
        ordered = sorted(changed_at)
        run = _Run(deadline, marked=marked)
        if self._is_paused(run, ordered):
            return [run.outcomes[key] for key in ordered]
        by_zone: defaultdict[str, list[NameKey]] = defaultdict(list)
        for key in ordered:
            if self._out_of_time(run, [key]):
                continue
            try:
                run.states[key] = self.ledger.name(key)
            except LedgerUnavailable as unavailable:
                run.outcomes[key] = NameOutcome(key, NameResult.RETRY, str(unavailable))
            else:
                by_zone[key.zone_id].append(key)
        # In turns, so that a zone with many batches, or with one that has to be taken apart, keeps no other waiting.
        of_zones = [batches(self._planned(run, of_zone)) for of_zone in by_zone.values()]
        self._send(run, [batch for turn in zip_longest(*of_zones) for batch in turn if batch])
        for key, state in run.states.items():
            run.outcomes[key] = replace(run.outcomes[key], left_out=left_out(state.claims))
        now = self.clock()
        return [patient(run.outcomes[key], changed_at[key], now) for key in ordered]

    def _planned(self, run: _Run, keys: Iterable[NameKey]) -> list[NameChange]:
        """What is to change of the names of one zone; the outcome of the others is known by that."""
        planned: list[NameChange] = []
        unsure: list[NameKey] = []
        for key in keys:
            state = run.states[key]
            desired = desired_record_sets(state.claims)
            todo = changes(state.published.record_sets, desired)
            distrusted = key in run.marked or state.published.pending or state.published.conflict
            if distrusted or (todo and not state.published.record_sets):
                # A batch was sent and nobody noted what came of it, or something was in the way, or nothing of the name
                # was ours so far: Route 53 would take our record set beside a foreign multivalue answer record set,
                # and level its TTL. The memory is no basis.
                unsure.append(key)
            elif todo:
                planned.append(NameChange(key, desired, todo))
            else:
                run.outcomes[key] = NameOutcome(key, NameResult.UNCHANGED)
        return planned + self._replanned(run, unsure)

    def _replanned(self, run: _Run, keys: Sequence[NameKey]) -> list[NameChange]:
        """What is to change of names of one zone, by what the zone holds now; the outcome of the others is known."""
        if not keys or self._out_of_time(run, keys):
            return []
        try:
            there = self.zones.record_sets(keys[0].zone_id, [key.fqdn for key in keys])
            unknown_owners = self._unknown_owners(run, keys, there)
        except (ZoneUnavailable, ZoneClosed) as failure:
            self._failed(run, keys, failure)
            return []
        except LedgerUnavailable as unavailable:
            self._failed(run, keys, unavailable)
            return []
        run.read.update(keys)
        planned: list[NameChange] = []
        settled: list[NameChange] = []
        for key in keys:
            held = there[key.fqdn]
            if stranger := unknown_owners.get(key):
                # What is remembered counts as known the next time: a stranger stays one until the spoke was swept.
                known = tuple(one for one in held.owned if one.set_identifier in run.states[key].known)
                settled.append(NameChange(key, known, (), stranger))
                continue
            claimed = desired_record_sets(run.states[key].claims)
            adopted = adoptable(held.foreign, claimed) if key.zone_id in self.adopting else {}
            blocked = _blocked_types(claimed, [one for one in held.foreign if one not in adopted])
            # What is foreign is left as it is, and so is what stands beside it already.
            desired = tuple(one for one in claimed if one.type not in blocked or one in held.owned)
            conflict = f"a foreign record set is in the way of type {', '.join(sorted(blocked))}" if blocked else None
            # In one batch with what takes their place: there is never a moment without an answer.
            left = [Change(Action.DELETE, one) for of, one in adopted.items() if of.type not in blocked]
            todo = (*left, *changes(held.owned, desired))
            (planned if todo else settled).append(NameChange(key, desired, todo, conflict))
        self._note(run, settled)
        return planned

    def _unknown_owners(
        self, run: _Run, keys: Iterable[NameKey], there: Mapping[Fqdn, ZoneRecordSets]
    ) -> dict[NameKey, str]:
        """The names that somebody holds of whom the ledger knows nothing, though he may well claim them, and why so.

        As after the ledger was emptied: nothing of such a name is changed until the spoke has been swept.
        """
        unknown: dict[NameKey, set[InstanceRef]] = {}
        for key in keys:
            owners = {one.set_identifier for one in there[key.fqdn].owned} - run.states[key].known
            if refs := {ref for owner in owners if (ref := InstanceRef.of_set_identifier(owner))}:
                unknown[key] = refs
        spokes = {ref.spoke for refs in unknown.values() for ref in refs}
        unsettled = spokes - self.circumstances.settled(spokes) if spokes else spokes
        return {
            key: f"{min(waiting)} holds it, whose spoke has not been swept of late"
            for key, refs in unknown.items()
            if (waiting := {ref for ref in refs if ref.spoke in unsettled})
        }

    def _send(self, run: _Run, first: Iterable[Sequence[NameChange]]) -> None:
        """Send change batches; of what is refused, read what is there, and send the rest.

        No two batches are ever under way at once.
        """
        waiting = deque(first)
        while waiting:
            batch = waiting.popleft()
            if refusal := self._sent(run, batch):
                waiting.extend(part for part in self._parts(run, batch, refusal) if part)

    def _sent(self, run: _Run, batch: Sequence[NameChange]) -> BatchRefusal | None:
        """Send a batch; Route 53's refusal if it is refused, None if that is the end of it either way."""
        keys = [name.key for name in batch]
        to_make = [change for name in batch for change in name.changes]
        if self._out_of_time(run, keys, self.zones.delay(len(to_make))) or self._is_paused(run, keys):
            return None
        try:
            self.ledger.put_published([(key, replace(run.states[key].published, pending=True)) for key in keys])
            self.zones.change(batch[0].key.zone_id, to_make)
        except BatchRefused as refused:
            return refusal_of(refused.message)
        except (ZoneUnavailable, ZoneClosed, LedgerUnavailable) as failure:
            self._failed(run, keys, failure)
            return None
        self._note(run, batch)
        return None

    def _parts(self, run: _Run, batch: Sequence[NameChange], refusal: BatchRefusal) -> tuple[Sequence[NameChange], ...]:
        """What to send instead of a batch that was refused, so that one bad change never blocks the others."""
        guilty = [name for name in batch if name.key.fqdn in refusal.names]
        growing = [name for name in batch if name.grows]
        if not guilty and growing and refusal.zone_full:
            self._refuse(run, growing, refusal)
            return ([name for name in batch if not name.grows],)
        if not guilty:
            return self._isolated(run, batch, refusal)
        # A name that was read just before would be planned the same way once more.
        self._refuse(run, [name for name in guilty if name.key in run.read], refusal)
        again = [name.key for name in guilty if name.key not in run.read]
        # A mended name may still be refused, for a reason that reading does not show: it must not take the others
        # along.
        return [name for name in batch if name not in guilty], self._replanned(run, again)

    def _isolated(
        self, run: _Run, batch: Sequence[NameChange], refusal: BatchRefusal
    ) -> tuple[Sequence[NameChange], ...]:
        """Find one bad change of a batch whose refusal cannot be read; what is to be sent after that.

        One half of the suspects is sent: if it goes through, the fault is in the other half, which need not be sent to
        know that; if not, the other half is set aside, and goes out in one batch in the end. So of 1,000 names one bad
        one costs ten calls, and one for what was set aside.
        """
        suspects, aside = list(batch), list[NameChange]()
        while len(suspects) > 1:
            half, other = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
            refused = self._sent(run, half)
            if refused is None and any(run.outcomes[name.key].result in _UNSENT for name in half):
                # The zone cannot be written now, and nothing is known of the other half.
                return ([*other, *aside],)
            if refused and refused.names:
                return (*self._parts(run, half, refused), [*other, *aside])
            suspects = half if refused else other
            aside += other if refused else []
            refusal = refused or refusal
        (bad,) = suspects
        if bad.key in run.read:
            self._refuse(run, [bad], refusal)
            return (aside,)
        mended = self._replanned(run, [bad.key])
        if mended and mended[0].changes == bad.changes:
            # Reading it shows nothing that explains the refusal.
            self._refuse(run, mended, refusal)
            return (aside,)
        return aside, mended

    def _refuse(self, run: _Run, names: Iterable[NameChange], refusal: BatchRefusal) -> None:
        """Note that Route 53 will not take what is to change of these names; they stay as they were."""
        refused = [
            replace(
                name,
                desired=run.states[name.key].published.record_sets,
                changes=(),
                conflict=f"Route 53 refused: {refusal.message}",
                zone_full=refusal.zone_full,
            )
            for name in names
        ]
        self._note(run, refused)

    def _failed(self, run: _Run, keys: Sequence[NameKey], failure: Exception) -> None:
        """What becomes of names whose zone was not written: tried again, unless waiting does not help.

        A zone that is closed is a conflict of its names, so that they keep no other zone's names waiting in the stream.
        Each stays marked as pending, and is looked at anew when it is touched the next time.
        """
        result, reason = NameResult.RETRY, str(failure)
        if isinstance(failure, ZoneClosed):
            result, reason = NameResult.CLOSED, f"the zone is closed to us: {failure}"
            closed = [(key, replace(run.states[key].published, pending=True, conflict=reason)) for key in keys]
            try:
                self.ledger.put_published(closed)
            except LedgerUnavailable as unavailable:
                result, reason = NameResult.RETRY, str(unavailable)
        for key in keys:
            run.outcomes[key] = NameOutcome(key, result, reason)

    def _out_of_time(self, run: _Run, keys: Iterable[NameKey], delay: float = 0.0) -> bool:
        """Whether no further call may begin, after so many seconds; if so, the names are left for the next run."""
        if run.deadline.allows(CALL_SECONDS + delay):
            return False
        for key in keys:
            run.outcomes[key] = NameOutcome(key, NameResult.RETRY, "no time is left in this run")
        return True

    def _is_paused(self, run: _Run, keys: Sequence[NameKey]) -> bool:
        """Whether nothing may be written now, or nobody knows: then the names are let go, or left for the next run."""
        try:
            reason = self.circumstances.paused()
        except LedgerUnavailable as unavailable:
            self._failed(run, keys, unavailable)
            return True
        if reason is None:
            return False
        for key in keys:
            run.outcomes[key] = NameOutcome(key, NameResult.PAUSED, f"publishing is paused: {reason}")
        return True

    def _note(self, run: _Run, names: Sequence[NameChange]) -> None:
        """Remember what the zone holds of these names, and set their outcomes."""
        if not names:
            return
        try:
            self.ledger.put_published([(name.key, Published(name.desired, conflict=name.conflict)) for name in names])
        except LedgerUnavailable as unavailable:
            for name in names:
                run.outcomes[name.key] = NameOutcome(name.key, NameResult.RETRY, str(unavailable))
            return
        for name in names:
            result = NameResult.PUBLISHED if name.changes else NameResult.UNCHANGED
            run.outcomes[name.key] = NameOutcome(
                name.key,
                NameResult.CONFLICT if name.conflict else result,
                name.conflict or "",
                name.changes,
                zone_full=name.zone_full,
            )


def adoptable(foreign: Iterable[ForeignRecordSet], desired: Collection[RecordSet]) -> dict[ForeignRecordSet, RecordSet]:
    """The foreign record sets that another tool left for a holder of the name, each as it has to be deleted.

    Only simple ones with one value, which stays an answer: it is one of the record sets that take the place.
    """
    addresses = {(record_set.type.value, value) for record_set in desired for value in record_set.values}
    types = {record_set.type.value: record_set for record_set in desired}
    return {
        one: RecordSet(one.fqdn, types[one.type].type, one.ttl, one.values, "")
        for one in foreign
        if one.routing == SIMPLE
        and one.ttl is not None
        and one.type in types
        and len(one.values) == 1
        and (one.type, one.values[0]) in addresses
    }


def _blocked_types(desired: Collection[RecordSet], foreign: Iterable[ForeignRecordSet]) -> frozenset[str]:
    """The record types of a name that foreign record sets keep from being published.

    A multivalue answer record set cannot stand beside another routing policy of its name and type, and must not stand
    beside a foreign one of its own; nor can anything stand beside a CNAME (Route 53 Developer Guide, "Values specific
    for multivalue answer records"; RFC 1034, section 3.6.2).
    """
    types = {record_set.type.value for record_set in desired}
    there = {one.type for one in foreign}
    return frozenset(types if "CNAME" in there else types & there)
