"""What a VPC's Resolver would answer a name from, and why not from one of our zones. Pure.

"How VPC Resolver answers" by "Considerations when working with a private hosted zone"
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html): the most specific
domain among private zones and Resolver rules decides, and a rule goes before a zone of its own name; a name that the
zone does not have is not looked for elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.autodefined_rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.vpcs import Vpc, VpcRow


class Source(StrEnum):
    """Who answers."""

    ZONE = "zone"
    FOREIGN_ZONE = "foreign zone"
    RULE = "resolver rule"
    REVERSE_RULE = "reverse rule"
    INTERNET = "internet"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who would answer a name in a VPC.

    `id` and `domain` are those of the zone or rule, where there is one, and `method` is by what the VPC has a zone of
    ours. `why_not` says of each zone of ours around the name why it is not the one that is asked.
    """

    source: Source
    reason: str
    id: str = ""
    domain: Fqdn | None = None
    method: AssociationMethod | None = None
    why_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """What may answer: the most specific domain first, and of one domain what goes before the others."""

    labels: int
    rank: int
    source: Source
    id: str
    domain: Fqdn
    method: AssociationMethod | None
    told: str


# What a rule for every name has as its domain.
_ROOT: Final = "."
# Of one domain: EC2's own rules give way to a zone, a zone by Profile to one by association, and that to a rule.
_REVERSE, _PROFILE, _DIRECT, _RULE = range(4)


def resolution(row: VpcRow, vpc: Vpc, fqdn: Fqdn) -> Resolution:
    """Who answers a name in a VPC, as it was last seen."""
    why_not = tuple(_why_not(row, fqdn))
    if not vpc.dns_support:
        return Resolution(Source.NOBODY, "enableDnsSupport of the VPC is off: nothing resolves there", why_not=why_not)
    found = [one for one in _candidates(row, vpc) if one.domain == _ROOT or f".{fqdn}".endswith(f".{one.domain}")]
    if not found:
        told = "no private zone, rule or Profile of the VPC is for the name: it is asked on the internet"
        return Resolution(Source.INTERNET, told, why_not=why_not)
    best = max(found, key=lambda one: (one.labels, one.rank))
    if best.source is Source.ZONE:
        why_not = tuple(_why_not(row, fqdn, but=best.id))
    return Resolution(best.source, best.told, best.id, best.domain, best.method, why_not)


def _candidates(row: VpcRow, vpc: Vpc) -> Iterator[_Candidate]:
    managed = {zone.zone_id for zone in row.zones}
    for rule in vpc.rules:
        told = f"the Resolver rule {rule.id} has {_shown(rule.domain)} asked elsewhere"
        yield _Candidate(_labels(rule.domain), _RULE, Source.RULE, rule.id, rule.domain, None, told)
    if not vpc.dns_hostnames:
        return
    for zone in vpc.zones:
        source = Source.ZONE if zone.id in managed else Source.FOREIGN_ZONE
        method = AssociationMethod.ASSOCIATION if zone.id in managed else None
        told = f"the zone {_shown(zone.domain)} ({zone.id}) of {zone.owner}, which the VPC is associated with"
        yield _Candidate(_labels(zone.domain), _DIRECT, source, zone.id, zone.domain, method, told)
    for one in row.zones:
        if one.method is AssociationMethod.PROFILE:
            told = f"the zone {_shown(one.domain)} ({one.zone_id}), by the Profile {vpc.profile}"
            labels = _labels(one.domain)
            yield _Candidate(labels, _PROFILE, Source.ZONE, one.zone_id, one.domain, one.method, told)
    if vpc.autodefined_rules:
        for domain in sorted({domain for cidr in vpc.cidrs for domain in rules_of(cidr)}):
            told = f"EC2's own reverse rule for {_shown(domain)}"
            yield _Candidate(_labels(domain), _REVERSE, Source.REVERSE_RULE, "", domain, None, told)


def _why_not(row: VpcRow, fqdn: Fqdn, but: str = "") -> Iterator[str]:
    for zone in row.zones:
        if zone.zone_id == but or not f".{fqdn}".endswith(f".{zone.domain}"):
            continue
        if zone.blocked:
            yield f"{_shown(zone.domain)} ({zone.zone_id}): {zone.blocked}"
        elif zone.method is None:
            yield f"{_shown(zone.domain)} ({zone.zone_id}): policy does not have this VPC resolve it"
        else:
            yield f"{_shown(zone.domain)} ({zone.zone_id}): something more specific goes before it"


def _labels(domain: Fqdn) -> int:
    return domain.count(".") if domain != _ROOT else 0


def _shown(domain: Fqdn) -> str:
    return domain.removesuffix(".") or _ROOT
