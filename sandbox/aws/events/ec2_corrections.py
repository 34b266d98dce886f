"""What EC2's emulation gets wrong about instances that start or are gone, put right.

A simulation: the emulator keeps what AWS drops or sets anew. The bridges here stand on its
insides and make it behave as AWS documents, each naming the document.
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
    """A start is a new launch time; that of the first launch stays as the attachment time of the primary interface.

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
