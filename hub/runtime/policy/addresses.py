"""The addresses that may be published in a zone. Pure.

A VPC can have a publicly routable IPv4 range that belongs to somebody else, such as 8.8.8.0/24 ("VPC CIDR blocks",
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html). A name with such an address leads every other
VPC to that owner. By default a zone therefore publishes only private (RFC 1918) and shared (RFC 6598) IPv4 addresses.

The IPv6 addresses of a VPC are global unicast addresses that Amazon allocates or whose owner AWS has verified, or
unique local ones ("IP addressing for your VPCs and subnets",
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html). By default a zone publishes both. There is one
exception: an IPAM can have private global unicast addresses. AWS requires that the user owns them, and orgdns cannot
see whether that is so ("Enable provisioning private IPv6 GUA CIDRs",
https://docs.aws.amazon.com/vpc/latest/ipam/enable-prov-ipv6-gua.html). A zone's `addresses` can list the
organization's own ranges instead.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn, Interface

# What a VPC can have beside IPv4 addresses: unique local and global unicast addresses.
IPV6: Final = ("fc00::/7", "2000::/3")
DEFAULT: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", *IPV6)


def split(
    interfaces: tuple[Interface, ...], networks: tuple[str, ...]
) -> tuple[tuple[Interface, ...], tuple[str, ...]]:
    """The interfaces that have addresses in the networks, with only these, and the addresses outside."""
    inside: list[Interface] = []
    outside: list[str] = []
    for interface in interfaces:
        addresses = (*interface.ipv4, *interface.ipv6)
        foreign = frozenset(address for address in addresses if not is_in(address, networks))
        outside += [address for address in addresses if address in foreign]
        if not foreign:
            inside.append(interface)
        elif len(foreign) < len(addresses):
            ipv4, ipv6 = (
                tuple(address for address in family if address not in foreign)
                for family in (interface.ipv4, interface.ipv6)
            )
            inside.append(replace(interface, ipv4=ipv4, ipv6=ipv6))
    return tuple(inside), tuple(dict.fromkeys(outside))


# Several names have the same address.
@lru_cache(1024)
def is_in(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is in one of the networks."""
    parsed = ip_address(address)
    return any(parsed in network for network in _parsed(networks))


def reasons(outside: tuple[str, ...], domain: Fqdn) -> tuple[str, ...]:
    """For each of these addresses, why it is not published in the zone, and what to do."""
    zone = domain.removesuffix(".")
    return tuple(
        f"{address} may not be published in the zone {zone!r}: if it is the organization's own, add its network to "
        "'addresses' of the zone"
        for address in outside
    )


@cache
def _parsed(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(map(ip_network, networks))
