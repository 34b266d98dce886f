"""What a changed policy would do to the names of the whole organization. Pure.

| holders now | holders then | the name is |
|-------------|--------------|-------------|
| -           | A            | created     |
| A           | -            | deleted     |
| A           | B            | handed over |
| A, B        | B, C         | changed     |
| A           | A, otherwise | changed     |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import InstanceRef
from hub.runtime.publisher.holders import claim_statuses, desired_record_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.names import Claim, Fqdn, NameKey, NameState, RecordSet, Refusal
    from hub.runtime.model.observation import Observation
    from hub.runtime.policy.decide import Policy
    from hub.runtime.publisher.holders import ClaimStatus


class Kind(StrEnum):
    """What becomes of a name."""

    CREATED = "created"
    DELETED = "deleted"
    HANDED_OVER = "handed over"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class NameDifference:
    """A name whose record sets are to be others; `blocked` is the recorded conflict that would keep them away."""

    key: NameKey
    kind: Kind
    before: tuple[RecordSet, ...]
    after: tuple[RecordSet, ...]
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """A name that an instance would be refused, and was not so far."""

    instance: InstanceRef
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """How many names of an account would become what; `label` is what its name stands for."""

    account: str
    label: str | None
    created: int = 0
    deleted: int = 0
    handed_to: int = 0
    handed_from: int = 0
    changed: int = 0
    refused: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Undecided:
    """How many instances are left as they are: nothing is known of what the new policy would give them.

    `outside` lie in regions that it does not cover, so that it never will speak for them; of `unseen` the ledger holds
    no facts, and of `unplaced` not the organizational units, by which the new policy decides and the old one did not.
    """

    outside: int = 0
    unseen: int = 0
    unplaced: int = 0


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What a changed policy would do, sorted by name, by instance and by account."""

    names: tuple[NameDifference, ...]
    refused: tuple[NewRefusal, ...]
    lost: tuple[ClaimStatus, ...]
    accounts: tuple[AccountSummary, ...]
    decided: int
    undecided: Undecided

    @property
    def any(self) -> bool:
        """Whether it would do anything, or nobody can tell."""
        return bool(self.names or self.refused or self.lost or self.undecided.unseen or self.undecided.unplaced)


def name_changes(before: Iterable[Claim], after: Iterable[Claim]) -> tuple[NameDifference, ...]:
    """The names whose record sets differ between two sets of claims, sorted."""
    differences = []
    for key, (claims_before, claims_after) in _by_name(before, after).items():
        current, then = desired_record_sets(claims_before), desired_record_sets(claims_after)
        if current != then:
            differences.append(NameDifference(key, _kind(current, then), current, then))
    return tuple(differences)


def newly_lost(before: Iterable[Claim], after: Iterable[Claim]) -> tuple[ClaimStatus, ...]:
    """The claims that hold no name after, and that before were not there or did hold it; by name, the oldest first."""
    lost: list[ClaimStatus] = []
    for claims_before, claims_after in _by_name(before, after).values():
        already = {standing.claim.instance for standing in claim_statuses(claims_before) if not standing.holds}
        lost += [one for one in claim_statuses(claims_after) if not one.holds and one.claim.instance not in already]
    return tuple(lost)


def policy_change(
    observations: Iterable[Observation], names: Iterable[NameState], policy: Policy, zone_ids: Mapping[Fqdn, str]
) -> PolicyChange:
    """What the policy would do to names and instances as the ledger has them."""
    decided = _decided(observations, policy, zone_ids)
    before: list[Claim] = []
    kept: list[Claim] = []
    blocked: dict[NameKey, str] = {}
    for state in names:
        of_those_there = [claim for claim in state.claims if claim.instance not in decided.ended]
        before += of_those_there
        kept += [claim for claim in of_those_there if claim.instance not in decided.instances]
        if state.published.conflict:
            blocked[state.key] = state.published.conflict
    after = [*kept, *decided.claims]
    differences = tuple(replace(one, blocked=blocked.get(one.key)) for one in name_changes(before, after))
    lost = newly_lost(before, after)
    refused = tuple(sorted(decided.refused, key=lambda new: (new.instance, new.refusal.rule, new.refusal.name)))
    return PolicyChange(
        names=differences,
        refused=refused,
        lost=lost,
        accounts=_accounts(differences, refused, lost, decided.labels),
        decided=len(decided.instances),
        undecided=decided.undecided,
    )


@dataclass(slots=True)
class _Decided:
    """What the new policy says of the instances that are there."""

    instances: set[InstanceRef] = field(default_factory=set)
    ended: set[InstanceRef] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)
    refused: list[NewRefusal] = field(default_factory=list)
    labels: dict[str, str | None] = field(default_factory=dict)
    undecided: Undecided = field(default_factory=Undecided)


def _decided(observations: Iterable[Observation], policy: Policy, zone_ids: Mapping[Fqdn, str]) -> _Decided:
    decided = _Decided()
    outside = unseen = unplaced = 0
    for seen in observations:
        if seen.account:
            decided.labels[seen.account.id] = seen.account.label
        if seen.ended:
            # Its names go, whatever policy says.
            decided.ended.add(seen.ref)
        elif seen.ref.region not in policy.regions:
            outside += 1
        elif seen.instance is None or seen.account is None:
            unseen += 1
        elif policy.reads_units and not seen.account.units:
            # Every account lies in the root at least.
            unplaced += 1
        else:
            decision = policy.decide(seen.instance, seen.account, zone_ids)
            known = {(refusal.rule, refusal.name) for refusal in seen.refusals if not refusal.declined}
            decided.instances.add(seen.ref)
            decided.claims += decision.claims
            decided.refused += [
                NewRefusal(seen.ref, refusal)
                for refusal in decision.refusals
                if not refusal.declined and (refusal.rule, refusal.name) not in known
            ]
    decided.undecided = Undecided(outside, unseen, unplaced)
    return decided


# The claims on each name before and after.
_Grouped = dict["NameKey", tuple["list[Claim]", "list[Claim]"]]


def _by_name(before: Iterable[Claim], after: Iterable[Claim]) -> _Grouped:
    grouped: defaultdict[NameKey, tuple[list[Claim], list[Claim]]] = defaultdict(lambda: ([], []))
    for claim in before:
        grouped[claim.key][0].append(claim)
    for claim in after:
        grouped[claim.key][1].append(claim)
    # Most names have the same claims before and after, and nothing more has to be worked out for them.
    return {key: grouped[key] for key in sorted(grouped) if grouped[key][0] != grouped[key][1]}


def _kind(before: tuple[RecordSet, ...], after: tuple[RecordSet, ...]) -> Kind:
    if not before:
        return Kind.CREATED
    if not after:
        return Kind.DELETED
    in_common = {one.set_identifier for one in before} & {one.set_identifier for one in after}
    return Kind.CHANGED if in_common else Kind.HANDED_OVER


def _accounts(
    names: Iterable[NameDifference],
    refused: Iterable[NewRefusal],
    lost: Iterable[ClaimStatus],
    labels: Mapping[str, str | None],
) -> tuple[AccountSummary, ...]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in names:
        before, after = _owners(one.before), _owners(one.after)
        match one.kind:
            case Kind.HANDED_OVER:
                counted = [*((account, "handed_from") for account in before), *((to, "handed_to") for to in after)]
            case Kind.CHANGED:
                # Of a shared name, only of those whose own record sets are others.
                counted = [(account, "changed") for account in _owners(set(one.before) ^ set(one.after))]
            case kind:
                counted = [(account, kind.value) for account in before | after]
        for account, what in counted:
            counts[account][what] += 1
    for new in refused:
        counts[new.instance.account]["refused"] += 1
    for standing in lost:
        counts[standing.claim.instance.account]["lost"] += 1
    return tuple(AccountSummary(account, labels.get(account), **counts[account]) for account in sorted(counts))


def _owners(record_sets: Iterable[RecordSet]) -> set[str]:
    refs = (InstanceRef.of_set_identifier(one.set_identifier) for one in record_sets)
    return {ref.account for ref in refs if ref}
