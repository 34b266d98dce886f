"""The changes that each name needs, from the ledger's memory of the zone or from what the zone holds; over ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.model.names import Action, Change, InstanceRef
from hub.runtime.ports import LedgerUnavailable, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.batches import NameChange, changes
from hub.runtime.publisher.foreign import adoptable, beside_foreign, blocked_types, may_set_a_ttl
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.outcome import NameOutcome, NameResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.runtime.model.names import Fqdn, NameKey
    from hub.runtime.ports import ZoneRecordSets
    from hub.runtime.publisher.ports import Zones
    from hub.runtime.publisher.run import PublishRun


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the changes of one run's names. `adopting` are the ids of the zones in which orgdns adopts records."""

    run: PublishRun
    zones: Zones
    adopting: frozenset[str]

    def planned(self, keys: Iterable[NameKey]) -> list[NameChange]:
        """Return the changes of the names of one zone, and set the outcomes of the names that need none."""
        planned: list[NameChange] = []
        unsure: list[NameKey] = []
        for key in keys:
            state = self.run.states[key]
            desired = desired_record_sets(state.claims)
            needed = changes(state.published.record_sets, desired)
            distrusted = key in self.run.marked or state.published.pending or state.published.conflict
            if self.run.refused_before(key, desired):
                self.run.outcomes[key] = NameOutcome(key, NameResult.CONFLICT, state.published.conflict or "")
            elif distrusted or may_set_a_ttl(needed):
                # The ledger's memory is not reliable: the outcome of a batch was not recorded, or the name is in
                # conflict. Or Route 53 would accept a record set of orgdns beside a foreign multivalue answer record
                # set, and change the foreign TTL.
                unsure.append(key)
            elif needed:
                planned.append(NameChange(key, desired, needed))
            else:
                self.run.outcomes[key] = NameOutcome(key, NameResult.UNCHANGED)
        return planned + self.replanned(unsure)

    def replanned(self, keys: Sequence[NameKey]) -> list[NameChange]:
        """Read what the zone holds under these names, and return the changes that it needs.

        Set the outcomes of the names that need no change, or that could not be read.

        """
        if not keys or self.run.out_of_time(keys):
            return []
        try:
            found = self.zones.record_sets(keys[0].zone_id, [key.fqdn for key in keys])
            unknown_owners = self._unknown_owners(keys, found)
        except (ZoneUnavailable, ZoneClosed, LedgerUnavailable) as failure:
            self.run.fail(keys, failure)
            return []
        self.run.read.update(keys)
        planned: list[NameChange] = []
        settled: list[NameChange] = []
        for key in keys:
            conflict = unknown_owners.get(key)
            name = self._left(key, found[key.fqdn], conflict) if conflict else self._changed(key, found[key.fqdn])
            (planned if name.changes else settled).append(name)
        self.run.note(settled)
        return planned

    def _left(self, key: NameKey, found: ZoneRecordSets, conflict: str) -> NameChange:
        """Leave a name that an unknown owner holds as it is."""
        # The ledger counts remembered owners as known the next time, so unknown owners are not remembered.
        known = self.run.states[key].known
        return NameChange(key, tuple(owned for owned in found.owned if owned.set_identifier in known), (), conflict)

    def _changed(self, key: NameKey, found: ZoneRecordSets) -> NameChange:
        """Return the changes that bring the zone in line with the claims, except those that something blocks."""
        claimed = desired_record_sets(self.run.states[key].claims)
        adopted = adoptable(found.foreign, claimed) if key.zone_id in self.adopting else {}
        blocked = blocked_types(claimed, [foreign for foreign in found.foreign if foreign not in adopted])
        # Foreign record sets stay, and so do record sets of orgdns that are already beside them.
        free = [wanted for wanted in claimed if wanted.type not in blocked]
        desired = tuple(sorted([*free, *beside_foreign(found.owned, claimed, blocked)]))
        conflict = f"a foreign record set is in the way of type {', '.join(sorted(blocked))}" if blocked else None
        # Deleted in one batch with what replaces them, so that the name always has an answer.
        replaced = [Change(Action.DELETE, ours) for foreign, ours in adopted.items() if foreign.type not in blocked]
        return NameChange(key, desired, (*replaced, *changes(found.owned, desired)), conflict)

    def _unknown_owners(self, keys: Iterable[NameKey], found: Mapping[Fqdn, ZoneRecordSets]) -> dict[NameKey, str]:
        """Return the names whose published owner is missing from the ledger, each with the reason to wait.

        After a restore its claim may not be back yet, so the name waits for the next sweep of the owner's spoke.
        """
        unknown: dict[NameKey, set[InstanceRef]] = {}
        for key in keys:
            owners = {owned.set_identifier for owned in found[key.fqdn].owned} - self.run.states[key].known
            if refs := {ref for owner in owners if (ref := InstanceRef.of_set_identifier(owner))}:
                unknown[key] = refs
        spokes = {ref.spoke for refs in unknown.values() for ref in refs}
        unsettled = spokes - self.run.controls.settled(spokes) if spokes else spokes
        return {
            key: f"{min(waiting)} holds it, and its spoke has not been swept recently"
            for key, refs in unknown.items()
            if (waiting := {ref for ref in refs if ref.spoke in unsettled})
        }
