"""The state of each zone in a VPC, and the steps that bring the VPC in line with policy. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.associator.findings import (
    bypassed,
    first_of,
    resolver_notes,
    rules_below_zone,
    same_named,
    taken_below,
)
from hub.runtime.guard import Cause
from hub.runtime.model.vpcs import AssociationMethod, ZoneInVpc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.names import Account, Fqdn
    from hub.runtime.model.vpcs import Vpc, VpcRow
    from hub.runtime.policy.vpc_selection import AssociationPolicy

_REASONS = {
    Cause.POLICY: "policy no longer selects the VPC",
    Cause.OWNER: "its account changed the VPC, and policy no longer selects it",
    Cause.UNITS: "its account moved in the organization, and policy no longer selects the VPC",
    Cause.COVERAGE: "its account or region is no longer covered",
}
_LEFT_OUT = "the default VPC of its region, which policy leaves out: select it by 'default: true' or by its id"
_DRY_RUN = "in dry run: the VPC would be associated"


class Act(StrEnum):
    """What a step does, in the order of a plan's steps."""

    # Delete an authorization that an earlier attempt may have left.
    CLEAR = "clear"
    # Withdraw a request for approval: the association stays.
    RELEASE = "release"
    # Delete a record of the ledger that is no longer true.
    FORGET = "forget"
    ASSOCIATE = "associate"
    ASSOCIATE_PROFILE = "associate profile"
    DISABLE_AUTODEFINED_RULES = "disable autodefined rules"
    DISASSOCIATE = "disassociate"
    DISASSOCIATE_PROFILE = "disassociate profile"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan. `target` is the id of the zone or Profile, empty if the step has none."""

    act: Act
    target: str = ""


@dataclass(frozen=True, slots=True)
class AssociationPlan:
    """The state of each zone in a VPC, and the steps that bring the VPC in line with policy, in order.

    A dry run keeps back the steps that are `withheld`.
    """

    zones: tuple[ZoneInVpc, ...] = ()
    steps: tuple[Step, ...] = ()
    withheld: tuple[Step, ...] = ()

    @property
    def blocked(self) -> int:
        """The number of zones that the VPC should resolve, but will not even after the steps."""
        coming = {step.target for step in self.steps if step.act in {Act.ASSOCIATE, Act.ASSOCIATE_PROFILE}}
        return sum(bool(zone.blocked) and not zone.withheld and zone.zone_id not in coming for zone in self.zones)


def association_plan(
    vpc: Vpc,
    account: Account,
    row: VpcRow,
    association_policies: Collection[AssociationPolicy],
    zone_ids: Mapping[Fqdn, str],
    *,
    associate: bool = True,
) -> AssociationPlan:
    """Plan the associations of a VPC from its description, from what orgdns did there, and from policy.

    If it is not to `associate`, all steps that a dry run concerns are withheld, of zones without a policy, too.

    A zone that something else blocks in the VPC stays blocked, with the reason. Where the method changes, the old
    association ends only after the new one is in place. A direct association takes precedence over a Profile.
    """
    zones: list[ZoneInVpc] = []
    steps: list[Step] = []
    own = frozenset(zone_ids.values())
    for association_policy in association_policies:
        zone_id = zone_ids[association_policy.domain]
        zone = _zone_in_vpc(vpc, account, row, association_policy, zone_id, own)
        zones.append(zone)
        steps += _zone_steps(vpc, row, association_policy, zone)
    steps += _profile_steps(vpc, row, zones)
    resolved = {zone.domain for zone in zones if zone.wanted and zone.resolves}
    if any(
        _disables_autodefined_rules(vpc, association_policy)
        for association_policy in association_policies
        if association_policy.domain in resolved
    ):
        # Only once the zone answers: before, EC2's own reverse names would vanish and nothing would replace them.
        steps.append(Step(Act.DISABLE_AUTODEFINED_RULES))
    # A zone for which policy no longer selects VPCs keeps its associations: no end of one awaits approval any more.
    unplanned = own - {zone.zone_id for zone in zones}
    steps += [Step(Act.RELEASE, zone_id) for zone_id in sorted(unplanned) if row.record(zone_id).awaiting_approval]
    # Whatever policy says about a zone now, no authorization may remain.
    steps += [
        Step(Act.CLEAR, zone_id) for zone_id in _open_zones(row, own) if Step(Act.ASSOCIATE, zone_id) not in steps
    ]
    in_order = sorted(steps, key=lambda step: list(Act).index(step.act))
    dry = tuple(step for step in in_order if is_withheld(step, association_policies, zone_ids, associate=associate))
    return AssociationPlan(tuple(zones), tuple(step for step in in_order if step not in dry), dry)


def is_withheld(
    step: Step, association_policies: Collection[AssociationPolicy], zone_ids: Mapping[Fqdn, str], *, associate: bool
) -> bool:
    """Return whether a dry run keeps a step back: it would change an association or an authorization of a zone.

    If it is not to `associate`, all zones are in dry run.
    """
    dry = [policy for policy in association_policies if not policy.associate]
    match step.act:
        case Act.RELEASE | Act.FORGET | Act.DISABLE_AUTODEFINED_RULES:
            # The first two change the ledger alone, and the plan has the last one only for other zones.
            return False
        case Act.ASSOCIATE_PROFILE:
            return not associate or any(policy.method is AssociationMethod.PROFILE for policy in dry)
        case Act.DISASSOCIATE_PROFILE:
            # The Profile may carry any zone.
            return not associate or bool(dry)
        case Act.CLEAR | Act.ASSOCIATE | Act.DISASSOCIATE:
            return not associate or any(zone_ids[policy.domain] == step.target for policy in dry)


def uncovered_zone(zone: ZoneInVpc) -> ZoneInVpc:
    """Return the state of a zone in a VPC of an account that is not covered any more: the VPC is to lose the zone."""
    return replace(zone, wanted=None, blocked="", notes=(_REASONS[Cause.COVERAGE],), leaving=Cause.COVERAGE)


def unselected(plan: AssociationPlan, row: VpcRow) -> tuple[Step, ...]:
    """Return the steps that end associations made by orgdns. The zones' owner can carry them out without the VPC."""
    return tuple(step for step in plan.steps if step.act is Act.DISASSOCIATE and row.record(step.target).managed)


def cleanup_steps(row: VpcRow, zone_ids: Collection[str]) -> tuple[Step, ...]:
    """Return the steps for a VPC that no longer exists: those that the zones' owner can carry out without it."""
    managed = sorted(zone_id for zone_id, record in row.records.items() if zone_id in zone_ids and record.managed)
    waiting = sorted(associated for associated, record in row.records.items() if record.awaiting_approval)
    return (
        *(Step(Act.RELEASE, associated) for associated in waiting if associated not in managed),
        *clearing_steps(row, zone_ids),
        *(Step(Act.DISASSOCIATE, zone_id) for zone_id in managed),
    )


def clearing_steps(row: VpcRow, zone_ids: Collection[str]) -> tuple[Step, ...]:
    """Return the steps that delete authorizations which may remain. The zones' owner carries them out."""
    return tuple(Step(Act.CLEAR, zone_id) for zone_id in _open_zones(row, zone_ids))


def _open_zones(row: VpcRow, zone_ids: Collection[str]) -> list[str]:
    """Return the zones for which an authorization of the VPC may remain."""
    return sorted(zone_id for zone_id, record in row.records.items() if zone_id in zone_ids and record.in_progress)


def _zone_in_vpc(
    vpc: Vpc,
    account: Account,
    row: VpcRow,
    association_policy: AssociationPolicy,
    zone_id: str,
    own: Collection[str],
) -> ZoneInVpc:
    wanted = association_policy.wants(vpc, account)
    direct = any(zone.id == zone_id for zone in vpc.zones)
    by_profile = vpc.by_profile(zone_id)
    method = AssociationMethod.ASSOCIATION if direct else AssociationMethod.PROFILE if by_profile else None
    notes = tuple(_notes(vpc, row, association_policy, zone_id, own)) if wanted or method else ()
    if by_profile and not (direct or wanted or row.record(vpc.profile).managed):
        notes = (
            *notes,
            "by the Profile, which the VPC's own account associated; policy does not select the VPC for the zone",
        )
    if association_policy.leaves_out(vpc, account):
        notes = (*notes, _LEFT_OUT)
    if wanted and method is None and not association_policy.associate:
        notes = (*notes, _DRY_RUN)
    leaving = (
        None if wanted else row.leaving(zone_id) or (_cause(vpc, row, account, association_policy) if method else None)
    )
    if method and leaving and row.record(zone_id if direct else vpc.profile).awaiting_approval:
        notes = (*notes, f"{_REASONS[leaving]}; ending the association awaits approval: run orgdns approve")
    return ZoneInVpc(
        zone_id=zone_id,
        domain=association_policy.domain,
        wanted=association_policy.method if wanted else None,
        method=method,
        managed=row.record(zone_id if direct or not by_profile else vpc.profile).managed,
        blocked=_blocked(vpc, row, association_policy, zone_id, method) if wanted else "",
        notes=notes,
        leaving=leaving,
        removed_by_others=wanted and row.lost(vpc, zone_id, association_policy.method),
        withheld=not association_policy.associate,
    )


def _cause(vpc: Vpc, before: VpcRow, account: Account, association_policy: AssociationPolicy) -> Cause:
    """Return why policy no longer wants a VPC: what changed since it was described before."""
    if before.vpc is None or before.account is None:
        return Cause.POLICY
    # Whether a VPC is a default VPC never changes, but a row that was written before orgdns recorded it may be wrong.
    known = replace(before.vpc, default=vpc.default)
    if not association_policy.wants(known, before.account):
        return Cause.POLICY
    return Cause.OWNER if association_policy.wants(known, account) else Cause.UNITS


def _blocked(
    vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone_id: str, method: AssociationMethod | None
) -> str:
    """Return why the zone does not answer in a VPC that should resolve it, empty if it answers."""
    if reason := bypassed(vpc, association_policy.domain):
        return reason
    if same := same_named(vpc, association_policy.domain, zone_id):
        return f"the VPC is associated with the zone {same.id} of the same name, which {same.owner} owns"
    if method is not None:
        return ""
    by_profile = association_policy.method is AssociationMethod.PROFILE
    if by_profile and not vpc.profile:
        return "no Profile of orgdns is shared with the account in this region"
    if by_profile and vpc.has_profile and not vpc.profile_coming:
        return "the Profile of orgdns does not carry the zone in this region: deploy network-region.yaml there"
    fault = row.record(vpc.profile if by_profile else zone_id).fault
    return fault or ("not associated yet" if association_policy.associate else "")


def _notes(
    vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone_id: str, own: Collection[str]
) -> Iterator[str]:
    """Yield what a person should know about a zone in a VPC, even if it may be intended."""
    domain = association_policy.domain
    yield from taken_below(vpc, domain, own)
    yield from resolver_notes(vpc, domain)
    if below := rules_below_zone(vpc, domain):
        yield f"EC2's autodefined rules answer for {first_of([rule.removesuffix('.') for rule in below])}"
    direct, record = any(zone.id == zone_id for zone in vpc.zones), row.record(zone_id)
    if direct and record.in_progress:
        yield f"an authorization is left, which each sweep tries to delete: {record.fault or 'it was interrupted'}"
    if direct and not (record.managed or association_policy.owns_all):
        yield "someone else made the association: orgdns does not end it"


def _zone_steps(vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone: ZoneInVpc) -> Iterator[Step]:
    record = row.record(zone.zone_id)
    direct = zone.method is AssociationMethod.ASSOCIATION
    possible = same_named(vpc, zone.domain, zone.zone_id) is None
    if record.awaiting_approval and (zone.wanted is AssociationMethod.ASSOCIATION or not direct):
        yield Step(Act.RELEASE, zone.zone_id)
    if zone.wanted is AssociationMethod.ASSOCIATION and not direct and possible:
        # Associating ends with clearing the authorization.
        yield Step(Act.ASSOCIATE, zone.zone_id)
        return
    if not direct and record != record.ended:
        yield Step(Act.FORGET, zone.zone_id)
    # If the Profile replaces the association, associate the Profile first, so that the zone always answers.
    replaceable = zone.wanted is None or (zone.wanted is AssociationMethod.PROFILE and vpc.by_profile(zone.zone_id))
    if direct and replaceable and (record.managed or association_policy.owns_all):
        yield Step(Act.DISASSOCIATE, zone.zone_id)


def _profile_steps(vpc: Vpc, row: VpcRow, zones: Collection[ZoneInVpc]) -> Iterator[Step]:
    if not vpc.profile:
        return
    wanted = any(zone.wanted is AssociationMethod.PROFILE for zone in zones)
    if wanted and row.record(vpc.profile).awaiting_approval:
        yield Step(Act.RELEASE, vpc.profile)
    if wanted and not vpc.has_profile:
        yield Step(Act.ASSOCIATE_PROFILE, vpc.profile)
    # If direct associations replace the Profile, make them first.
    replaced = all(
        zone.method is AssociationMethod.ASSOCIATION for zone in zones if zone.wanted is AssociationMethod.ASSOCIATION
    )
    if vpc.has_profile and not wanted and replaced and row.record(vpc.profile).managed:
        yield Step(Act.DISASSOCIATE_PROFILE, vpc.profile)


def _disables_autodefined_rules(vpc: Vpc, association_policy: AssociationPolicy) -> bool:
    wanted = association_policy.disables_autodefined_rules and association_policy.associate
    return wanted and bool(rules_below_zone(vpc, association_policy.domain))
