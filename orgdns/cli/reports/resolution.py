"""What answers a name in a VPC, how certain that is, and why other orgdns zones do not answer. Pure.

An instance asks the DNS servers of its VPC's DHCP options set. If that is the Resolver of the VPC, DNS Firewall first
looks at the query. Then the most specific domain among private zones and Resolver rules decides, and a rule takes
precedence over a zone of the same domain. If the zone does not have the name, the Resolver does not look elsewhere
("Considerations when working with a private hosted zone",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html). The VPC's own
settings take precedence over those of a Profile ("How Route 53 Profile settings are prioritized",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address, ip_network
from typing import TYPE_CHECKING, Final

from hub.runtime.model.resolver import RuleKind
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.autodefined_rules import rules_of
from hub.runtime.names.firewall import only_one_type, query_types, verdict
from hub.runtime.names.labels import is_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.resolver import ResolverRule
    from hub.runtime.model.vpcs import Vpc, VpcRow


class Source(StrEnum):
    """What answers a name."""

    ZONE = "zone"
    FOREIGN_ZONE = "foreign zone"
    RULE = "resolver rule"
    AUTODEFINED_RULE = "autodefined rule"
    FIREWALL = "dns firewall"
    OTHER_SERVER = "other dns server"
    INTERNET = "internet"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What would answer a name in a VPC.

    `id` and `domain` are those of the zone or rule, if any, and `method` is how the VPC resolves an orgdns zone.
    `why_not` gives, for each other orgdns zone that encloses the name, the reason why it does not answer. `unknown`
    says what orgdns cannot see and may decide otherwise.
    """

    source: Source
    reason: str
    id: str = ""
    domain: Fqdn | None = None
    method: AssociationMethod | None = None
    why_not: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether nothing that orgdns cannot see may decide otherwise."""
        return not self.unknown


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
# Precedence within a domain, lowest first. What the VPC itself has precedes what a Profile brings.
_AUTODEFINED, _PROFILE, _PROFILE_RULE, _ASSOCIATION, _RULE = range(5)
_IPV4: Final = ".in-addr.arpa."
# The labels of the reverse name of one address: no autodefined rule is more specific.
_ADDRESS_LABELS: Final = 6


def resolution(row: VpcRow, vpc: Vpc, fqdn: Fqdn, zone_ids: Mapping[Fqdn, str] | None = None) -> Resolution:
    """What answers a name in a VPC, according to the last sweep of the VPC. `zone_ids` are those of orgdns."""
    own = {zone.domain: zone.zone_id for zone in row.zones} | dict(zone_ids or {})
    why_not = tuple(_why_not(row, fqdn))
    if vpc.dns_servers and not vpc.asks_resolver:
        servers = ", ".join(vpc.other_servers)
        reason = f"instances ask {servers} (DHCP options set {vpc.dhcp_options}), not the Resolver of the VPC"
        hidden = f"orgdns cannot see what {servers} would answer: such servers may ask the Resolver themselves"
        return Resolution(Source.OTHER_SERVER, reason, why_not=why_not, unknown=(hidden,))
    unknown = tuple(_unknown_servers(vpc))
    if not vpc.dns_support:
        reason = "the VPC has enableDnsSupport off: nothing resolves there"
        return Resolution(Source.NOBODY, reason, why_not=why_not, unknown=unknown)
    # The ledger has those entries of domain lists that concern the zones.
    listed = any(is_in(fqdn, domain) for domain in own)
    firewall, *others = (verdict(vpc.firewall, fqdn, type_, listed=listed) for type_ in query_types(fqdn))
    doubts = [rule.id for found in (firewall, *others) for rule in found.doubts]
    unknown += tuple(
        f"DNS Firewall may block the name: orgdns cannot read all that {id_} matches" for id_ in dict.fromkeys(doubts)
    )
    unknown += (*only_one_type(firewall, *others), *vpc.unknown)
    if firewall.blocked_by is not None:
        reason = f"DNS Firewall blocks the name, by the rule {firewall.blocked_by.id}"
        return Resolution(Source.FIREWALL, reason, firewall.blocked_by.id, why_not=why_not, unknown=unknown)
    found = [
        candidate for candidate in _candidates(row, vpc, fqdn, frozenset(own.values())) if is_in(fqdn, candidate.domain)
    ]
    if not found:
        reason = "no private zone, rule or Profile of the VPC covers the name: the Resolver asks the internet"
        return Resolution(Source.INTERNET, reason, why_not=why_not, unknown=unknown)
    best = max(found, key=lambda candidate: (candidate.labels, candidate.rank))
    unknown += tuple(_unknown_precedence(vpc, fqdn, best))
    if best.source is Source.ZONE:
        why_not = tuple(_why_not(row, fqdn, but=best.id))
    return Resolution(best.source, best.reason, best.id, best.domain, best.method, why_not, unknown)


def as_last_seen(found: Resolution, fault: str) -> Resolution:
    """The resolution by a description that is not renewed any more; `fault` says why, empty if it is renewed."""
    if not fault:
        return found
    outdated = f"the VPC may have changed since then, because its account's VPCs cannot be described: {fault}"
    return replace(found, unknown=(outdated, *found.unknown))


def unseen(why: str) -> Resolution:
    """What answers in a VPC that orgdns cannot describe."""
    return Resolution(Source.UNKNOWN, why, unknown=("orgdns does not see what decides answers in this VPC",))


def _unknown_servers(vpc: Vpc) -> Iterator[str]:
    if not vpc.dns_servers:
        yield "which DNS servers instances ask is not known: the VPC's DHCP options name none, or could not be read"
    elif vpc.other_servers:
        servers = ", ".join(vpc.other_servers)
        yield f"instances may also ask {servers}, which may answer otherwise"


def _unknown_precedence(vpc: Vpc, fqdn: Fqdn, best: _Candidate) -> Iterator[str]:
    """Yield what may decide in the place of the zone or rule that does, by what AWS documents and orgdns can see."""
    zone_answers = best.source in {Source.ZONE, Source.FOREIGN_ZONE}
    if zone_answers and best.rank == _ASSOCIATION:
        for rule in vpc.rules:
            if rule.profile and rule.domain == best.domain and rule.kind is not RuleKind.DELEGATE:
                yield f"the rule {rule.id} of the Profile {rule.profile} may take precedence: AWS does not document it"
    if zone_answers and fqdn != best.domain:
        for rule in vpc.rules:
            if rule.kind is RuleKind.DELEGATE:
                yield (
                    f"NS records may delegate the name to name servers in {_shown(rule.domain)}, which the rule "
                    f"{rule.id} asks"
                )
    active = vpc.autodefined_rules and vpc.dns_hostnames and fqdn.endswith(_IPV4)
    active = active and best.source is not Source.AUTODEFINED_RULE
    if active and best.labels < _ADDRESS_LABELS and not _in_own_cidrs(vpc, fqdn):
        yield "the address may be in a connected VPC, for which EC2's autodefined rules answer"


def _in_own_cidrs(vpc: Vpc, fqdn: Fqdn) -> bool:
    try:
        address = IPv4Address(".".join(reversed(fqdn.removesuffix(_IPV4).split("."))))
    except ValueError:
        return False
    return any(address in ip_network(cidr, strict=False) for cidr in vpc.cidrs)


def _candidates(row: VpcRow, vpc: Vpc, fqdn: Fqdn, own: Collection[str]) -> Iterator[_Candidate]:
    if rule := _rule_for(vpc, fqdn):
        rank, by = (_PROFILE_RULE, f" of the Profile {rule.profile}") if rule.profile else (_RULE, "")
        reason = f"the Resolver rule {rule.id}{by} forwards {_shown(rule.domain)}"
        yield _Candidate(_labels(rule.domain), rank, Source.RULE, rule.id, rule.domain, None, reason)
    if not vpc.dns_hostnames:
        return
    for zone in vpc.zones:
        source = Source.ZONE if zone.id in own else Source.FOREIGN_ZONE
        method = AssociationMethod.ASSOCIATION if zone.id in own else None
        reason = f"the zone {_shown(zone.domain)} ({zone.id}) of {zone.owner}, associated with the VPC"
        yield _Candidate(_labels(zone.domain), _ASSOCIATION, source, zone.id, zone.domain, method, reason)
    by_profile = [
        (zone.zone_id, zone.domain, vpc.profile) for zone in row.zones if zone.method is AssociationMethod.PROFILE
    ]
    by_profile += [(zone.zone_id, zone.domain, zone.profile) for zone in vpc.others_zones]
    for zone_id, domain, profile in by_profile:
        reason = f"the zone {_shown(domain)} ({zone_id}), by the Profile {profile}"
        method = AssociationMethod.PROFILE
        yield _Candidate(_labels(domain), _PROFILE, Source.ZONE, zone_id, domain, method, reason)
    if vpc.autodefined_rules:
        for domain in sorted({domain for cidr in vpc.cidrs for domain in rules_of(cidr)}):
            reason = f"the autodefined rule for {_shown(domain)}"
            yield _Candidate(_labels(domain), _AUTODEFINED, Source.AUTODEFINED_RULE, "", domain, None, reason)


def _rule_for(vpc: Vpc, fqdn: Fqdn) -> ResolverRule | None:
    """The rule that forwards a name: the most specific one, unless it makes the Resolver itself answer."""
    rules = [rule for rule in vpc.rules if rule.kind is not RuleKind.DELEGATE and is_in(fqdn, rule.domain)]
    best = max(rules, key=lambda rule: (_labels(rule.domain), not rule.profile), default=None)
    return best if best is not None and best.kind is RuleKind.FORWARD else None


def _why_not(row: VpcRow, fqdn: Fqdn, but: str = "") -> Iterator[str]:
    for zone in row.zones:
        if zone.zone_id == but or not is_in(fqdn, zone.domain):
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
