"""How a changed policy would change the names of the whole organization. Pure.

| holders now | holders then | the name is |
|-------------|--------------|-------------|
| -           | A            | created     |
| A           | -            | deleted     |
| A           | B            | handed over |
| A, B        | B, C         | changed     |
| A           | A, modified  | changed     |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import NameState, Published
from hub.runtime.names.dry_run import NOT_DRY, DryRun
from hub.runtime.publisher.holders import claim_statuses, desired_record_sets
from hub.runtime.sweeper.differences import expected
from orgdns.cli.reports.plan.labels import AccountsPlan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.names import Claim, Fqdn, InstanceRef, NameKey, RecordSet, Refusal
    from hub.runtime.model.observation import Observation
    from hub.runtime.policy.decide import Policy
    from hub.runtime.publisher.holders import ClaimStatus


class Kind(StrEnum):
    """How a name changes."""

    CREATED = "created"
    DELETED = "deleted"
    HANDED_OVER = "handed over"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class NameDifference:
    """A name whose record sets change; `blocked` is the recorded conflict that would prevent it."""

    key: NameKey
    kind: Kind
    before: tuple[RecordSet, ...]
    after: tuple[RecordSet, ...]
    blocked: str | None = None


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """A name that the new policy refuses to an instance, but the deployed policy does not."""

    instance: InstanceRef
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """The number of changes to the names of an account; `label` is the label of the account's name."""

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
    """The numbers of instances that the new policy cannot be applied to, which stay as they are.

    `not_covered` have names in accounts or regions that the new configuration does not cover: they lose them when the
    grace period is over. For `without_facts` the ledger has no facts.
    """

    not_covered: int = 0
    without_facts: int = 0


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """The effects of a changed policy, sorted by name, by instance and by account."""

    names: tuple[NameDifference, ...]
    refused: tuple[NewRefusal, ...]
    lost: tuple[ClaimStatus, ...]
    accounts: tuple[AccountSummary, ...]
    decided: int
    undecided: Undecided

    @property
    def any(self) -> bool:
        """Whether anything would change, or it is unknown whether it would."""
        return bool(self.names or self.refused or self.lost or self.undecided != Undecided())


def name_changes(
    before: Iterable[Claim], after: Iterable[Claim], dry_run: DryRun = NOT_DRY
) -> tuple[NameDifference, ...]:
    """The names whose record sets differ between two sets of claims, sorted. What is in dry run then stays as it is."""
    differences = []
    for key, (claims_before, claims_after) in _by_name(before, after).items():
        current = desired_record_sets(_published(claims_before))
        rules = tuple((claim.instance, claim.rule) for claim in claims_before)
        state = NameState(key, tuple(claims_after), Published(current, rules=rules))
        then = tuple(sorted(expected(state, current, dry_run)))
        if current != then:
            differences.append(NameDifference(key, _kind(current, then), current, then))
    return tuple(differences)


def newly_lost(before: Iterable[Claim], after: Iterable[Claim]) -> tuple[ClaimStatus, ...]:
    """The claims in `after` that newly do not hold their name, by name, oldest first.

    A claim counts if `before` does not have it, or has it as a holder.
    """
    lost: list[ClaimStatus] = []
    for claims_before, claims_after in _by_name(before, after).values():
        already = {status.claim.instance for status in claim_statuses(_published(claims_before)) if not status.holds}
        lost += [
            status
            for status in claim_statuses(_published(claims_after))
            if not status.holds and status.claim.instance not in already
        ]
    return tuple(lost)


def policy_change(
    observations: Iterable[Observation],
    names: Iterable[NameState],
    policy: Policy,
    zone_ids: Mapping[Fqdn, str],
    held: Collection[HeldLabel],
) -> PolicyChange:
    """How the policy would change the names and instances in the ledger; `held` are the labels of accounts."""
    decided = _decided(observations, policy, zone_ids, held)
    before: list[Claim] = []
    kept: list[Claim] = []
    blocked: dict[NameKey, str] = {}
    for state in names:
        current = [claim for claim in state.claims if claim.instance not in decided.ended]
        before += current
        kept += [claim for claim in current if claim.instance not in decided.instances]
        if state.published.conflict:
            blocked[state.key] = state.published.conflict
    after = [*kept, *decided.claims]
    differences = tuple(
        replace(change, blocked=blocked.get(change.key))
        for change in name_changes(before, after, policy.dry_run(zone_ids))
    )
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


def _published(claims: Iterable[Claim]) -> list[Claim]:
    """The claims that are not in dry run."""
    return [claim for claim in claims if claim.publish]


@dataclass(slots=True)
class _Decided:
    """The decisions of the new policy on the instances that have not ended."""

    instances: set[InstanceRef] = field(default_factory=set)
    ended: set[InstanceRef] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)
    refused: list[NewRefusal] = field(default_factory=list)
    labels: dict[str, str | None] = field(default_factory=dict)
    undecided: Undecided = field(default_factory=Undecided)


def _decided(
    observations: Iterable[Observation], policy: Policy, zone_ids: Mapping[Fqdn, str], held: Collection[HeldLabel]
) -> _Decided:
    decided = _Decided()
    labels = AccountsPlan(dict(policy.account_labels), held)
    not_covered = without_facts = 0
    for observation in observations:
        if observation.account:
            decided.labels[observation.account.id] = observation.account.label
        if observation.ended:
            # Its names are removed, whatever the policy says.
            decided.ended.add(observation.ref)
        elif observation.ref.region not in policy.coverage.regions:
            not_covered += bool(observation.claims)
        elif observation.instance is None or observation.account is None:
            without_facts += 1
        elif not policy.coverage.covers_account(observation.account.id, observation.account.units):
            not_covered += bool(observation.claims)
        else:
            account = labels.account(observation.account)
            decision = policy.decide(observation.instance, account, zone_ids, labels.reserved)
            known = {(refusal.rule, refusal.name) for refusal in observation.refusals if not refusal.declined}
            decided.instances.add(observation.ref)
            decided.claims += _limited(decision.claims, observation)
            decided.refused += [
                NewRefusal(observation.ref, refusal)
                for refusal in decision.refusals
                if not refusal.declined and (refusal.rule, refusal.name) not in known
            ]
    decided.undecided = Undecided(not_covered, without_facts)
    return decided


def _limited(claims: tuple[Claim, ...], observation: Observation) -> tuple[Claim, ...]:
    """The claims without what a limit of the account refuses now: a new policy does not change that."""
    limited = {refusal.name for refusal in observation.refusals if refusal.limited}
    if not limited:
        return claims
    held = {claim.key: claim for claim in observation.claims}
    given = (held.get(claim.key) if claim.key.fqdn in limited else claim for claim in claims)
    return tuple(claim for claim in given if claim)


# The claims on each name before and after.
_Grouped = dict["NameKey", tuple["list[Claim]", "list[Claim]"]]


def _by_name(before: Iterable[Claim], after: Iterable[Claim]) -> _Grouped:
    grouped: defaultdict[NameKey, tuple[list[Claim], list[Claim]]] = defaultdict(lambda: ([], []))
    for claim in before:
        grouped[claim.key][0].append(claim)
    for claim in after:
        grouped[claim.key][1].append(claim)
    # Most names have the same claims before and after, and need no further work.
    return {key: grouped[key] for key in sorted(grouped) if grouped[key][0] != grouped[key][1]}


def _kind(before: tuple[RecordSet, ...], after: tuple[RecordSet, ...]) -> Kind:
    if not before:
        return Kind.CREATED
    if not after:
        return Kind.DELETED
    shared = {record_set.holder for record_set in before} & {record_set.holder for record_set in after}
    return Kind.CHANGED if shared else Kind.HANDED_OVER


def _accounts(
    names: Iterable[NameDifference],
    refused: Iterable[NewRefusal],
    lost: Iterable[ClaimStatus],
    labels: Mapping[str, str | None],
) -> tuple[AccountSummary, ...]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        before, after = _owners(name.before), _owners(name.after)
        match name.kind:
            case Kind.HANDED_OVER:
                counted = [*((account, "handed_from") for account in before), *((to, "handed_to") for to in after)]
            case Kind.CHANGED:
                # Of a shared name, count only the members whose own record sets change.
                counted = [(account, "changed") for account in _owners(set(name.before) ^ set(name.after))]
            case kind:
                counted = [(account, kind.value) for account in before | after]
        for account, change in counted:
            counts[account][change] += 1
    for new in refused:
        counts[new.instance.account]["refused"] += 1
    for status in lost:
        counts[status.claim.instance.account]["lost"] += 1
    return tuple(AccountSummary(account, labels.get(account), **counts[account]) for account in sorted(counts))


def _owners(record_sets: Iterable[RecordSet]) -> set[str]:
    refs = (record_set.instance for record_set in record_sets)
    return {ref.account for ref in refs if ref}
