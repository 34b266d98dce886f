"""Reverse zones that EC2's own rules for reverse lookups would answer in place of. Pure."""

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

# The last octet stands for one address, and nobody wants a zone for each.
_NARROWEST_ZONE: Final = 24
# Enough of a long list to see how it goes on.
_SHOWN: Final = 3
_SWITCH_OFF: Final = (
    "switch these rules off in the VPCs (AWS::Route53Resolver::ResolverConfig with AutodefinedReverseFlag DISABLE) and "
    "say 'autodefined_rules: disabled', or have orgdns do it with 'resolved_by' and 'autodefined_rules: disable'"
)


def warning(domain: Fqdn, networks: Sequence[str] | None) -> str | None:
    """Why a zone's PTR records would not be found in VPCs of these CIDRs, and the way out, or None.

    Without `networks` it goes by what a VPC's CIDR can be.
    """
    zone = reverse_network(domain)
    if not isinstance(zone, IPv4Network):
        return None
    shown = domain.removesuffix(".")
    if networks is not None:
        told = [text for network in networks if (text := _shadowing(domain, network))]
        return (
            f"{shown} lies above rules of EC2's own Resolver, which answer instead: {'; '.join(told)}" if told else None
        )
    if zone.prefixlen < WIDEST_VPC:
        return (
            f"{shown} is wider than any VPC (/{WIDEST_VPC} at most), so EC2's own Resolver rules for each VPC's CIDR "
            f"lie below it and answer instead: make zones at the CIDRs' own reverse names, or {_SWITCH_OFF}"
        )
    if zone.prefixlen < _NARROWEST_ZONE:
        return (
            f"{shown} is wider than a VPC may be: below it, EC2's own Resolver rules for the CIDR of a VPC narrower "
            f"than /{zone.prefixlen} answer instead. Say the CIDRs in 'networks' to have this checked; make zones at "
            f"the CIDRs' own reverse names, or {_SWITCH_OFF}"
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
        return f"for {cidr} there is a rule for each address: {_SWITCH_OFF}"
    more = f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else ""
    return f"for {cidr} make {', '.join(below[:_SHOWN])}{more}, or {_SWITCH_OFF}"
