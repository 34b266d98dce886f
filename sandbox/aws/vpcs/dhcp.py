"""The DHCP options of VPCs: the region's default set, which every new VPC has, and a VPC without any.

A simulation: in the emulator, a new VPC has no DHCP options, and no region has a default set.
"DHCP option sets in Amazon VPC", https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
"""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from moto.ec2.models import EC2Backend
from moto.ec2.models.dhcp_options import DHCPOptionsSet, DHCPOptionsSetBackend
from moto.ec2.models.vpcs import VPC

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

# A backend, VPC or set of the emulator, which ships no types.
Moto = Any
# What AssociateDhcpOptions takes, and DescribeVpcs returns, for no DHCP options:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html
NONE: Final = "default"
_DESCRIBE: Final = DHCPOptionsSetBackend.describe_dhcp_options


@contextmanager
def default_dhcp_options() -> Iterator[None]:
    """Give each region a default set, and new VPCs that set, while the context lasts."""

    def describe(backend: Moto, *arguments: Moto, **options: Moto) -> list[Moto]:
        _default(backend)
        found: list[Moto] = _DESCRIBE(backend, *arguments, **options)
        return found

    def disassociate(_backend: Moto, vpc: Moto) -> None:
        if vpc.dhcp_options:
            vpc.dhcp_options.vpc = None
        vpc.dhcp_options, vpc.without_dhcp_options = None, True

    with (
        replaced(EC2Backend, describe_dhcp_options=describe, disassociate_dhcp_options=disassociate),
        replaced(VPC, dhcp_options_id=property(_id)),
    ):
        yield


def dns_servers(vpc: Moto) -> tuple[str, ...]:
    """The DNS servers that instances in a VPC get; none without DHCP options, or if these name none."""
    if _id(vpc) == NONE:
        return ()
    options = vpc.dhcp_options or _default(vpc.ec2_backend)
    return tuple(options._options["domain-name-servers"] or ())


def _id(vpc: Moto) -> str:
    if vpc.dhcp_options:
        return str(vpc.dhcp_options.id)
    return NONE if getattr(vpc, "without_dhcp_options", False) else str(_default(vpc.ec2_backend).id)


def _default(backend: Moto) -> Moto:
    """The default set of a region, with the Resolver of each VPC: "Default DHCP option set"."""
    digest = sha256(f"{backend.account_id} {backend.region_name}".encode()).hexdigest()
    default = f"dopt-{digest[:17]}"
    if default not in backend.dhcp_options_sets:
        region = backend.region_name
        name = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
        made = DHCPOptionsSet(backend, ["AmazonProvidedDNS"], [name])
        made.id = default
        backend.dhcp_options_sets[default] = made
    return backend.dhcp_options_sets[default]
