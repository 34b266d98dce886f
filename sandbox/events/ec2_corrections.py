"""What EC2's emulation gets wrong about addresses and about instances that are gone, put right.

A simulation: the emulator draws addresses from anywhere and keeps what AWS drops. The bridges here stand on its
insides and make it behave as AWS documents, each naming the document.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.subnets import Subnet

from sandbox.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.clock import Clock

# A backend, instance, subnet or parameter of the emulator, which ships no types.
Moto = Any

# "usually less than one hour": DescribeInstances
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html).
TERMINATED_VISIBLE_SECONDS: Final = 3600


def _next_free_address(subnet: Moto, instance: Moto = None) -> str:
    """The address that the subnet gives next, taken for the instance."""
    # What was released comes first, the lowest of it, so that a test can tell which address comes next.
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
    """An interface without a given address gets the next free one of its subnet, and an instance always has a subnet.

    The emulator draws addresses at random, outside any subnet where none is named. "Amazon EC2 instance IP addressing"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html) and "Default VPCs"
    (https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html). Which free address AWS takes is not documented.
    """
    launch = InstanceBackend.run_instances
    create = NetworkInterfaceBackend.create_network_interface

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
        interface = create(backend, subnet, private_ip_address, private_ip_addresses, *args, **kwargs)
        for address in interface.private_ip_addresses:
            subnet._subnet_ips.setdefault(address["PrivateIpAddress"], interface)
        return interface

    def run_instances(backend: Moto, *args: Moto, **kwargs: Moto) -> Moto:
        nics = kwargs.get("nics") or []
        if not kwargs.get("subnet_id") and not any("SubnetId" in nic or "NetworkInterfaceId" in nic for nic in nics):
            zone = kwargs.get("placement") or f"{backend.region_name}a"
            if default := (backend.get_default_subnets() or {}).get(zone):
                kwargs["subnet_id"] = default.id
        reservation = launch(backend, *args, **kwargs)
        kept = {nic.get("NetworkInterfaceId") for nic in nics} | {
            int(nic["DeviceIndex"]) for nic in nics if nic.get("DeleteOnTermination") is False
        }
        for instance in reservation.instances:
            for index, interface in instance.nics.items():
                interface.delete_on_termination = not {interface.id, index} & kept
        return reservation

    with (
        replaced(InstanceBackend, run_instances=run_instances),
        replaced(NetworkInterfaceBackend, create_network_interface=create_network_interface),
        replaced(Subnet, get_available_subnet_ip=_next_free_address),
    ):
        yield


def _place(backend: Moto) -> tuple[str, str]:
    return backend.account_id, backend.region_name


@contextmanager
def terminated_instances(clock: Clock) -> Iterator[None]:
    """A terminated instance has no address, interface or network any more, and disappears after an hour.

    "Terminate Amazon EC2 instances"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html); that the private address is
    released with the instance: "Amazon EC2 instance IP addressing"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html).
    """
    # By account and region, then by instance.
    terminated_at: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    end = Instance.terminate
    listing = InstanceBackend.all_reservations

    def terminate(instance: Moto) -> Moto:
        previous = end(instance)
        terminated_at[_place(instance.ec2_backend)].setdefault(instance.id, clock.now())
        for interface in list(instance.nics.values()):
            instance.detach_eni(interface)
        instance._subnet_id = None
        # Or moto would release the address once more when the object goes, from whoever has it by then.
        instance._private_ips.clear()
        return previous

    def all_reservations(backend: Moto, filters: Moto = None) -> Moto:
        horizon = clock.now() - TERMINATED_VISIBLE_SECONDS
        terminated = terminated_at[_place(backend)]
        gone = {instance for instance, at in terminated.items() if at <= horizon}
        for instance in gone:
            del terminated[instance]
        for reservation in list(backend.reservations.values()) if gone else ():
            reservation.instances = [instance for instance in reservation.instances if instance.id not in gone]
            if not reservation.instances:
                del backend.reservations[reservation.id]
        return listing(backend, filters)

    def unless_gone(name: str, otherwise: str | None) -> property:
        own = Instance.__dict__[name].fget
        return property(lambda instance: own(instance) if instance.nics else otherwise)

    with (
        replaced(InstanceBackend, all_reservations=all_reservations),
        replaced(
            Instance,
            terminate=terminate,
            private_ip=unless_gone("private_ip", None),
            private_ip_address=unless_gone("private_ip_address", None),
            private_dns_name=unless_gone("private_dns_name", ""),
            public_ip=unless_gone("public_ip", None),
            public_ip_address=unless_gone("public_ip_address", None),
            public_dns_name=unless_gone("public_dns_name", ""),
        ),
    ):
        yield
