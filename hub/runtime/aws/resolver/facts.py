"""What the answers of AWS about one VPC say. Pure."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.runtime.aws.answers import required, text
from hub.runtime.aws.resolver.dhcp import resolver_address
from hub.runtime.model.vpcs import AssociatedZone
from hub.runtime.names.labels import absolute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.vpcs import Vpc

DNS_ATTRIBUTES: Final = ("enableDnsSupport", "enableDnsHostnames")
_ENABLED: Final = frozenset({"ENABLED", "ENABLING"})


class Answers(NamedTuple):
    """What AWS answers about one VPC: its description, its DNS attributes by name, and pages of its zones."""

    described: Mapping[str, Any]
    attributes: Mapping[str, Mapping[str, Any]]
    zones: list[Mapping[str, Any]]


def answers_as(known: Vpc, described: Mapping[str, Any]) -> Answers:
    """The answers about a VPC whose DNS attributes are those of an earlier description; without its zones."""
    values = zip(DNS_ATTRIBUTES, (known.dns_support, known.dns_hostnames), strict=True)
    return Answers(described, {name: {f"{name[0].upper()}{name[1:]}": {"Value": value}} for name, value in values}, [])


def has_autodefined_rules(config: Mapping[str, Any]) -> bool:
    """Whether a VPC has autodefined rules for reverse lookups."""
    text(config, "ResourceId")
    return text(config, "AutodefinedReverse") in _ENABLED


def zones_in(pages: list[Mapping[str, Any]]) -> tuple[AssociatedZone, ...]:
    """The zones in the answers of Route 53, sorted."""
    zones: set[AssociatedZone] = set()
    for page in pages:
        for zone in required(page, "HostedZoneSummaries"):
            owner = required(zone, "Owner")
            owner_id = owner.get("OwningAccount") or owner.get("OwningService", "")
            zone_id = text(zone, "HostedZoneId").rpartition("/")[2]
            zones.add(AssociatedZone(zone_id, absolute(text(zone, "Name")), str(owner_id)))
    return tuple(sorted(zones))


def with_facts(base: Vpc, servers: Mapping[str, tuple[str, ...]], answers: Answers) -> Vpc:
    """The VPC with the facts that EC2 answers about it."""
    described = answers.described
    dns_support, dns_hostnames = (_attribute(answers.attributes[name], name) for name in DNS_ATTRIBUTES)
    options = text(described, "DhcpOptionsId", "")
    return replace(
        base,
        cidrs=_cidrs(described),
        tags=tuple(sorted((text(tag, "Key"), text(tag, "Value")) for tag in described.get("Tags", []))),
        default=bool(described.get("IsDefault")),
        dns_support=dns_support,
        dns_hostnames=dns_hostnames,
        dhcp_options=options,
        dns_servers=servers.get(options, ()),
        resolver_address=resolver_address(text(described, "CidrBlock")),
    )


def _attribute(answer: Mapping[str, Any], name: str) -> bool:
    return bool(required(required(answer, f"{name[0].upper()}{name[1:]}"), "Value"))


def _cidrs(described: Mapping[str, Any]) -> tuple[str, ...]:
    """The CIDR blocks of a VPC, of IPv4 and of IPv6."""
    associated, of_ipv6 = (
        {
            str(ip_network(text(block, f"{kind}CidrBlock"), strict=False))
            for block in described.get(f"{kind}CidrBlockAssociationSet", [])
            if block.get(f"{kind}CidrBlockState", {}).get("State") == "associated"
        }
        for kind in ("", "Ipv6")
    )
    return tuple(sorted((associated or {text(described, "CidrBlock")}) | of_ipv6))
