"""Checks of the zones: each zone, and all zones together."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.names.autodefined_rules import reverse_domain
from hub.runtime.names.labels import NameRefused, is_reverse, parse_domain, reverse_network, shown
from hub.runtime.policy.addresses import IPV6
from hub.runtime.policy.rules import Scope
from orgdns.config.checks.autodefined_rules import NARROWEST_VPC, WIDEST_VPC
from orgdns.config.checks.domains import hidden
from orgdns.config.errors import Fault, Place, Source, listed, named_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.names import Fqdn
    from hub.runtime.policy.rules import ReverseZone

# Templates have at most 200 parameters and 200 outputs ("AWS CloudFormation quotas",
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html), and orgdns needs some for
# other purposes.
MAX_CREATED: Final = 180
_REVERSE_ONLY: Final = ("accounts", "units", "vpcs", "networks", "autodefined_rules")
# No instance has such an address as its own: this network, loopback, link-local, multicast, reserved and broadcast
# ("IANA IPv4 Special-Purpose Address Registry", https://www.iana.org/assignments/iana-ipv4-special-registry/).
_NOT_OF_INSTANCES: Final = tuple(
    IPv4Network(block) for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
)
_ALL_ADDRESSES: Final = frozenset({"arpa.", "in-addr.arpa.", "ip6.arpa."})


def domain_of(zone: object) -> Fqdn | None:
    """The domain of a zone in a file that may have faults, or None if it has no valid domain."""
    text = zone.get("domain") if isinstance(zone, dict) else None
    try:
        return parse_domain(text) if isinstance(text, str) else None
    except NameRefused:
        return None


def zone_faults(zones: list[Any], source: Source) -> Iterator[Fault]:
    """The faults of the zones."""
    seen: set[Fqdn] = set()
    for index, zone in enumerate(zones):
        domain = domain_of(zone)
        if domain is None:
            continue
        place = ("zones", index)
        if domain in seen:
            yield source.fault((*place, "domain"), f"there is already a zone for {shown(zone['domain'])}")
        seen.add(domain)
        if is_reverse(domain) or domain in _ALL_ADDRESSES:
            yield from _reverse_faults(zone, domain, place, source)
        else:
            yield from (
                source.fault((*place, key), "applies to reverse zones (in-addr.arpa, ip6.arpa) only")
                for key in _REVERSE_ONLY
                if key in zone
            )
            yield from _address_faults(zone, place, source)
            yield from _hidden_faults(zone, domain, place, source)
    yield from named_twice(source, ("zones",), zones, "id")
    created = [index for index, zone in enumerate(zones) if isinstance(zone, dict) and "create" in zone]
    if len(created) > MAX_CREATED:
        yield source.fault(
            ("zones", created[MAX_CREATED], "create"),
            f"the network stack can create {MAX_CREATED} zones: give those that it has created their 'id' instead",
        )


def open_to_all(zone: ReverseZone) -> str | None:
    """Why the PTR records of a reverse zone are open to every account, and what to do; or None."""
    if zone.scope != Scope():
        return None
    return (
        f"{zone.domain.removesuffix('.')} accepts the addresses of every account, and any account can create a VPC "
        "with the same CIDR and hold the PTR records of its addresses: say whose addresses the zone accepts, with "
        "'accounts', 'units' or 'vpcs'; to accept all accounts, set 'units' to the root"
    )


def _address_faults(zone: dict[str, Any], place: Place, source: Source) -> Iterator[Fault]:
    for number, cidr in enumerate(listed(zone, "addresses")):
        try:
            block = ip_network(cidr) if isinstance(cidr, str) else None
        except ValueError:
            continue
        if isinstance(block, IPv4Network):
            wrong = next((each for each in _NOT_OF_INSTANCES if each.overlaps(block)), None)
            message = f"contains addresses of {wrong}, which no instance has as its own" if wrong else None
        elif block and not any(block.subnet_of(IPv6Network(each)) for each in IPV6):
            message = f"is neither in the unique local nor in the global unicast addresses ({' and '.join(IPV6)})"
        else:
            message = None
        if message:
            yield source.fault((*place, "addresses", number), f"{shown(cidr)} {message}")


def _hidden_faults(zone: dict[str, Any], domain: Fqdn, place: Place, source: Source) -> Iterator[Fault]:
    if zone.get("hides_other_names") is not True and (reason := hidden(domain)):
        yield source.fault(
            (*place, "domain"),
            f"{shown(zone['domain'])} {reason}: a VPC that resolves the zone gets no other name below it; use a domain "
            "of your own, or set 'hides_other_names: true' if this is meant",
        )


def _reverse_faults(zone: dict[str, Any], domain: Fqdn, place: Place, source: Source) -> Iterator[Fault]:
    network = reverse_network(domain)
    if network is None or reverse_domain(network) != domain:
        yield source.fault(
            (*place, "domain"),
            f"{shown(zone['domain'])} is not a reverse zone: use whole octets, such as 1.10.in-addr.arpa for "
            "10.1.0.0/16, or whole nibbles for IPv6",
        )
    if zone.get("adopt"):
        yield source.fault(
            (*place, "adopt"), "does not apply to reverse zones: orgdns does not adopt PTR records of other tools"
        )
    if "addresses" in zone:
        yield source.fault(
            (*place, "addresses"), "does not apply to reverse zones: they accept the addresses of their own block only"
        )
    for number, cidr in enumerate(listed(zone, "networks")):
        try:
            block = ip_network(cidr) if isinstance(cidr, str) else None
        except ValueError:
            continue
        if block and (fault := _network_fault(block, network)):
            yield source.fault((*place, "networks", number), f"{shown(cidr)} {fault}")


def _network_fault(block: IPv4Network | IPv6Network, zone_network: IPv4Network | IPv6Network | None) -> str | None:
    if isinstance(block, IPv4Network) and not WIDEST_VPC <= block.prefixlen <= NARROWEST_VPC:
        return f"is not a VPC CIDR block: those are /{WIDEST_VPC} to /{NARROWEST_VPC}"
    if zone_network and not block.overlaps(zone_network):
        return f"does not overlap the zone, which covers {zone_network}"
    return None
