"""What a dry run keeps back: everything is decided and stored, and nothing is written for it. Pure.

| zone       | claims on a name                         | what is written                                            |
|------------|------------------------------------------|------------------------------------------------------------|
| in dry run | any                                      | nothing: the record sets stay as they are                  |
| published  | of rules in dry run only                 | nothing: what these instances hold stays as it is          |
| published  | of rules in dry run, and of others       | what the others claim, beside what the former already hold |
| published  | none, the record sets are of a rule that | nothing: the record sets of ended instances stay           |
|            | is in dry run, or not known any more     |                                                            |

A PTR record follows the name that it leads to: in a published zone, it is written only if the zone of that name is
published, too. Turning on the latter publishes both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Fqdn, RecordType
from hub.runtime.names.labels import enclosing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.runtime.model.names import Claim, InstanceRef, NameState, RecordSet


@dataclass(frozen=True, slots=True)
class DryRun:
    """The zones in dry run, by id, and the rules in dry run, by name.

    `unassociated` are the zones whose associations are in dry run. `unpublished` are the domains of the zones in dry
    run, and `domains` those of all zones: PTR records lead to names, not to ids of zones.
    """

    zone_ids: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    unassociated: frozenset[str] = frozenset()
    unpublished: frozenset[Fqdn] = frozenset()
    domains: tuple[Fqdn, ...] = ()

    def publishes(self, claim: Claim) -> bool:
        """Whether a claim is published: by the policy when it was written, and by the policy now."""
        return (
            claim.publish
            and claim.rule not in self.rules
            and claim.key.zone_id not in self.zone_ids
            and not any(self._leads_to_unpublished(record_type, values) for record_type, values in claim.values)
        )

    def _leads_to_unpublished(self, record_type: RecordType, values: Iterable[str]) -> bool:
        """Whether these are values of a PTR record, and the zone of a name among them is in dry run."""
        if record_type is not RecordType.PTR or not self.unpublished:
            return False
        return any(not self.unpublished.isdisjoint(enclosing(Fqdn(value), self.domains)[:1]) for value in values)

    def published(self, claims: Iterable[Claim]) -> tuple[Claim, ...]:
        """The claims that decide what is published."""
        return tuple(claim for claim in claims if self.publishes(claim))

    def keeps(self, state: NameState, current: Iterable[RecordSet]) -> frozenset[InstanceRef]:
        """The owners of record sets which stay as they are: a dry run neither changes nor deletes them."""
        if state.key.zone_id in self.zone_ids:
            return owners_of(current)
        unpublished = {claim.instance for claim in state.claims if not self.publishes(claim)}
        if not (unpublished or self.rules or self.unpublished):
            # As for most names: nothing that concerns it is in dry run.
            return frozenset()
        owners = owners_of(current)
        rules = dict(state.published.rules) | {claim.instance: claim.rule for claim in state.claims}
        # After a loss of the ledger, nobody knows which rule gave the name to an instance that has ended. What others
        # claim now says that it was not a rule in dry run.
        unsure = bool(self.rules) and not self.published(state.claims)
        pointing = owners_of(found for found in current if self._leads_to_unpublished(found.type, found.values))
        pointing -= {claim.instance for claim in state.claims}
        return frozenset(
            ref
            for ref in owners
            if ref in unpublished or ref in pointing or (rules[ref] in self.rules if ref in rules else unsure)
        )

    def leaves(self, state: NameState) -> bool:
        """Whether what the name holds, by the ledger, stays as it is whatever anyone does to it."""
        return owners_of(state.published.record_sets) <= self.keeps(state, state.published.record_sets)

    def concerns(self, state: NameState) -> bool:
        """Whether the name would or may hold something else if nothing were in dry run."""
        if state.key.zone_id in self.zone_ids:
            return True
        mixed = any(claim.turned_on or not self.publishes(claim) for claim in state.claims)
        return mixed or bool(self.keeps(state, state.published.record_sets))

    def stale(self, state: NameState, wanted: Collection[RecordSet]) -> bool:
        """Whether the ledger does not have yet that a name would hold these record sets if nothing were in dry run."""
        known = state.published.withheld
        return set(wanted) != set(state.published.record_sets if known is None else known.record_sets)


NOT_DRY: Final = DryRun()


def turned_on(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims as they would be if nothing were in dry run."""
    return tuple(claim.turned_on or claim for claim in claims)


def owners_of(record_sets: Iterable[RecordSet]) -> frozenset[InstanceRef]:
    """The instances that hold these record sets."""
    refs = (record_set.instance for record_set in record_sets)
    return frozenset(ref for ref in refs if ref is not None)
