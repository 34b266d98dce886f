"""The addresses of EC2's interfaces: from their subnet, each given to one interface at a time, and released again.

A simulation: the emulator draws addresses from anywhere, and ignores most of what a launch says about interfaces. These
bridges make it behave as AWS documents; each cites its source.
"""

from __future__ import annotations

from contextlib import contextmanager
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.subnets import Subnet

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

# A backend, interface, subnet or parameter of the emulator, which ships no types.
Moto = Any


def _next_free_address(subnet: Moto, instance: Moto = None) -> str:
    """The subnet's next free address, now taken for the instance."""
    # Released addresses come first, the lowest before all others, so that a test can predict the next address.
    released = sorted(subnet._unused_ips, key=ip_address)
    unused = (str(address) for address in subnet._subnet_ip_generator)
    address: str
    for address in chain(released, unused):
        if address not in subnet._subnet_ips:
            subnet._unused_ips.discard(address)
            subnet._subnet_ips[address] = instance
            return address
    message = f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number."
    raise EC2ClientError("InsufficientFreeAddressesInSubnet", message)


@contextmanager
def free_addresses() -> Iterator[None]:
    """Give an interface its requested addresses or the next free ones of its subnet, and no address to two interfaces.

    The emulator draws addresses at random, and forgets that they are taken. "Amazon EC2 instance IP addressing"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html). AWS does not document which
    free address it takes.
    """
    create = NetworkInterfaceBackend.create_network_interface
    assign = NetworkInterfaceBackend.assign_private_ip_addresses
    unassign = NetworkInterfaceBackend.unassign_private_ip_addresses

    def create_network_interface(
        backend: Moto,
        subnet: Moto,
        private_ip_address: Moto,
        private_ip_addresses: Moto = None,
        *args: Moto,
        **kwargs: Moto,
    ) -> Moto:
        subnet = backend.get_subnet(subnet) if isinstance(subnet, str) else subnet
        if not private_ip_address and not private_ip_addresses:
            private_ip_address = _next_free_address(subnet)
        count = kwargs.pop("secondary_ips_count", None)
        interface = create(backend, subnet, private_ip_address, private_ip_addresses, *args, **kwargs)
        _take(interface)
        return assign_private_ip_addresses(backend, interface.id, secondary_ips_count=count)

    def assign_private_ip_addresses(
        backend: Moto, eni_id: str, private_ip_addresses: Moto = None, secondary_ips_count: Moto = None
    ) -> Moto:
        interface = backend.get_network_interface(eni_id)
        drawn = [_next_free_address(interface.subnet, interface) for _ in range(int(secondary_ips_count or 0))]
        assign(backend, eni_id, [*(private_ip_addresses or ()), *drawn])
        _take(interface)
        return interface

    def unassign_private_ip_addresses(backend: Moto, eni_id: str, private_ip_address: Moto = None) -> Moto:
        interface = unassign(backend, eni_id, private_ip_address)
        for address in private_ip_address or ():
            interface.subnet.del_subnet_ip(address)
        return interface

    with (
        replaced(
            NetworkInterfaceBackend,
            create_network_interface=create_network_interface,
            assign_private_ip_addresses=assign_private_ip_addresses,
            unassign_private_ip_addresses=unassign_private_ip_addresses,
        ),
        replaced(Subnet, get_available_subnet_ip=_next_free_address),
    ):
        yield


@contextmanager
def launched_interfaces() -> Iterator[None]:
    """Place an instance in the subnet of its primary interface, with the interfaces that its launch requests.

    The emulator places an instance without a named subnet nowhere, uses whichever interface is named first, and gives
    an interface one address, which it keeps when the instance ends. "Default VPCs"
    (https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html) and "InstanceNetworkInterfaceSpecification"
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html).
    """
    launch = InstanceBackend.run_instances

    def run_instances(backend: Moto, *args: Moto, **kwargs: Moto) -> Moto:
        kwargs["nics"] = nics = [_with_first_address(nic) for nic in kwargs.get("nics") or []]
        if not kwargs.get("subnet_id") and not any("SubnetId" in nic or "NetworkInterfaceId" in nic for nic in nics):
            zone = kwargs.get("placement") or f"{backend.region_name}a"
            if default := (backend.get_default_subnets() or {}).get(zone):
                kwargs["subnet_id"] = default.id
        reservation = launch(backend, *args, **kwargs)
        for instance in reservation.instances:
            _complete(backend, instance, nics)
        return reservation

    with replaced(InstanceBackend, run_instances=run_instances):
        yield


def _complete(backend: Moto, instance: Moto, nics: list[dict[str, Any]]) -> None:
    """Add to a launched instance what the emulator left out."""
    kept = {nic.get("NetworkInterfaceId") for nic in nics} | {
        int(nic["DeviceIndex"]) for nic in nics if nic.get("DeleteOnTermination") is False
    }
    for index, interface in instance.nics.items():
        interface.delete_on_termination = not {interface.id, index} & kept
    for nic in nics:
        if "NetworkInterfaceId" not in nic:
            _assign_further(backend, instance.nics[int(nic["DeviceIndex"])], nic)
    instance._subnet_id = instance.nics[0].subnet.id
    instance._placement.zone = instance.nics[0].subnet.availability_zone


def _take(interface: Moto) -> None:
    """Reserve the interface's addresses."""
    for address in interface.private_ip_addresses:
        interface.subnet._subnet_ips.setdefault(address["PrivateIpAddress"], interface)


def _with_first_address(nic: dict[str, Any]) -> dict[str, Any]:
    """An interface of a launch with its first address where the emulator reads it, for further interfaces too."""
    named = nic.get("PrivateIpAddresses") or ()
    first = nic.get("PrivateIpAddress") or next(
        (each["PrivateIpAddress"] for each in named if each.get("Primary")), None
    )
    return nic | ({"PrivateIpAddress": first} if first else {})


def _assign_further(backend: Moto, interface: Moto, nic: dict[str, Any]) -> None:
    """Give an interface the addresses that its launch requests beside the first one."""
    further = [each["PrivateIpAddress"] for each in nic.get("PrivateIpAddresses") or () if not each.get("Primary")]
    backend.assign_private_ip_addresses(interface.id, further, nic.get("SecondaryPrivateIpAddressCount"))
    ipv6 = [each["Ipv6Address"] for each in nic.get("Ipv6Addresses") or ()]
    backend.assign_ipv6_addresses(interface.id, ipv6, int(nic.get("Ipv6AddressCount") or 0))
