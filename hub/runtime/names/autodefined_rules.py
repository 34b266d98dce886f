"""EC2's own Resolver rules for reverse lookups in a VPC, by its CIDRs. Pure.

With enableDnsHostnames the Resolver has rules of its own for 10.in-addr.arpa, 16 to 31.172.in-addr.arpa,
168.192.in-addr.arpa and the CIDRs of the VPC and of those connected with it; the most specific name wins, and at the
same name the private hosted zone: "Domain names that VPC Resolver creates autodefined system rules for",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html
For a CIDR they are the most generic ones possible: "How do I use and override auto-defined reverse DNS rules with
Route 53 Resolver?", https://repost.aws/knowledge-center/route-53-override-reverse-dns-rules
No rule is documented for a VPC's IPv6 CIDR.
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
    """The domains of the Resolver's rules for a CIDR: the fewest that are together all of it."""
    whole = -(-network.prefixlen // _OCTET) * _OCTET
    return tuple(reverse_domain(part) for part in network.subnets(new_prefix=whole))


# The rules that every VPC has, whatever its CIDRs are.
GENERIC: Final = (
    Fqdn("10.in-addr.arpa."),
    *(Fqdn(f"{number}.172.in-addr.arpa.") for number in range(16, 32)),
    Fqdn("168.192.in-addr.arpa."),
)


def rules_of(cidr: str) -> tuple[Fqdn, ...]:
    """The domains of the rules of a VPC with this CIDR."""
    network = ip_network(cidr, strict=False)
    return (*GENERIC, *(rule_domains(network) if isinstance(network, IPv4Network) else ()))


def autodefined_rules_below(domain: Fqdn, cidr: str) -> tuple[Fqdn, ...]:
    """The domains of the rules for a CIDR that lie below a reverse zone, and so answer in its place."""
    network = ip_network(cidr, strict=False)
    if not isinstance(network, IPv4Network):
        return ()
    return tuple(rule for rule in rule_domains(network) if rule.endswith(f".{domain}"))
