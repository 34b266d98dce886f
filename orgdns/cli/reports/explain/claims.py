"""Why an instance has its names and a name has its holders, according to the ledger. Pure.

Nothing is decided here: `claim_statuses` decides who holds a name, and the observer recorded the refusals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER, Action
from hub.runtime.model.observation import Observation
from hub.runtime.names.dry_run import owners_of, turned_on
from hub.runtime.publisher.batches import changes
from hub.runtime.publisher.holders import claim_statuses, conflict_rule, desired_record_sets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.drift import Drift
    from hub.runtime.model.names import (
        Change,
        Claim,
        ConflictRule,
        Fqdn,
        InstanceRef,
        Millis,
        NameKey,
        NameState,
        Published,
        Refusal,
    )
    from hub.runtime.publisher.holders import ClaimStatus


IN_DRY_RUN: Final = "in dry run"


@dataclass(frozen=True, slots=True)
class NameReport:
    """A name, the claims on it, oldest first, and what is published.

    `conflict_rule` decides who holds the name; it is None if there are no claims. `waiting` are the changes that the
    publisher has not made yet, because they are in progress or a conflict blocks them. `unreadable` are the rows of the
    name that cannot be read, each with the reason: the publisher leaves such a name as it is. `drift` is what someone
    else changed in the last day; `repair_waits` is whether its repair waits for an audit. What is `published` is known
    as of the last change, which was recorded at `recorded_at`, or as of the last complete audit of the zone.
    `in_dry_run` are the instances whose claims are not published, and `withheld` the changes that a dry run keeps back.
    """

    key: NameKey
    domain: Fqdn | None
    conflict_rule: ConflictRule | None
    claim_statuses: tuple[ClaimStatus, ...]
    published: Published
    waiting: tuple[Change, ...]
    labels: Mapping[str, str]
    unreadable: tuple[str, ...] = ()
    drift: Drift | None = None
    repair_waits: bool = False
    recorded_at: Millis = NEVER
    audited_at: Millis = NEVER
    in_dry_run: frozenset[InstanceRef] = frozenset()
    withheld: tuple[Change, ...] = ()

    @property
    def blocked_when_turned_on(self) -> str:
        """What would be in the way of the changes that a dry run keeps back, as far as it is known; else empty."""
        return self.published.withheld.blocked if self.published.withheld else ""

    @property
    def holders(self) -> tuple[InstanceRef, ...]:
        """The instances that hold the name according to its claims."""
        return tuple(status.claim.instance for status in self.claim_statuses if status.holds)

    @property
    def instances(self) -> tuple[InstanceRef, ...]:
        """The instances whose records the zone holds, and those that claim the name."""
        published = [ref for each in self.published.record_sets if (ref := each.instance)]
        return tuple(dict.fromkeys((*published, *(status.claim.instance for status in self.claim_statuses))))

    def blocked(self, status: ClaimStatus) -> str:
        """Why the zone lacks records of a claim that holds the name by policy; empty if nothing blocks them.

        A conflict blocks one type only: the records of another type, or of another holder, may be in the zone.
        """
        holder = str(status.claim.instance)
        lacking = any(change.action is Action.CREATE and change.record_set.holder == holder for change in self.waiting)
        if not (status.holds and lacking):
            return ""
        return self.published.conflict or ("rows of the name cannot be read" if self.unreadable else "")


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """A name that an instance claims, and whether the instance holds it.

    `status` is None while the claim's row is being written or withdrawn.
    """

    claim: Claim
    status: ClaimStatus | None
    name: NameReport


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """An instance as last observed, the names it claims, and the names it did not get.

    `fault` says what could not be read: the instance at the last look, or its row, and then nothing else is known.
    """

    observation: Observation
    claims: tuple[ClaimReport, ...]
    refused: tuple[Refusal, ...]
    declined: tuple[Refusal, ...]
    fault: str = ""


def name_report(state: NameState, zone_ids: Mapping[Fqdn, str], labels: Mapping[str, str]) -> NameReport:
    """The report on a name; `labels` are the labels of the claimants' accounts, by account id."""
    published, wanted = state.published, desired_record_sets(turned_on(state.claims))
    in_dry_run = _in_dry_run(state)
    live = tuple(claim for claim in state.claims if claim.instance not in in_dry_run)
    concerned = published.withheld is not None or any(
        claim.turned_on or claim.instance in in_dry_run for claim in state.claims
    )
    # The publisher worked out what is kept back with these claims, so nothing else is to be done.
    settled = published.withheld is not None and set(published.withheld.record_sets) == set(wanted)
    domain = next((domain for domain, zone_id in zone_ids.items() if zone_id == state.key.zone_id), None)
    return NameReport(
        key=state.key,
        domain=domain,
        conflict_rule=conflict_rule(state.claims) if state.claims else None,
        claim_statuses=_statuses(state.claims, live),
        published=published,
        waiting=()
        if settled and not (published.conflict or published.pending)
        else changes(published.record_sets, desired_record_sets(live)),
        labels=labels,
        unreadable=tuple(map(str, state.unreadable)),
        in_dry_run=in_dry_run,
        withheld=changes(published.record_sets, wanted) if concerned else (),
    )


def _in_dry_run(state: NameState) -> frozenset[InstanceRef]:
    """The claimants that would hold the name, or compete for it, only if nothing were in dry run.

    The policy of now may have a zone or rule in dry run that published when the claim was written: then the publisher
    has stored that it keeps the instance's record sets back.
    """
    published = state.published
    withheld = published.withheld.record_sets if published.withheld and not published.conflict else ()
    kept_back = owners_of(withheld) - owners_of(published.record_sets)
    return frozenset(claim.instance for claim in state.claims if not claim.publish or claim.instance in kept_back)


def _statuses(claims: Collection[Claim], live: Collection[Claim]) -> tuple[ClaimStatus, ...]:
    """The status of each claim, oldest first. One in dry run does not hold the name, and says what it would do."""
    as_published = {status.claim.instance: status for status in claim_statuses(live)}
    found: list[ClaimStatus] = []
    for status in claim_statuses(turned_on(claims)):
        claim = next(claim for claim in claims if claim.instance == status.claim.instance)
        would = f"it would not hold it either: {status.reason}" if status.reason else "it would hold it"
        dry = replace(status, claim=claim, holds=False, reason=f"{IN_DRY_RUN}; turned on, {would}")
        found.append(as_published.get(claim.instance, dry))
    return tuple(found)


def instance_report(observation: Observation, names: Mapping[NameKey, NameReport]) -> InstanceReport:
    """The report on an instance, given the reports on the names it claims."""
    return InstanceReport(
        observation=observation,
        claims=tuple(
            ClaimReport(claim, _status(observation.ref, names[claim.key]), names[claim.key])
            for claim in sorted(observation.claims, key=lambda claim: claim.key)
        ),
        refused=tuple(refusal for refusal in observation.refusals if not refusal.declined),
        declined=tuple(refusal for refusal in observation.refusals if refusal.declined),
        fault=f"the instance could not be read at the last look: {observation.fault}" if observation.fault else "",
    )


def unreadable_report(ref: InstanceRef, row: Unreadable) -> InstanceReport:
    """The report on an instance whose row cannot be read."""
    fault = f"the ledger's row of the instance cannot be read: {row.reason}"
    return InstanceReport(Observation(ref, NEVER), (), (), (), fault)


def _status(ref: InstanceRef, name: NameReport) -> ClaimStatus | None:
    return next((status for status in name.claim_statuses if status.claim.instance == ref), None)
