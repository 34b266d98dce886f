"""The DNS attributes of a VPC that its Resolver depends on, and whether instances ask that Resolver. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class DnsAttributes:
    """The DNS attributes that a VPC's owner has set.

    Without `support` the VPC has no Resolver. Without `hostnames` its Resolver uses neither private hosted zones nor
    autodefined rules. "DNS attributes for your VPC",
    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support
    "To use private hosted zones, you must set the following Amazon VPC settings to true",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """

    support: bool = True
    hostnames: bool = True
    # Whether the first DNS server of its DHCP options is its own Resolver, so that instances ask it.
    asks_resolver: bool = True


def asks_resolver(servers: Sequence[str], cidr: str) -> bool:
    """Whether the first DNS server that instances of a VPC get is the VPC's Resolver; `cidr` is the primary one.

    "Amazon DNS server": 169.254.169.253, fd00:ec2::253, or the base of the primary CIDR plus two,
    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
    """
    plus_two = str(IPv4Network(cidr, strict=False).network_address + 2)
    return bool(servers) and servers[0] in {"AmazonProvidedDNS", "169.254.169.253", "fd00:ec2::253", plus_two}


NO_RESOLVER: Final = DnsAttributes(support=False, hostnames=False)
