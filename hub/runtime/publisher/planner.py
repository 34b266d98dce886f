"""The changes that each name needs, from the ledger's memory of the zone or from what the zone holds; over ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Action, Change, Withheld
from hub.runtime.names.dry_run import turned_on
from hub.runtime.ports import LedgerUnavailable, NoTurn, ZoneClosed, ZoneRecordSets, ZoneUnavailable
from hub.runtime.publisher.batches import NameChange, changes
from hub.runtime.publisher.foreign import READ_ONE_BY_ONE, adoptable, beside_foreign, blocked_types, may_set_a_ttl
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.publisher.owners import Standing, settlement, standing
from hub.runtime.rate_limit import Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hub.runtime.model.names import InstanceRef, NameKey, NameState, RecordSet
    from hub.runtime.publisher.owners import Settlement
    from hub.runtime.publisher.ports import Zones
    from hub.runtime.publisher.run import PublishRun


# A run reads at most so many prompt names of a zone one by one, if there are tokens for them. If there are more, only
# the first one, of the quietest account, waits for tokens, and the next ones leave some: the others go to the backlog
# anyway. The backlog reads the zone once for the names of all shards.
PROMPT_READ_ALONE: Final = 5
UNREAD: Final = "no tokens were left to read it in its zone: the backlog reads the zone"


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the changes of one run's names. `adopting` are the ids of the zones in which orgdns adopts records."""

    run: PublishRun
    zones: Zones
    adopting: frozenset[str]

    def planned(self, keys: Iterable[NameKey]) -> list[NameChange]:
        """Return the changes of the names of one zone, and set the outcomes of the names that need none."""
        remembered: dict[NameKey, ZoneRecordSets] = {}
        unsure: list[NameKey] = []
        for key in keys:
            state = self.run.states[key]
            published = state.published.record_sets
            desired = desired_record_sets(self.run.claims(key))
            needed = changes(published, desired)
            if self.run.refused_before(key, desired):
                self.run.outcomes[key] = NameOutcome(key, NameResult.CONFLICT, state.published.conflict or "")
            elif self._distrusted(key) or (self._may_set_a_ttl(state, needed) and not self.run.is_clear(key)):
                # The ledger's memory is not reliable: the outcome of a batch was not recorded, or the name is in
                # conflict. Or Route 53 would accept a record set of orgdns beside a foreign multivalue answer record
                # set, and change the foreign TTL.
                unsure.append(key)
            elif needed or self._stale(state):
                remembered[key] = ZoneRecordSets(owned=published)
            else:
                self.run.outcomes[key] = NameOutcome(key, NameResult.UNCHANGED)
        return self._changed(remembered | self._read(unsure))

    def _read(self, keys: list[NameKey]) -> dict[NameKey, ZoneRecordSets]:
        """Read what the zone holds under these names, or under those that may be read now; defer the others.

        A record of the stream does not wait until a whole zone is read. A few names are read one by one, those of quiet
        accounts first. The backlog reads a zone once for all names that it brings back.
        """
        if self.run.wait is None:
            return self._found(keys)
        whole = [key for key in keys if key in self.run.released and self._distrusted(key)]
        order = {key: place for place, key in enumerate(self.run.prompt)}
        alone = sorted(set(keys) - set(whole), key=lambda key: (order.get(key, len(order)), key))
        found = self._found(whole)
        if whole:
            self.run.begin_again()
        most = PROMPT_READ_ALONE if alone and alone[0] in self.run.prompt else READ_ONE_BY_ONE
        for place, key in enumerate(alone):
            patient = place == 0 or len(alone) <= most or key not in self.run.prompt
            if place == most or not self._read_alone(key, found, patient=patient):
                for each in alone[place:]:
                    self.run.outcomes.setdefault(each, NameOutcome(each, NameResult.DEFERRED, UNREAD))
                break
        return dict(sorted(found.items()))

    def _read_alone(self, key: NameKey, found: dict[NameKey, ZoneRecordSets], *, patient: bool) -> bool:
        """Read one name; return whether there were tokens to do so. If it is not `patient`, do not wait for them."""
        if self.run.out_of_time([key]):
            return True
        began_at = self.run.clock()
        try:
            wait = self.run.longest_wait([key]) if patient else 0.0
            urgency = self.run.urgency([key]) if patient else Urgency.PROMPT
            held = self.zones.record_sets(key.zone_id, [key.fqdn], wait, urgency)
        except NoTurn:
            return False
        except (ZoneUnavailable, ZoneClosed) as failure:
            self.run.fail([key], failure)
            return True
        self.run.saw(key, held[key.fqdn].owned, began_at)
        found[key] = held[key.fqdn]
        return True

    def _may_set_a_ttl(self, state: NameState, needed: Iterable[Change]) -> bool:
        """Whether the zone must be read: a foreign record set may be where orgdns would add one, or would if turned on.

        A name in dry run is read once for what it would hold.
        """
        return may_set_a_ttl(needed) or (
            self._stale(state) and may_set_a_ttl(changes(state.published.record_sets, _turned_on(state)))
        )

    def _stale(self, state: NameState) -> bool:
        """Whether the ledger does not have yet what a dry run keeps back of a name."""
        return self.run.dry_run.stale(state, _turned_on(state)) if self.run.dry_run.concerns(state) else False

    def _distrusted(self, key: NameKey) -> bool:
        """Whether the ledger's memory of a name is not reliable."""
        published = self.run.states[key].published
        return key in self.run.marked or published.pending or bool(published.conflict)

    def replanned(self, keys: Sequence[NameKey]) -> list[NameChange]:
        """Read what the zone holds under these names, and return the changes that it needs.

        Set the outcomes of the names that need no change, or that could not be read.

        """
        return self._changed(self._found(keys))

    def _found(self, keys: Sequence[NameKey]) -> dict[NameKey, ZoneRecordSets]:
        """Read what the zone holds under these names; set the outcomes of the names that could not be read."""
        if not keys or self.run.out_of_time(keys):
            return {}
        began_at = self.run.clock()
        try:
            found = self.zones.record_sets(keys[0].zone_id, [key.fqdn for key in keys])
        except (ZoneUnavailable, ZoneClosed) as failure:
            self.run.fail(keys, failure)
            return {}
        for key in keys:
            self.run.saw(key, found[key.fqdn].owned, began_at)
        return {key: found[key.fqdn] for key in keys}

    def _changed(self, held: Mapping[NameKey, ZoneRecordSets]) -> list[NameChange]:
        """Return the changes of the names that need any, given what the zone holds; set the outcomes of the others."""
        planned: list[NameChange] = []
        unchanged: list[NameChange] = []
        unread: list[NameKey] = []
        for key, settled in self._settlements(held).items():
            name = self._change(key, held[key], settled)
            if key not in self.run.read and may_set_a_ttl(name.changes) and not self.run.is_clear(key):
                # Not all that is claimed may be taken from its owners, so only record sets are added.
                unread.append(key)
            elif name.changes:
                planned.append(name)
            elif name.conflict or key in self.run.read or name.withheld != self.run.states[key].published.withheld:
                unchanged.append(name)
            else:
                # The ledger remembers that already.
                self.run.outcomes[key] = NameOutcome(key, NameResult.UNCHANGED)
        self.run.note(unchanged)
        return planned + (self.replanned(unread) if unread else [])

    def _change(self, key: NameKey, held: ZoneRecordSets, settled: Settlement) -> NameChange:
        """Return the changes that bring the zone in line with what is settled, except those that something blocks."""
        adopted = adoptable(held.foreign, settled.desired) if key.zone_id in self.adopting else {}
        blocked = blocked_types(settled.desired, [foreign for foreign in held.foreign if foreign not in adopted])
        # Foreign record sets stay, and so do record sets of orgdns that are already beside them.
        free = [wanted for wanted in settled.desired if wanted.type not in blocked]
        desired = tuple(sorted([*free, *beside_foreign(held.owned, settled.desired, blocked)]))
        conflicts = [_in_the_way(blocked)] if blocked else []
        conflicts += [settled.reason] if settled.reason else []
        # Deleted in one batch with what replaces them, so that the name always has an answer.
        replaced = [Change(Action.DELETE, ours) for foreign, ours in adopted.items() if foreign.type not in blocked]
        needed = (*replaced, *changes(held.owned, desired))
        return NameChange(
            key, desired, needed, "; ".join(conflicts) or None, withheld=self._withheld(key, held, desired)
        )

    def _withheld(self, key: NameKey, held: ZoneRecordSets, desired: Collection[RecordSet]) -> Withheld | None:
        """Return what the name would hold if nothing were in dry run; None if it holds that anyway."""
        state = self.run.states[key]
        wanted = _turned_on(state)
        if not self.run.dry_run.concerns(state) or set(wanted) == set(desired):
            return None
        adopted = adoptable(held.foreign, wanted) if key.zone_id in self.adopting else {}
        blocked = blocked_types(wanted, [foreign for foreign in held.foreign if foreign not in adopted])
        return Withheld(wanted, _in_the_way(blocked) if blocked else "")

    def _settlements(self, held: Mapping[NameKey, ZoneRecordSets]) -> dict[NameKey, Settlement]:
        """Return what each name should hold; set the outcomes of the names of which the ledger cannot tell now.

        The ledger is asked in two cases: a record set is taken from an instance, or a claim gains a name and the stream
        did not just report the claim. One question is about all such names. An answer can show further claimants, and
        then the names with these are asked about again.
        """
        standings: dict[InstanceRef, Standing] = {}
        settled: dict[NameKey, Settlement] = {}
        undecided: Collection[NameKey] = held
        while undecided:
            found = {key: self._settlement(key, held[key], standings) for key in undecided}
            settled |= {key: each for key, each in found.items() if not each.asked}
            undecided = {key: each.asked for key, each in found.items() if each.asked}
            if undecided and not self._asked(undecided, standings):
                break
        # In the order of the names, by which changes are sent, whichever of them needed a question.
        in_order = {key: settled[key] for key in held if key in settled}
        return {key: each for key, each in in_order.items() if self._restored(key, each)}

    def _settlement(self, key: NameKey, held: ZoneRecordSets, standings: Mapping[InstanceRef, Standing]) -> Settlement:
        state, dry_run = self.run.states[key], self.run.dry_run
        kept = dry_run.keeps(state, held.owned)
        return settlement(key, state.claims, held.owned, standings, self.run.told_of(key), kept, dry_run)

    def _asked(self, waiting: Mapping[NameKey, frozenset[InstanceRef]], standings: dict[InstanceRef, Standing]) -> bool:
        """Add the standings that names wait for; return False and set the outcomes of these names if that fails."""
        if self.run.out_of_time(waiting):
            return False
        try:
            standings |= self._standings({ref for refs in waiting.values() for ref in refs})
            for key, refs in waiting.items():
                if any(standings[ref].row is None for ref in refs):
                    # That there is no row decides only with claims that were read after the spoke was settled: a sweep
                    # of the spoke may have written them since.
                    self._read_again(key)
        except LedgerUnavailable as unavailable:
            self.run.fail([*waiting], unavailable)
            return False
        return True

    def _read_again(self, key: NameKey) -> None:
        state = self.run.ledger.name(key)
        if state.unreadable:
            # It was written meanwhile: the next run leaves the name as it is.
            raise LedgerUnavailable(str(state.unreadable[0]))
        self.run.put_state(state)

    def _standings(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Standing]:
        """Return what the ledger knows about instances. What is settled is read before the rows.

        A ledger that was lost meanwhile lacks rows of spokes that were settled before, so the generation is read again.
        """
        generation, settled = self.run.controls.settled({ref.spoke for ref in refs})
        rows = self.run.ledger.known_observations(refs)
        if self.run.controls.generation() != generation:
            generation, settled = "", frozenset()
        return {ref: standing(rows.get(ref), generation, settled=ref.spoke in settled) for ref in refs}

    def _restored(self, key: NameKey, settled: Settlement) -> bool:
        """Put back the claims that the ledger lost; return False and set the name's outcome if that fails."""
        try:
            for claim, version in settled.missing:
                if self.run.ledger.copy_claim(claim, version) <= version:
                    self.run.restored[key] = (*self.run.restored.get(key, ()), claim.instance)
        except LedgerUnavailable as unavailable:
            self.run.fail([key], unavailable)
            return False
        return True


def _turned_on(state: NameState) -> tuple[RecordSet, ...]:
    """Return what a name should hold if nothing were in dry run."""
    return desired_record_sets(turned_on(state.claims))


def _in_the_way(blocked: Collection[str]) -> str:
    return f"a foreign record set is in the way of type {', '.join(sorted(blocked))}"
