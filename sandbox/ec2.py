"""EC2's events, and what its emulation gets wrong about addresses and about instances that are gone.

A simulation: the emulator emits nothing and keeps what AWS drops. The bridges here stand on its insides and make it
behave as AWS documents, each naming the document.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.tags import TagBackend

from sandbox.clock import Clock, RealClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Event = dict[str, Any]
# A backend, instance, subnet or parameter of the emulator, which ships no types.
Moto = Any

# "usually less than one hour": DescribeInstances
# (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html).
TERMINATED_VISIBLE_SECONDS: Final = 3600

# While an instance is being launched the emulator sets its tags one by one; AWS tells of them once.
_launching: ContextVar[bool] = ContextVar("launching", default=False)


@contextmanager
def ec2_events(emit: Callable[[Event], None], clock: Clock | None = None) -> Iterator[None]:
    """Let EC2 emit its events, hand out free addresses and let go of terminated instances, while the context lasts.

    `emit` is called with each event, in the order in which things happen; an action that changes nothing has none.
    """
    clock = clock or RealClock()
    with _free_addresses(), _terminated_instances(clock), _emitted(_Publisher(emit, clock)):
        yield


class _Publisher:
    """The events of EC2, as AWS publishes them."""

    def __init__(self, emit: Callable[[Event], None], clock: Clock) -> None:
        self._emit = emit
        self._clock = clock
        self._tag_versions: Counter[str] = Counter()

    def states(self, backend: Moto, instance_id: str, *states: str) -> None:
        """An event for each state that the instance entered.

        "State change events for Amazon EC2 instances"
        (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
        """
        for state in states:
            detail = {"instance-id": instance_id, "state": state}
            self._publish(backend, "aws.ec2", "EC2 Instance State-change Notification", instance_id, detail)

    def tags(self, backend: Moto, instance_id: str, before: Mapping[str, str]) -> None:
        """An event if the tags are no longer what they were: the keys that changed, and all tags as they are now.

        "Monitor tag changes with serverless workflows and Amazon EventBridge"
        (https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html).
        """
        after = dict(backend.tags.get(instance_id, {}))
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        if not changed:
            return
        self._tag_versions[instance_id] += 1
        detail = {
            "changed-tag-keys": changed,
            "service": "ec2",
            "resource-type": "instance",
            "version": self._tag_versions[instance_id],
            "tags": after,
        }
        self._publish(backend, "aws.tag", "Tag Change on Resource", instance_id, detail)

    def _publish(self, backend: Moto, source: str, detail_type: str, instance_id: str, detail: Event) -> None:
        account, region = backend.account_id, backend.region_name
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [f"arn:aws:ec2:{region}:{account}:instance/{instance_id}"],
            "detail": detail,
        }
        self._emit(event)


@contextmanager
def _replaced(owner: type, **attributes: object) -> Iterator[None]:
    """Put other attributes on a class of the emulator, and its own back afterwards."""
    own = {name: owner.__dict__[name] for name in attributes}
    for name, attribute in attributes.items():
        setattr(owner, name, attribute)
    try:
        yield
    finally:
        for name, attribute in own.items():
            setattr(owner, name, attribute)


def _moving(publisher: _Publisher, action: Callable[[Moto], Moto], *states: str) -> Callable[[Moto], Moto]:
    def move(instance: Moto) -> Moto:
        changes = instance.state != states[-1]
        if changes and instance.state == "terminated":
            verb = {"running": "started", "stopped": "stopped"}[states[-1]]
            message = f"The instance '{instance.id}' is not in a state from which it can be {verb}."
            raise EC2ClientError("IncorrectInstanceState", message)
        previous = action(instance)
        if changes:
            publisher.states(instance.ec2_backend, instance.id, *states)
        return previous

    return move


def _tagging(publisher: _Publisher, action: Callable[..., bool]) -> Callable[..., bool]:
    def tag(backend: Moto, resource_ids: Sequence[str], tags: Moto) -> bool:
        instances = [resource for resource in resource_ids if resource.startswith("i-")]
        before = {instance: dict(backend.tags.get(instance, {})) for instance in instances}
        done = action(backend, resource_ids, tags)
        if not _launching.get():
            for instance in instances:
                publisher.tags(backend, instance, before[instance])
        return done

    return tag


@contextmanager
def _emitted(publisher: _Publisher) -> Iterator[None]:
    """Launching, starting, stopping, terminating and tagging an instance publish what they changed.

    "Amazon EC2 instance state changes"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html).
    """
    launch = InstanceBackend.run_instances

    def run_instances(backend: Moto, *args: Moto, **kwargs: Moto) -> Moto:
        token = _launching.set(True)
        try:
            reservation = launch(backend, *args, **kwargs)
        finally:
            _launching.reset(token)
        for instance in reservation.instances:
            publisher.states(backend, instance.id, "pending")
            publisher.tags(backend, instance.id, {})
            publisher.states(backend, instance.id, "running")
        return reservation

    with (
        _replaced(InstanceBackend, run_instances=run_instances),
        _replaced(
            Instance,
            start=_moving(publisher, Instance.start, "pending", "running"),
            stop=_moving(publisher, Instance.stop, "stopping", "stopped"),
            terminate=_moving(publisher, Instance.terminate, "shutting-down", "terminated"),
        ),
        _replaced(
            TagBackend,
            create_tags=_tagging(publisher, TagBackend.create_tags),
            delete_tags=_tagging(publisher, TagBackend.delete_tags),
            delete_tag_keys=_tagging(publisher, TagBackend.delete_tag_keys),
        ),
    ):
        yield


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
def _free_addresses() -> Iterator[None]:
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
        _replaced(InstanceBackend, run_instances=run_instances),
        _replaced(NetworkInterfaceBackend, create_network_interface=create_network_interface),
        _replaced(Subnet, get_available_subnet_ip=_next_free_address),
    ):
        yield


def _place(backend: Moto) -> tuple[str, str]:
    return backend.account_id, backend.region_name


@contextmanager
def _terminated_instances(clock: Clock) -> Iterator[None]:
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
        _replaced(InstanceBackend, all_reservations=all_reservations),
        _replaced(
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
