"""Which DNS servers a DHCP options set gives to instances, and the address of a VPC's Resolver. Pure.

"Amazon DNS server", https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
"DHCP option sets in Amazon VPC", https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.aws.answers import required
from hub.runtime.boundary.unreadable import Unreadable, readable

if TYPE_CHECKING:
    from collections.abc import Mapping

# A VPC without a DHCP options set (EC2 API Reference, AssociateDhcpOptions): its instances learn of no DNS server.
NO_DHCP_OPTIONS: Final = "default"
# "You can specify up to four" (EC2 API Reference, CreateDhcpOptions: domain-name-servers).
SERVERS: Final = 20
_DNS_SERVERS: Final = "domain-name-servers"
_PLUS_TWO: Final = 2


def servers_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The DNS servers of a DHCP options set, in order; none if they cannot be read."""
    found = readable(_servers, options, "the DHCP options")
    return () if isinstance(found, Unreadable) else found


def _servers(options: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        _plain(str(required(value, "Value")))
        for configuration in required(options, "DhcpConfigurations")
        if required(configuration, "Key") == _DNS_SERVERS
        for value in required(configuration, "Values")
    )[:SERVERS]


def resolver_address(primary_cidr: str) -> str:
    """The address of the Resolver of a VPC in its primary CIDR, the base plus two ("Amazon DNS server")."""
    return str(ip_network(primary_cidr, strict=False)[_PLUS_TWO])


def _plain(server: str) -> str:
    """An address in its usual form, and anything else as it is."""
    try:
        return str(ip_address(server))
    except ValueError:
        return server
