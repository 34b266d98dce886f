"""What the Resolver of a VPC does with the names of a zone, besides looking them up in the zone. Pure.

What could not be read of a VPC is not repeated for each zone: see `Vpc.unknown`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.model.resolver import FirewallAction, RuleKind
from hub.runtime.names.autodefined_rules import autodefined_rules_below
from hub.runtime.names.firewall import names_below, only_one_type, query_types, verdict
from hub.runtime.names.labels import is_in, is_reverse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.resolver import FirewallRule, ResolverRule
    from hub.runtime.model.vpcs import AssociatedZone, Vpc
    from hub.runtime.names.firewall import FirewallVerdict

# How many items of a long list a note shows.
_SHOWN = 3
# How many notes a zone has about zones and rules below it. The VPC's row of the ledger has room for no more.
_NOTES = 10


def forwards(vpc: Vpc) -> list[ResolverRule]:
    """Return the Resolver rules of a VPC that send queries elsewhere, for a domain and all names below it."""
    return [rule for rule in vpc.rules if rule.kind is RuleKind.FORWARD]


def taken_below(vpc: Vpc, domain: Fqdn, own: Collection[str]) -> Iterator[str]:
    """Yield which other zones and Resolver rules take names below a zone. `own` are the zones of orgdns."""
    zones = [zone for zone in vpc.zones if zone.domain.endswith(f".{domain}") and zone.id not in own]
    rules = [rule for rule in forwards(vpc) if rule.domain.endswith(f".{domain}")]
    for zone in zones[:_NOTES]:
        below = zone.domain.removesuffix(".")
        yield f"names below {below} are answered from the zone {zone.id}, which {zone.owner} owns"
    for rule in rules[:_NOTES]:
        yield f"names below {rule.domain.removesuffix('.')} are forwarded by the Resolver rule {rule.id}"
    others = len(zones[_NOTES:]) + len(rules[_NOTES:])
    if others:
        yield f"{others} more zones and Resolver rules take names below {domain.removesuffix('.')}"


def firewall_block(vpc: Vpc, domain: Fqdn) -> str:
    """Return why DNS Firewall certainly blocks what is below a zone, empty if it does not."""
    found, *_ = _verdicts(vpc, domain)
    if found.blocked_by is None or found.doubts:
        return ""
    return f"DNS Firewall blocks the names of the zone, by the rule {found.blocked_by.id}"


def resolver_notes(vpc: Vpc, domain: Fqdn) -> Iterator[str]:
    """Yield what else may keep names of a zone from being answered from it, in few and short notes."""
    verdicts = _verdicts(vpc, domain)
    if doubts := [rule for found in verdicts for rule in found.doubts]:
        yield f"DNS Firewall may block names of the zone: {_unread(doubts)}"
    yield from only_one_type(*verdicts)
    blocked = sorted(
        entry
        for rule in vpc.firewall
        if rule.action is FirewallAction.BLOCK and rule.query_type in {"", *query_types(domain)}
        for entry in rule.domains
        if is_in(entry.removeprefix("*."), domain) and entry != names_below(domain)
    )
    if blocked:
        yield f"DNS Firewall has rules that block {first_of([entry.removesuffix('.') for entry in blocked])}"
    if same := [rule for rule in forwards(vpc) if rule.profile and rule.domain == domain]:
        yield (
            f"the Resolver rule {same[0].id} of the Profile {same[0].profile} forwards the zone's domain: AWS does not "
            "document whether it takes precedence over a zone that is associated with the VPC"
        )
    if delegating := [rule.id for rule in vpc.rules if rule.kind is RuleKind.DELEGATE]:
        yield (
            f"names that NS records of the zone delegate may be answered elsewhere, by the delegation rule "
            f"{first_of(delegating)}"
        )


def _verdicts(vpc: Vpc, domain: Fqdn) -> list[FirewallVerdict]:
    """Return what DNS Firewall does with queries of each type for names below a domain, those for A or PTR first."""
    return [verdict(vpc.firewall, names_below(domain), type_) for type_ in query_types(domain)]


def _unread(doubts: Collection[FirewallRule]) -> str:
    ids = list(dict.fromkeys(rule.id for rule in doubts))
    return f"orgdns cannot read all that {first_of(ids)} matches"


def first_of(texts: Collection[str]) -> str:
    """Return the first texts of a list, and how many more there are."""
    first = list(texts)[:_SHOWN]
    return ", ".join(first) + (f" and {len(texts) - _SHOWN:,} more" if len(texts) > _SHOWN else "")


def bypassed(vpc: Vpc, domain: Fqdn) -> str:
    """Return why queries in a VPC would not reach the zone if it were associated, empty if they would.

    "Considerations when working with a private hosted zone"
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html).
    """
    if not vpc.dns_support:
        return "enableDnsSupport of the VPC is off: nothing resolves there"
    if not vpc.dns_hostnames:
        return "enableDnsHostnames of the VPC is off: private hosted zones do not answer there"
    if rule := next((rule for rule in forwards(vpc) if rule.domain == domain and not rule.profile), None):
        return (
            f"the Resolver rule {rule.id} forwards {rule.domain.removesuffix('.')}, and takes precedence over the zone"
        )
    return firewall_block(vpc, domain)


def same_named(vpc: Vpc, domain: Fqdn, zone_id: str) -> AssociatedZone | None:
    """Return another zone of the same name that the VPC is associated with, or None."""
    return next((zone for zone in vpc.zones if zone.domain == domain and zone.id != zone_id), None)


def rules_below_zone(vpc: Vpc, domain: Fqdn) -> tuple[Fqdn, ...]:
    """Return the autodefined rules that answer in place of a reverse zone in the VPC."""
    if not (is_reverse(domain) and vpc.autodefined_rules and vpc.dns_hostnames):
        return ()
    return tuple(rule for cidr in vpc.cidrs for rule in autodefined_rules_below(domain, cidr))
