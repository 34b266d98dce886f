"""What becomes of the zones in a VPC: what it is to resolve, what it does, what stands in the way, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, ZoneInVpc
from hub.runtime.names.autodefined_rules import autodefined_rules_below
from hub.runtime.names.labels import is_reverse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.names import Account, Fqdn
    from hub.runtime.model.vpcs import AssociatedZone, Vpc, VpcRow
    from hub.runtime.policy.vpc_selection import AssociationPolicy

# Enough of a long list to see how it goes on.
_SHOWN = 3


class Act(StrEnum):
    """What is done so that a VPC resolves what it should."""

    # Take away the authorisation of an association, which may be left of an earlier try.
    CLEAR = "clear"
    # An end that waited for a person is not wanted any more.
    RELEASE = "release"
    # What the ledger remembers of a zone is not so any more.
    FORGET = "forget"
    ASSOCIATE = "associate"
    ASSOCIATE_PROFILE = "associate profile"
    DISABLE_AUTODEFINED_RULES = "switch off"
    DISASSOCIATE = "disassociate"
    DISASSOCIATE_PROFILE = "disassociate profile"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `of` is the id of the zone or Profile that it is done with."""

    act: Act
    of: str = ""


@dataclass(frozen=True, slots=True)
class AssociationPlan:
    """What is to be done in a VPC, in order, and how each zone stands in it."""

    zones: tuple[ZoneInVpc, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def blocked(self) -> int:
        """How many zones that it should resolve it does not, and will not by what is to be done now."""
        coming = {step.of for step in self.steps if step.act in {Act.ASSOCIATE, Act.ASSOCIATE_PROFILE}}
        return sum(bool(zone.blocked) and zone.zone_id not in coming for zone in self.zones)


def association_plan(
    vpc: Vpc,
    account: Account,
    row: VpcRow,
    association_policies: Collection[AssociationPolicy],
    zone_ids: Mapping[Fqdn, str],
) -> AssociationPlan:
    """How the zones stand in a VPC, by what was seen of it, what orgdns did there, and policy alone.

    Nothing is forced: a zone that something else keeps out of the VPC stays out, with the reason. A direct association
    goes before a Profile, so where the means change, the old one goes only when the new one is there.
    """
    zones: list[ZoneInVpc] = []
    steps: list[Step] = []
    own = frozenset(zone_ids.values())
    for association_policy in association_policies:
        zone_id = zone_ids[association_policy.domain]
        zone = _zone_outlook(vpc, row, association_policy, zone_id, own, wanted=association_policy.wants(vpc, account))
        zones.append(zone)
        steps += _zone_steps(vpc, row, association_policy, zone)
    steps += _profile_steps(vpc, row, zones)
    there = {zone.domain for zone in zones if zone.wanted and zone.resolves}
    if any(
        _disables_autodefined_rules(vpc, association_policy)
        for association_policy in association_policies
        if association_policy.domain in there
    ):
        # Not before: EC2's own names would go, and nothing come in their place.
        steps.append(Step(Act.DISABLE_AUTODEFINED_RULES))
    # Whatever policy says of a zone by now: an authorisation must not be left.
    steps += [Step(Act.CLEAR, of) for of in _left_open(row, own) if Step(Act.ASSOCIATE, of) not in steps]
    return AssociationPlan(tuple(zones), tuple(sorted(steps, key=lambda step: list(Act).index(step.act))))


def cleanup_steps(row: VpcRow, zone_ids: Collection[str]) -> tuple[Step, ...]:
    """What is to be done for a VPC that is gone: only what the zones' owner can do without it."""
    managed = sorted(of for of, record in row.records.items() if of in zone_ids and record.managed)
    return (
        *(Step(Act.CLEAR, of) for of in _left_open(row, zone_ids)),
        *(Step(Act.DISASSOCIATE, of) for of in managed),
    )


def _left_open(row: VpcRow, zone_ids: Collection[str]) -> list[str]:
    """The zones that a VPC may still be authorised for."""
    return sorted(of for of, record in row.records.items() if of in zone_ids and record.in_progress)


def _zone_outlook(
    vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone_id: str, own: Collection[str], *, wanted: bool
) -> ZoneInVpc:
    direct = any(zone.id == zone_id for zone in vpc.zones)
    by_profile = vpc.by_profile(zone_id)
    method = AssociationMethod.ASSOCIATION if direct else AssociationMethod.PROFILE if by_profile else None
    notes = tuple(_notes(vpc, row, association_policy, zone_id, own)) if wanted or method else ()
    if by_profile and not (direct or wanted or row.record(vpc.profile).managed):
        notes = (
            *notes,
            "by the Profile, which the VPC's own account associated; policy does not have it resolve the zone",
        )
    if method and not wanted and row.record(zone_id if direct else vpc.profile).awaiting_approval:
        notes = (*notes, "not to be resolved any more: its end waits for orgdns approve")
    return ZoneInVpc(
        zone_id=zone_id,
        domain=association_policy.domain,
        wanted=association_policy.method if wanted else None,
        method=method,
        managed=row.record(zone_id if direct or not by_profile else vpc.profile).managed,
        blocked=_blocked(vpc, row, association_policy, zone_id, method) if wanted else "",
        notes=notes,
    )


def _blocked(
    vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone_id: str, method: AssociationMethod | None
) -> str:
    """Why no name of a zone is answered in a VPC that should resolve it, or nothing."""
    if deaf := _deaf(vpc, association_policy.domain):
        return deaf
    if same := _same_named(vpc, association_policy.domain, zone_id):
        return f"the VPC is associated with the zone {same.id} of the same name, which {same.owner} owns"
    if method is not None:
        return ""
    by_profile = association_policy.method is AssociationMethod.PROFILE
    if by_profile and not vpc.profile:
        return "no Profile of orgdns is shared with the account in this region"
    if by_profile and vpc.has_profile and not vpc.profile_coming:
        return "the Profile of orgdns does not carry the zone in this region: deploy network-region.yaml there"
    return row.record(vpc.profile if by_profile else zone_id).fault or "not associated yet"


def _deaf(vpc: Vpc, domain: Fqdn) -> str:
    """Why a zone would not be asked in a VPC, whatever the VPC is associated with, or nothing.

    "Considerations when working with a private hosted zone"
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html).
    """
    if not vpc.dns_support:
        return "enableDnsSupport of the VPC is off: nothing resolves there"
    if not vpc.dns_hostnames:
        return "enableDnsHostnames of the VPC is off: no private hosted zone is asked there"
    if rule := next((rule for rule in vpc.rules if rule.domain == domain), None):
        return f"the Resolver rule {rule.id} forwards {_shown(rule.domain)}, and goes before the zone"
    return ""


def _notes(
    vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone_id: str, own: Collection[str]
) -> Iterator[str]:
    """What a person should know of a zone in a VPC though it may well be as somebody wants it."""
    domain = association_policy.domain
    for zone in vpc.zones:
        if zone.domain.endswith(f".{domain}") and zone.id not in own:
            yield f"names below {_shown(zone.domain)} are answered from the zone {zone.id}, which {zone.owner} owns"
    for rule in vpc.rules:
        if rule.domain.endswith(f".{domain}"):
            yield f"names below {_shown(rule.domain)} are asked elsewhere, by the Resolver rule {rule.id}"
    if below := _autodefined_rules_below(vpc, domain):
        more = f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else ""
        yield f"EC2's own reverse rules answer for {', '.join(map(_shown, below[:_SHOWN]))}{more}"
    direct = any(zone.id == zone_id for zone in vpc.zones)
    if direct and not row.record(zone_id).managed and not association_policy.owns_all:
        yield "associated by others: orgdns does not take it away"


def _zone_steps(vpc: Vpc, row: VpcRow, association_policy: AssociationPolicy, zone: ZoneInVpc) -> Iterator[Step]:
    record = row.record(zone.zone_id)
    direct = zone.method is AssociationMethod.ASSOCIATION
    possible = _same_named(vpc, zone.domain, zone.zone_id) is None
    if record.awaiting_approval and (zone.wanted is AssociationMethod.ASSOCIATION or not direct):
        yield Step(Act.RELEASE, zone.zone_id)
    if zone.wanted is AssociationMethod.ASSOCIATION and not direct and possible:
        # Which ends with what CLEAR does.
        yield Step(Act.ASSOCIATE, zone.zone_id)
        return
    if not direct and record != AssociationRecord():
        yield Step(Act.FORGET, zone.zone_id)
    # Where the Profile takes over, it is there first: never a moment without an answer.
    replaceable = zone.wanted is None or (zone.wanted is AssociationMethod.PROFILE and vpc.by_profile(zone.zone_id))
    if direct and replaceable and (record.managed or association_policy.owns_all):
        yield Step(Act.DISASSOCIATE, zone.zone_id)


def _profile_steps(vpc: Vpc, row: VpcRow, zones: Collection[ZoneInVpc]) -> Iterator[Step]:
    if not vpc.profile:
        return
    wanted = any(zone.wanted is AssociationMethod.PROFILE for zone in zones)
    there = vpc.has_profile
    if wanted and row.record(vpc.profile).awaiting_approval:
        yield Step(Act.RELEASE, vpc.profile)
    if wanted and not there:
        yield Step(Act.ASSOCIATE_PROFILE, vpc.profile)
    # What is to be associated directly instead is so first.
    replaced = all(
        zone.method is AssociationMethod.ASSOCIATION for zone in zones if zone.wanted is AssociationMethod.ASSOCIATION
    )
    if there and not wanted and replaced and row.record(vpc.profile).managed:
        yield Step(Act.DISASSOCIATE_PROFILE, vpc.profile)


def _same_named(vpc: Vpc, domain: Fqdn, zone_id: str) -> AssociatedZone | None:
    return next((zone for zone in vpc.zones if zone.domain == domain and zone.id != zone_id), None)


def _autodefined_rules_below(vpc: Vpc, domain: Fqdn) -> tuple[Fqdn, ...]:
    """EC2's own reverse rules that answer in place of a reverse zone in the VPC."""
    if not (is_reverse(domain) and vpc.autodefined_rules and vpc.dns_hostnames):
        return ()
    return tuple(rule for cidr in vpc.cidrs for rule in autodefined_rules_below(domain, cidr))


def _disables_autodefined_rules(vpc: Vpc, association_policy: AssociationPolicy) -> bool:
    return association_policy.disables_autodefined_rules and bool(
        _autodefined_rules_below(vpc, association_policy.domain)
    )


def _shown(domain: Fqdn) -> str:
    return domain.removesuffix(".")
