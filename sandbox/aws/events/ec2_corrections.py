"""Corrects the emulation of instances that start or are terminated.

A simulation: the emulator keeps what AWS drops or sets anew. These bridges make it behave as AWS documents; each cites
its source.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance, InstanceBackend

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.clock import Clock

# A backend, instance or parameter of the emulator, which ships no types.
Moto = Any

# "usually less than one hour": DescribeInstances
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html).
TERMINATED_VISIBLE_SECONDS: Final = 3600


@contextmanager
def started_instances() -> Iterator[None]:
    """Give a started instance a new launch time. The first one stays as the primary interface's attachment time.

    "Instance", LaunchTime (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html).
    """
    start = Instance.start

    def started(instance: Moto) -> Moto:
        if instance.state != "running":
            instance.launch_time = utcnow()
        return start(instance)

    with replaced(Instance, start=started):
        yield


def _place(backend: Moto) -> tuple[str, str]:
    return backend.account_id, backend.region_name


@contextmanager
def terminated_instances(clock: Clock) -> Iterator[None]:
    """Take addresses, interfaces and network from a terminated instance, and remove it after an hour.

    "Terminate Amazon EC2 instances"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html). The private address is
    released with the instance: "Amazon EC2 instance IP addressing"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html).
    """
    # By account and region, and then by instance.
    terminated_at: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    end = Instance.terminate
    listing = InstanceBackend.all_reservations

    def terminate(instance: Moto) -> Moto:
        previous = end(instance)
        terminated_at[_place(instance.ec2_backend)].setdefault(instance.id, clock.now())
        for interface in list(instance.nics.values()):
            instance.detach_eni(interface)
        instance._subnet_id = None
        # Otherwise moto releases the address again when the object is collected, from whichever instance has it then.
        instance._private_ips.clear()
        return previous

    def all_reservations(backend: Moto, filters: Moto = None) -> Moto:
        horizon = clock.now() - TERMINATED_VISIBLE_SECONDS
        terminated = terminated_at[_place(backend)]
        removed = {instance for instance, at in terminated.items() if at <= horizon}
        for instance in removed:
            del terminated[instance]
        for reservation in list(backend.reservations.values()) if removed else ():
            reservation.instances = [instance for instance in reservation.instances if instance.id not in removed]
            if not reservation.instances:
                del backend.reservations[reservation.id]
        return listing(backend, filters)

    def unless_terminated(name: str, otherwise: str | None) -> property:
        own = Instance.__dict__[name].fget
        return property(lambda instance: own(instance) if instance.nics else otherwise)

    with (
        replaced(InstanceBackend, all_reservations=all_reservations),
        replaced(
            Instance,
            terminate=terminate,
            private_ip=unless_terminated("private_ip", None),
            private_ip_address=unless_terminated("private_ip_address", None),
            private_dns_name=unless_terminated("private_dns_name", ""),
            public_ip=unless_terminated("public_ip", None),
            public_ip_address=unless_terminated("public_ip_address", None),
            public_dns_name=unless_terminated("public_dns_name", ""),
        ),
    ):
        yield
