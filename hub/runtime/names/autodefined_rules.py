"""Resolver's autodefined rules for reverse lookups in a VPC, by its CIDRs. Pure.

With enableDnsHostnames, Resolver has autodefined rules for 10.in-addr.arpa, 16 to 31.172.in-addr.arpa,
168.192.in-addr.arpa and the CIDRs of the VPC and of the VPCs connected with it. The most specific name wins; at the
same name, the private hosted zone wins: "Domain names that VPC Resolver creates autodefined system rules for",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html
The rules for a CIDR are the most generic ones possible: "How do I use and override auto-defined reverse DNS rules with
Route 53 Resolver?", https://repost.aws/knowledge-center/route-53-override-reverse-dns-rules AWS documents no rule for a
VPC's IPv6 CIDR.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from hub.runtime.model.names import Fqdn

_OCTET: Final = 8
_NIBBLE: Final = 4


def reverse_domain(network: IPv4Network | IPv6Network) -> Fqdn:
    """The reverse name of a network whose prefix ends with an octet (IPv4) or a nibble (IPv6)."""
    bits = _OCTET if isinstance(network, IPv4Network) else _NIBBLE
    labels = network.network_address.reverse_pointer.split(".")
    return Fqdn(".".join(labels[(network.max_prefixlen - network.prefixlen) // bits :]) + ".")


def rule_domains(network: IPv4Network) -> tuple[Fqdn, ...]:
    """The domains of the autodefined rules for a CIDR: the fewest domains that cover all of it."""
    whole = -(-network.prefixlen // _OCTET) * _OCTET
    return tuple(reverse_domain(part) for part in network.subnets(new_prefix=whole))


# Every VPC has these rules, whatever its CIDRs are.
GENERIC: Final = (
    Fqdn("10.in-addr.arpa."),
    *(Fqdn(f"{number}.172.in-addr.arpa.") for number in range(16, 32)),
    Fqdn("168.192.in-addr.arpa."),
)


def rules_of(cidr: str) -> tuple[Fqdn, ...]:
    """The domains of the autodefined rules of a VPC with this CIDR."""
    network = ip_network(cidr, strict=False)
    return (*GENERIC, *(rule_domains(network) if isinstance(network, IPv4Network) else ()))


def autodefined_rules_below(domain: Fqdn, cidr: str) -> tuple[Fqdn, ...]:
    """The domains of the autodefined rules for a CIDR below a reverse zone, which answer in the zone's place."""
    network = ip_network(cidr, strict=False)
    if not isinstance(network, IPv4Network):
        return ()
    return tuple(rule for rule in rule_domains(network) if rule.endswith(f".{domain}"))
