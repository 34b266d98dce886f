"""The zone or rule that a VPC's Resolver answers a name from, and why other orgdns zones do not answer. Pure.

The most specific domain among private zones and Resolver rules decides, and a rule takes precedence over a zone of the
same domain. If the zone does not have the name, the Resolver does not look elsewhere ("Considerations when working with
a private hosted zone",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html).
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
    """What answers a name."""

    ZONE = "zone"
    FOREIGN_ZONE = "foreign zone"
    RULE = "resolver rule"
    AUTODEFINED_RULE = "autodefined rule"
    INTERNET = "internet"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What would answer a name in a VPC.

    `id` and `domain` are those of the zone or rule, if any, and `method` is how the VPC resolves an orgdns zone.
    `why_not` gives, for each other orgdns zone that encloses the name, the reason why it does not answer.
    """

    source: Source
    reason: str
    id: str = ""
    domain: Fqdn | None = None
    method: AssociationMethod | None = None
    why_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """A zone or rule that may answer. The greatest has the most specific domain, then the highest precedence."""

    labels: int
    rank: int
    source: Source
    id: str
    domain: Fqdn
    method: AssociationMethod | None
    reason: str


# The domain of a rule for every name.
_ROOT: Final = "."
# Precedence within a domain, lowest first: autodefined rule, zone by Profile, zone by association, Resolver rule.
_AUTODEFINED, _PROFILE, _ASSOCIATION, _RULE = range(4)


def resolution(row: VpcRow, vpc: Vpc, fqdn: Fqdn) -> Resolution:
    """What answers a name in a VPC, according to the last sweep of the VPC."""
    why_not = tuple(_why_not(row, fqdn))
    if not vpc.dns_support:
        return Resolution(Source.NOBODY, "the VPC has enableDnsSupport off: nothing resolves there", why_not=why_not)
    found = [
        candidate
        for candidate in _candidates(row, vpc)
        if candidate.domain == _ROOT or f".{fqdn}".endswith(f".{candidate.domain}")
    ]
    if not found:
        reason = "no private zone, rule or Profile of the VPC covers the name: the Resolver asks the internet"
        return Resolution(Source.INTERNET, reason, why_not=why_not)
    best = max(found, key=lambda candidate: (candidate.labels, candidate.rank))
    if best.source is Source.ZONE:
        why_not = tuple(_why_not(row, fqdn, but=best.id))
    return Resolution(best.source, best.reason, best.id, best.domain, best.method, why_not)


def _candidates(row: VpcRow, vpc: Vpc) -> Iterator[_Candidate]:
    managed = {zone.zone_id for zone in row.zones}
    for rule in vpc.rules:
        reason = f"the Resolver rule {rule.id} forwards {_shown(rule.domain)}"
        yield _Candidate(_labels(rule.domain), _RULE, Source.RULE, rule.id, rule.domain, None, reason)
    if not vpc.dns_hostnames:
        return
    for zone in vpc.zones:
        source = Source.ZONE if zone.id in managed else Source.FOREIGN_ZONE
        method = AssociationMethod.ASSOCIATION if zone.id in managed else None
        reason = f"the zone {_shown(zone.domain)} ({zone.id}) of {zone.owner}, associated with the VPC"
        yield _Candidate(_labels(zone.domain), _ASSOCIATION, source, zone.id, zone.domain, method, reason)
    for zone_in_vpc in row.zones:
        if zone_in_vpc.method is AssociationMethod.PROFILE:
            domain = zone_in_vpc.domain
            reason = f"the zone {_shown(domain)} ({zone_in_vpc.zone_id}), by the Profile {vpc.profile}"
            method = zone_in_vpc.method
            yield _Candidate(_labels(domain), _PROFILE, Source.ZONE, zone_in_vpc.zone_id, domain, method, reason)
    if vpc.autodefined_rules:
        for domain in sorted({domain for cidr in vpc.cidrs for domain in rules_of(cidr)}):
            reason = f"the autodefined rule for {_shown(domain)}"
            yield _Candidate(_labels(domain), _AUTODEFINED, Source.AUTODEFINED_RULE, "", domain, None, reason)


def _why_not(row: VpcRow, fqdn: Fqdn, but: str = "") -> Iterator[str]:
    for zone in row.zones:
        if zone.zone_id == but or not f".{fqdn}".endswith(f".{zone.domain}"):
            continue
        if zone.blocked:
            yield f"{_shown(zone.domain)} ({zone.zone_id}): {zone.blocked}"
        elif zone.method is None:
            reasons = ("the policy does not select this VPC", *zone.notes)
            yield f"{_shown(zone.domain)} ({zone.zone_id}): {': '.join(reasons)}"
        else:
            yield f"{_shown(zone.domain)} ({zone.zone_id}): a more specific domain, or a rule, takes precedence"


def _labels(domain: Fqdn) -> int:
    return domain.count(".") if domain != _ROOT else 0


def _shown(domain: Fqdn) -> str:
    return domain.removesuffix(".") or _ROOT
