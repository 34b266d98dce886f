"""Why an instance has the names it has, and why a name has the holders it has, from what the ledger says. Pure.

Nothing is decided here: `claim_statuses` says who holds a name, and the refusals are those that the observer recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.publisher.batches import changes
from hub.runtime.publisher.holders import claim_statuses, conflict_rule, desired_record_sets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import (
        Change,
        Claim,
        ConflictRule,
        Fqdn,
        InstanceRef,
        NameKey,
        NameState,
        Published,
        Refusal,
    )
    from hub.runtime.model.observation import Observation
    from hub.runtime.publisher.holders import ClaimStatus


@dataclass(frozen=True, slots=True)
class NameReport:
    """A name: its claimants, the oldest first, and what is published of it.

    `conflict_rule` is how its conflicts are settled, None where nobody claims it. `waiting` is what the publisher has
    not brought about: what is under way, or what the conflict keeps from the zone.
    """

    key: NameKey
    domain: Fqdn | None
    conflict_rule: ConflictRule | None
    claim_statuses: tuple[ClaimStatus, ...]
    published: Published
    waiting: tuple[Change, ...]
    labels: Mapping[str, str]

    @property
    def holders(self) -> tuple[InstanceRef, ...]:
        """The instances that hold the name, by the claims on it."""
        return tuple(standing.claim.instance for standing in self.claim_statuses if standing.holds)


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """A name that an instance claims, and what came of it.

    `standing` is None while the ledger's row of the claim is being written or withdrawn.
    """

    claim: Claim
    standing: ClaimStatus | None
    name: NameReport


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """An instance as it was last seen, the names that it claims, and those that it did not get."""

    seen: Observation
    claims: tuple[ClaimReport, ...]
    refused: tuple[Refusal, ...]
    declined: tuple[Refusal, ...]


def name_report(state: NameState, zone_ids: Mapping[Fqdn, str], labels: Mapping[str, str]) -> NameReport:
    """What there is to say of a name; `labels` are what the claimants' account names stand for, by account id."""
    domain = next((domain for domain, zone_id in zone_ids.items() if zone_id == state.key.zone_id), None)
    return NameReport(
        key=state.key,
        domain=domain,
        conflict_rule=conflict_rule(state.claims) if state.claims else None,
        claim_statuses=claim_statuses(state.claims),
        published=state.published,
        waiting=changes(state.published.record_sets, desired_record_sets(state.claims)),
        labels=labels,
    )


def instance_report(seen: Observation, names: Mapping[NameKey, NameReport]) -> InstanceReport:
    """What there is to say of an instance, given the report of each name that it claims."""
    return InstanceReport(
        seen=seen,
        claims=tuple(
            ClaimReport(claim, _standing(seen.ref, names[claim.key]), names[claim.key])
            for claim in sorted(seen.claims, key=lambda claim: claim.key)
        ),
        refused=tuple(refusal for refusal in seen.refusals if not refusal.declined),
        declined=tuple(refusal for refusal in seen.refusals if refusal.declined),
    )


def _standing(ref: InstanceRef, name: NameReport) -> ClaimStatus | None:
    return next((standing for standing in name.claim_statuses if standing.claim.instance == ref), None)
