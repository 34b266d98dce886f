"""Why an instance has its names and a name has its holders, according to the ledger. Pure.

Nothing is decided here: `claim_statuses` decides who holds a name, and the observer recorded the refusals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.model.names import NEVER, Action
from hub.runtime.model.observation import Observation
from hub.runtime.publisher.batches import changes
from hub.runtime.publisher.holders import claim_statuses, conflict_rule, desired_record_sets

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True, slots=True)
class NameReport:
    """A name, the claims on it, oldest first, and what is published.

    `conflict_rule` decides who holds the name; it is None if there are no claims. `waiting` are the changes that the
    publisher has not made yet, because they are in progress or a conflict blocks them. `unreadable` are the rows of the
    name that cannot be read, each with the reason: the publisher leaves such a name as it is. `drift` is what someone
    else changed in the last day; `repair_waits` is whether its repair waits for an audit. What is `published` is known
    as of the last change, which was recorded at `recorded_at`, or as of the last complete audit of the zone.
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

    @property
    def holders(self) -> tuple[InstanceRef, ...]:
        """The instances that hold the name according to its claims."""
        return tuple(status.claim.instance for status in self.claim_statuses if status.holds)

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
    domain = next((domain for domain, zone_id in zone_ids.items() if zone_id == state.key.zone_id), None)
    return NameReport(
        key=state.key,
        domain=domain,
        conflict_rule=conflict_rule(state.claims) if state.claims else None,
        claim_statuses=claim_statuses(state.claims),
        published=state.published,
        waiting=changes(state.published.record_sets, desired_record_sets(state.claims)),
        labels=labels,
        unreadable=tuple(map(str, state.unreadable)),
    )


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
