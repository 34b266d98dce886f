"""What becomes of the zones in a VPC: what it is to resolve, what it does, what stands in the way, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.vpcs import Hold, Means, ZoneOutlook
from hub.runtime.names.autodefined_rules import rules_below
from hub.runtime.names.labels import is_reverse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.names import Account, Fqdn
    from hub.runtime.model.vpcs import SeenZone, Vpc, VpcRow
    from hub.runtime.policy.vpc_selection import Reach

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
    SWITCH_OFF = "switch off"
    DISASSOCIATE = "disassociate"
    DISASSOCIATE_PROFILE = "disassociate profile"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `of` is the id of the zone or Profile that it is done with."""

    act: Act
    of: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be done in a VPC, in order, and how each zone stands in it."""

    zones: tuple[ZoneOutlook, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def blocked(self) -> int:
        """How many zones that it should resolve it does not, and will not by what is to be done now."""
        coming = {step.of for step in self.steps if step.act in {Act.ASSOCIATE, Act.ASSOCIATE_PROFILE}}
        return sum(bool(zone.blocked) and zone.zone_id not in coming for zone in self.zones)


def outlook(
    vpc: Vpc, account: Account, row: VpcRow, reaches: Collection[Reach], zone_ids: Mapping[Fqdn, str]
) -> Outlook:
    """How the zones stand in a VPC, by what was seen of it, what orgdns did there, and policy alone.

    Nothing is forced: a zone that something else keeps out of the VPC stays out, with the reason. A direct association
    goes before a Profile, so where the means change, the old one goes only when the new one is there.
    """
    zones: list[ZoneOutlook] = []
    steps: list[Step] = []
    own = frozenset(zone_ids.values())
    for reach in reaches:
        zone_id = zone_ids[reach.domain]
        zone = _zone_outlook(vpc, row, reach, zone_id, own, wanted=reach.wants(vpc, account))
        zones.append(zone)
        steps += _zone_steps(vpc, row, reach, zone)
    steps += _profile_steps(vpc, row, zones)
    there = {zone.domain for zone in zones if zone.wanted and zone.resolves}
    if any(_switched_off(vpc, reach) for reach in reaches if reach.domain in there):
        # Not before: EC2's own names would go, and nothing come in their place.
        steps.append(Step(Act.SWITCH_OFF))
    # Whatever policy says of a zone by now: an authorisation must not be left.
    steps += [Step(Act.CLEAR, of) for of in _left_open(row, own) if Step(Act.ASSOCIATE, of) not in steps]
    return Outlook(tuple(zones), tuple(sorted(steps, key=lambda step: list(Act).index(step.act))))


def farewell(row: VpcRow, zone_ids: Collection[str]) -> tuple[Step, ...]:
    """What is to be done for a VPC that is gone: only what the zones' owner can do without it."""
    ours = sorted(of for of, hold in row.holds.items() if of in zone_ids and hold.ours)
    return (
        *(Step(Act.CLEAR, of) for of in _left_open(row, zone_ids)),
        *(Step(Act.DISASSOCIATE, of) for of in ours),
    )


def _left_open(row: VpcRow, zone_ids: Collection[str]) -> list[str]:
    """The zones that a VPC may still be authorised for."""
    return sorted(of for of, hold in row.holds.items() if of in zone_ids and hold.underway)


def _zone_outlook(
    vpc: Vpc, row: VpcRow, reach: Reach, zone_id: str, own: Collection[str], *, wanted: bool
) -> ZoneOutlook:
    direct = any(zone.id == zone_id for zone in vpc.zones)
    by_profile = vpc.by_profile(zone_id)
    means = Means.ASSOCIATION if direct else Means.PROFILE if by_profile else None
    notes = tuple(_notes(vpc, row, reach, zone_id, own)) if wanted or means else ()
    if by_profile and not (direct or wanted or row.hold(vpc.profile).ours):
        notes = (
            *notes,
            "by the Profile, which the VPC's own account associated; policy does not have it resolve the zone",
        )
    if means and not wanted and row.hold(zone_id if direct else vpc.profile).held:
        notes = (*notes, "not to be resolved any more: its end waits for orgdns approve")
    return ZoneOutlook(
        zone_id=zone_id,
        domain=reach.domain,
        wanted=reach.means if wanted else None,
        means=means,
        ours=row.hold(zone_id if direct or not by_profile else vpc.profile).ours,
        blocked=_blocked(vpc, row, reach, zone_id, means) if wanted else "",
        notes=notes,
    )


def _blocked(vpc: Vpc, row: VpcRow, reach: Reach, zone_id: str, means: Means | None) -> str:
    """Why no name of a zone is answered in a VPC that should resolve it, or nothing."""
    if deaf := _deaf(vpc, reach.domain):
        return deaf
    if same := _same_named(vpc, reach.domain, zone_id):
        return f"the VPC is associated with the zone {same.id} of the same name, which {same.owner} owns"
    if means is not None:
        return ""
    by_profile = reach.means is Means.PROFILE
    if by_profile and not vpc.profile:
        return "no Profile of orgdns is shared with the account in this region"
    if by_profile and vpc.has_profile and not vpc.profile_coming:
        return "the Profile of orgdns does not carry the zone in this region: deploy network-region.yaml there"
    return row.hold(vpc.profile if by_profile else zone_id).fault or "not associated yet"


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


def _notes(vpc: Vpc, row: VpcRow, reach: Reach, zone_id: str, own: Collection[str]) -> Iterator[str]:
    """What a person should know of a zone in a VPC though it may well be as somebody wants it."""
    domain = reach.domain
    for zone in vpc.zones:
        if zone.domain.endswith(f".{domain}") and zone.id not in own:
            yield f"names below {_shown(zone.domain)} are answered from the zone {zone.id}, which {zone.owner} owns"
    for rule in vpc.rules:
        if rule.domain.endswith(f".{domain}"):
            yield f"names below {_shown(rule.domain)} are asked elsewhere, by the Resolver rule {rule.id}"
    if below := _rules_below(vpc, domain):
        more = f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else ""
        yield f"EC2's own reverse rules answer for {', '.join(map(_shown, below[:_SHOWN]))}{more}"
    direct = any(zone.id == zone_id for zone in vpc.zones)
    if direct and not row.hold(zone_id).ours and not reach.owns_all:
        yield "associated by others: orgdns does not take it away"


def _zone_steps(vpc: Vpc, row: VpcRow, reach: Reach, zone: ZoneOutlook) -> Iterator[Step]:
    hold = row.hold(zone.zone_id)
    direct = zone.means is Means.ASSOCIATION
    possible = _same_named(vpc, zone.domain, zone.zone_id) is None
    if hold.held and (zone.wanted is Means.ASSOCIATION or not direct):
        yield Step(Act.RELEASE, zone.zone_id)
    if zone.wanted is Means.ASSOCIATION and not direct and possible:
        # Which ends with what CLEAR does.
        yield Step(Act.ASSOCIATE, zone.zone_id)
        return
    if not direct and hold != Hold():
        yield Step(Act.FORGET, zone.zone_id)
    # Where the Profile takes over, it is there first: never a moment without an answer.
    replaceable = zone.wanted is None or (zone.wanted is Means.PROFILE and vpc.by_profile(zone.zone_id))
    if direct and replaceable and (hold.ours or reach.owns_all):
        yield Step(Act.DISASSOCIATE, zone.zone_id)


def _profile_steps(vpc: Vpc, row: VpcRow, zones: Collection[ZoneOutlook]) -> Iterator[Step]:
    if not vpc.profile:
        return
    wanted = any(zone.wanted is Means.PROFILE for zone in zones)
    there = vpc.has_profile
    if wanted and row.hold(vpc.profile).held:
        yield Step(Act.RELEASE, vpc.profile)
    if wanted and not there:
        yield Step(Act.ASSOCIATE_PROFILE, vpc.profile)
    # What is to be associated directly instead is so first.
    replaced = all(zone.means is Means.ASSOCIATION for zone in zones if zone.wanted is Means.ASSOCIATION)
    if there and not wanted and replaced and row.hold(vpc.profile).ours:
        yield Step(Act.DISASSOCIATE_PROFILE, vpc.profile)


def _same_named(vpc: Vpc, domain: Fqdn, zone_id: str) -> SeenZone | None:
    return next((zone for zone in vpc.zones if zone.domain == domain and zone.id != zone_id), None)


def _rules_below(vpc: Vpc, domain: Fqdn) -> tuple[Fqdn, ...]:
    """EC2's own reverse rules that answer in place of a reverse zone in the VPC."""
    if not (is_reverse(domain) and vpc.reverse_rules and vpc.dns_hostnames):
        return ()
    return tuple(rule for cidr in vpc.cidrs for rule in rules_below(domain, cidr))


def _switched_off(vpc: Vpc, reach: Reach) -> bool:
    return reach.switches_off and bool(_rules_below(vpc, reach.domain))


def _shown(domain: Fqdn) -> str:
    return domain.removesuffix(".")
