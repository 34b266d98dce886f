"""The sandbox's VPCs: their ids, and what their Resolvers depend on.

A simulation. The emulator draws ids at random, has no Resolver configuration, and stores DNS attributes and Resolver
rules without a Resolver that follows them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any, TypedDict

from moto.ec2.models import ec2_backends, subnets, vpcs
from moto.route53resolver.models import route53resolver_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.resolution.attributes import NO_RESOLVER, DnsAttributes, asks_resolver
from sandbox.aws.resolution.autodefined import NO_RULES, AutodefinedReverse
from sandbox.aws.resolution.forwarding import ResolverRule
from sandbox.aws.route53.names import stored_name
from sandbox.aws.vpcs.dhcp import dns_servers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# A backend or VPC of the emulator, which ships no types.
Moto = Any


class NewVpc(TypedDict, total=False):
    """The options of a new VPC with one subnet."""

    vpc_id: str | None
    subnet_id: str | None
    cidr: str | None
    # Whether it has DNS hostnames, and so uses private zones. True by default, unlike for a new VPC in EC2.
    dns: bool
    tags: Mapping[str, str] | None


@contextmanager
def chosen_ids(ec2: Moto, vpc_id: str | None = None, subnet_id: str | None = None) -> Iterator[None]:
    """Give the VPC and the subnet that are created while the context lasts these ids; random ones where None.

    The emulator creates the default VPC of an account and region with the first call, which must not take the ids.
    """
    ec2.describe_vpcs()
    with (
        replaced(vpcs, **({"random_vpc_id": lambda: vpc_id} if vpc_id else {})),
        replaced(subnets, **({"random_subnet_id": lambda: subnet_id} if subnet_id else {})),
    ):
        yield


def switch_dns_on(ec2: Moto, vpc_id: str) -> None:
    """Give a VPC a Resolver that uses private zones, which a VPC other than the default one does not have at first.

    "You can't modify the DNS resolution and DNS hostnames attributes in the same request":
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html
    """
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})


def dns_attributes(vpc_id: str) -> DnsAttributes:
    """The current DNS attributes of a VPC of any account. A deleted VPC has no Resolver."""
    found = _found(vpc_id)
    if found is None:
        return NO_RESOLVER
    _, vpc = found
    return DnsAttributes(
        support=bool(vpc.enable_dns_support),
        hostnames=bool(vpc.enable_dns_hostnames),
        asks_resolver=asks_resolver(dns_servers(vpc), vpc.cidr_block),
    )


def resolver_rules(vpc_id: str, of_profiles: Collection[str] = ()) -> tuple[ResolverRule, ...]:
    """The Resolver rules that are currently associated with a VPC of any account, and those with the ids `of_profiles`.

    Rules that another account shares are not included: the emulator only associates an account's own rules. The VPC's
    own rules take precedence: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html
    """
    backends = [backend for by_region in list(route53resolver_backends.values()) for backend in by_region.values()]
    own = [
        backend.resolver_rules[association.resolver_rule_id]
        for backend in backends
        for association in list(backend.resolver_rule_associations.values())
        if association.vpc_id == vpc_id
    ]
    named = {rule.domain_name for rule in own}
    brought = [
        rule
        for backend in backends
        for rule in list(backend.resolver_rules.values())
        if rule.id in of_profiles and rule.domain_name not in named
    ]
    return tuple(ResolverRule(_stored(rule.domain_name), rule.rule_type == "FORWARD") for rule in (*own, *brought))


def _stored(domain: str) -> str:
    # The emulator appends a dot to any domain, even to "." and "corp.internal.".
    bare = domain.rstrip(".")
    return stored_name(bare) if bare else "."


@dataclass(slots=True)
class AutodefinedRules:
    """The autodefined rules of all VPCs, and the VPCs for which they are disabled."""

    _disabled: set[str] = field(default_factory=set)

    def set_enabled(self, vpc_id: str, *, enabled: bool) -> None:
        """Set AutodefinedReverse in a VPC's Resolver configuration, as its owner does.

        "UpdateResolverConfig",
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_UpdateResolverConfig.html
        """
        if enabled:
            self._disabled.discard(vpc_id)
        else:
            self._disabled.add(vpc_id)

    def is_enabled(self, vpc_id: str) -> bool:
        """Whether a VPC's Resolver configuration enables its autodefined rules."""
        return vpc_id not in self._disabled

    def of_vpc(self, vpc_id: str) -> AutodefinedReverse:
        """The rules of a VPC of any account, from its current CIDRs and peering connections.

        An unknown VPC has none, nor has a VPC without enableDnsHostnames: "How do I use and override auto-defined
        reverse
        DNS rules with Route 53 Resolver?", https://repost.aws/knowledge-center/route-53-override-reverse-dns-rules
        """
        found = _found(vpc_id)
        if found is None or not self.is_enabled(vpc_id) or not found[1].enable_dns_hostnames:
            return NO_RULES
        backend, vpc = found
        connected = tuple(sorted({cidr for peer in _peers(backend, vpc_id) for cidr in _cidrs(peer)}))
        return AutodefinedReverse(backend.region_name, _cidrs(vpc), connected)


def _found(vpc_id: str) -> tuple[Moto, Moto] | None:
    """A VPC of any account with the backend that contains it, or None."""
    found = next((backend.vpcs[vpc_id] for backend in _backends() if vpc_id in backend.vpcs), None)
    # A participant of a shared VPC has it, too, but it is the owner's.
    return None if found is None else (found.ec2_backend, found)


def _backends() -> Iterator[Moto]:
    # Copied first: through the emulator's server another thread may add an account in the meantime.
    for by_region in list(ec2_backends.values()):
        yield from list(by_region.values())


def _cidrs(vpc: Moto) -> tuple[str, ...]:
    associated = (
        each["cidr_block"]
        for each in vpc.cidr_block_association_set
        if each["cidr_block_state"]["state"] == "associated"
    )
    # The emulator keeps a block as it was written; AWS clears its host bits.
    return tuple(sorted(str(IPv4Network(block, strict=False)) for block in associated))


def _peers(backend: Moto, vpc_id: str) -> Iterator[Moto]:
    for connection in list(backend.vpc_pcxs.values()):
        ends = {connection.vpc.id: connection.peer_vpc, connection.peer_vpc.id: connection.vpc}
        if connection.status["Code"] == "active" and vpc_id in ends:
            yield ends[vpc_id]
