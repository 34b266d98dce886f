"""VPCs of the sandbox: their ids as chosen, and the autodefined reverse rules that their Resolvers have.

A simulation. The emulator draws ids at random and has no Resolver configuration; every VPC is taken to have
enableDnsHostnames, without which it has no such rules.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends, subnets, vpcs

from sandbox.bridge import replaced
from sandbox.resolution.autodefined import NO_RULES, AutodefinedReverse

if TYPE_CHECKING:
    from collections.abc import Iterator

# A backend or VPC of the emulator, which ships no types.
Moto = Any


@contextmanager
def chosen_ids(vpc_id: str | None = None, subnet_id: str | None = None) -> Iterator[None]:
    """Give the VPC and the subnet that are made while the context lasts these ids, and random ones where None."""
    with (
        replaced(vpcs, **({"random_vpc_id": lambda: vpc_id} if vpc_id else {})),
        replaced(subnets, **({"random_subnet_id": lambda: subnet_id} if subnet_id else {})),
    ):
        yield


@dataclass(slots=True)
class ReverseRules:
    """The autodefined reverse rules of every VPC, and the VPCs for which they were disabled."""

    _disabled: set[str] = field(default_factory=set)

    def set_enabled(self, vpc_id: str, *, enabled: bool) -> None:
        """Set AutodefinedReverse of a VPC's Resolver configuration, as its owner does.

        "UpdateResolverConfig",
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_UpdateResolverConfig.html
        """
        if enabled:
            self._disabled.discard(vpc_id)
        else:
            self._disabled.add(vpc_id)

    def of_vpc(self, vpc_id: str) -> AutodefinedReverse:
        """The rules of a VPC of any account as its CIDRs and peering connections are now; none for an unknown VPC."""
        if vpc_id in self._disabled:
            return NO_RULES
        for backend in _backends():
            if vpc := backend.vpcs.get(vpc_id):
                peers = (peer for peer in _peers(backend, vpc_id))
                connected = tuple(sorted({cidr for peer in peers for cidr in _cidrs(peer)}))
                return AutodefinedReverse(backend.region_name, _cidrs(vpc), connected)
        return NO_RULES


def _backends() -> Iterator[Moto]:
    # Copied first: through the emulator's server another thread may add an account meanwhile.
    for by_region in list(ec2_backends.values()):
        yield from list(by_region.values())


def _cidrs(vpc: Moto) -> tuple[str, ...]:
    associated = (
        each["cidr_block"]
        for each in vpc.cidr_block_association_set
        if each["cidr_block_state"]["state"] == "associated"
    )
    # The emulator keeps a block as it was written; AWS drops the bits of the host.
    return tuple(sorted(str(IPv4Network(block, strict=False)) for block in associated))


def _peers(backend: Moto, vpc_id: str) -> Iterator[Moto]:
    for connection in list(backend.vpc_pcxs.values()):
        ends = {connection.vpc.id: connection.peer_vpc, connection.peer_vpc.id: connection.vpc}
        if connection.status["Code"] == "active" and vpc_id in ends:
            yield ends[vpc_id]
