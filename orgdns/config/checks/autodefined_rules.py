"""Reverse zones that do not answer in a VPC, because the Resolver's autodefined rules answer first. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Final

from hub.runtime.names.autodefined_rules import autodefined_rules_below
from hub.runtime.names.labels import reverse_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.runtime.model.names import Fqdn

# "The allowed block size is between a /28 netmask and /16 netmask" ("VPC CIDR blocks",
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html).
WIDEST_VPC: Final = 16
NARROWEST_VPC: Final = 28

# The last octet is a single address, and a zone for each address is not practical.
_NARROWEST_ZONE: Final = 24
# Enough of a long list to see the pattern.
_SHOWN: Final = 3
_DISABLE: Final = (
    "disable these rules in the VPCs (AWS::Route53Resolver::ResolverConfig with AutodefinedReverseFlag DISABLE) and "
    "set 'autodefined_rules: disabled', or let orgdns disable them with 'resolved_by' and 'autodefined_rules: disable'"
)


def warning(domain: Fqdn, networks: Sequence[str] | None) -> str | None:
    """Why VPCs with these CIDR blocks would not find the zone's PTR records, and what to do; or None.

    Without `networks`, all CIDR blocks that a VPC can have count.
    """
    zone = reverse_network(domain)
    if not isinstance(zone, IPv4Network):
        return None
    shown = domain.removesuffix(".")
    if networks is not None:
        problems = [text for network in networks if (text := _shadowing(domain, network))]
        return (
            f"{shown} is above autodefined rules of the VPC Resolver, which answer instead: {'; '.join(problems)}"
            if problems
            else None
        )
    if zone.prefixlen < WIDEST_VPC:
        return (
            f"{shown} is wider than any VPC CIDR block (at most /{WIDEST_VPC}), so the Resolver's autodefined "
            "rules for each VPC are below it and answer instead: create zones at the reverse names of the CIDR "
            f"blocks, or {_DISABLE}"
        )
    if zone.prefixlen < _NARROWEST_ZONE:
        return (
            f"{shown} is wider than a VPC can be: for a CIDR block narrower than /{zone.prefixlen}, the Resolver's "
            "autodefined rules are below it and answer instead. List the CIDR blocks in 'networks' to have this "
            f"checked; create zones at the reverse names of the CIDR blocks, or {_DISABLE}"
        )
    return None


def _shadowing(domain: Fqdn, cidr: str) -> str | None:
    network = ip_network(cidr)
    if not isinstance(network, IPv4Network):
        return None
    below = [rule.removesuffix(".") for rule in autodefined_rules_below(domain, cidr)]
    if not below:
        return None
    if network.prefixlen > _NARROWEST_ZONE:
        return f"{cidr} has a rule for each address: {_DISABLE}"
    more = f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else ""
    return f"for {cidr} create {', '.join(below[:_SHOWN])}{more}, or {_DISABLE}"
