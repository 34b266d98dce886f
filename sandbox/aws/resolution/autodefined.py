"""A VPC's autodefined rules for reverse lookups, and what EC2 answers where they apply. Pure.

A simulation of what AWS documents for a VPC with enableDnsHostnames: rules for the private ranges of IPv4, for the
VPC's own CIDRs and for those of connected VPCs. "Domain names that VPC Resolver creates autodefined system rules for",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html
The rules for names of the local host are left out, and there are no rules for IPv6 ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from sandbox.aws.route53.names import is_within, labels

_REVERSE: Final = "in-addr.arpa."
_OCTETS: Final = 4
_OCTET_BITS: Final = 8
_PRIVATE: Final = (
    "10.in-addr.arpa.",
    *(f"{octet}.172.in-addr.arpa." for octet in range(16, 32)),
    "168.192.in-addr.arpa.",
)


@dataclass(frozen=True, slots=True)
class AutodefinedReverse:
    """The autodefined rules of one VPC, derived from its CIDRs and those of connected VPCs.

    A VPC whose Resolver configuration disables the rules has the `NO_RULES` below: "ResolverConfig",
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverConfig.html
    """

    region: str
    cidrs: tuple[str, ...]
    connected_cidrs: tuple[str, ...] = ()

    @property
    def domains(self) -> frozenset[str]:
        """The domains, in stored form, that the VPC has rules for."""
        ranges = (*self.cidrs, *self.connected_cidrs)
        own = (domain for cidr in ranges for domain in reverse_domains(cidr))
        return frozenset((*_PRIVATE, *own) if ranges else ())

    def responsible_domain(self, stored: str) -> str | None:
        """The most specific domain with a rule that contains a name, or None; both in stored form."""
        around = (domain for domain in self.domains if is_within(stored, domain))
        return max(around, key=len, default=None)

    def instance_name(self, stored: str) -> str | None:
        """EC2's name for the address of a reverse name, or None outside the VPC's own CIDRs.

        The form that contains the address: "Amazon EC2 instance hostnames and domains",
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html
        """
        address = reversed_address(stored)
        if address is None or not any(address in IPv4Network(cidr) for cidr in self.cidrs):
            return None
        domain = "ec2.internal" if self.region == "us-east-1" else f"{self.region}.compute.internal"
        return f"ip-{str(address).replace('.', '-')}.{domain}."


NO_RULES: Final = AutodefinedReverse("", ())


def reverse_domains(cidr: str) -> tuple[str, ...]:
    """The fewest reverse domains that together cover exactly a range: one for a /16, four for a /22, 16 for a /28.

    "The most generic rules possible given the CIDR block range": "How do I use and override auto-defined reverse DNS
    rules with Route 53 Resolver?", https://repost.aws/knowledge-center/route-53-override-reverse-dns-rules
    """
    network = IPv4Network(cidr)
    octets = max(1, -(-network.prefixlen // _OCTET_BITS))
    parts = network.subnets(new_prefix=max(octets * _OCTET_BITS, network.prefixlen))
    return tuple(".".join((*reversed(str(part.network_address).split(".")[:octets]), _REVERSE)) for part in parts)


def reversed_address(stored: str) -> IPv4Address | None:
    """The IPv4 address of a reverse name, or None for any other name."""
    if not stored.endswith(f".{_REVERSE}"):
        return None
    octets = [label.decode("ascii", "replace") for label in reversed(labels(stored)[:-2])]
    try:
        return IPv4Address(".".join(octets)) if len(octets) == _OCTETS else None
    except ValueError:
        return None
