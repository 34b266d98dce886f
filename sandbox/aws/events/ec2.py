"""EC2's events: what AWS publishes when an instance is launched, started, stopped, terminated or tagged.

`vpcs` has the events about VPCs, `instance_calls` those of calls that EC2 reports in no other way, and `ec2_publisher`
the form of an event.

A simulation: the emulator emits no events. These bridges make it publish what AWS documents; each cites its source.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.tags import TagBackend

from sandbox.aws.bridge import replaced
from sandbox.aws.events.ec2_addresses import free_addresses, launched_interfaces
from sandbox.aws.events.ec2_corrections import started_instances, terminated_instances
from sandbox.aws.events.ec2_publisher import Publisher, being_made, is_being_made, tagged_type
from sandbox.aws.events.ec2_tags import reserved_tags
from sandbox.aws.events.instance_calls import instance_calls
from sandbox.aws.events.trails import Trails
from sandbox.aws.events.vpcs import vpc_events
from sandbox.clock import Clock, RealClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.aws.events.envelope import Event

# A backend, instance or parameter of the emulator, which ships no types.
Moto = Any


@contextmanager
def ec2_events(
    emit: Callable[[Event], None], clock: Clock | None = None, trails: Trails | None = None
) -> Iterator[None]:
    """Make EC2 emit its events, and behave as documented where the emulator does not, while the context lasts.

    `emit` is called with each event, in order. An action that changes nothing emits none. Every account has a trail,
    unless `trails` says otherwise.
    """
    clock = clock or RealClock()
    publisher = Publisher(emit, clock)
    trails = trails or Trails()
    with (
        free_addresses(),
        launched_interfaces(),
        started_instances(),
        terminated_instances(clock),
        reserved_tags(),
        _emitted(publisher),
        vpc_events(publisher, trails),
        instance_calls(publisher, trails),
    ):
        yield


def _moving(publisher: Publisher, action: Callable[[Moto], Moto], *states: str) -> Callable[[Moto], Moto]:
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


def _tagging(publisher: Publisher, action: Callable[..., bool]) -> Callable[..., bool]:
    def tag(backend: Moto, resource_ids: Sequence[str], tags: Moto) -> bool:
        affected = [resource for resource in resource_ids if tagged_type(resource)]
        before = {resource: dict(backend.tags.get(resource, {})) for resource in affected}
        done = action(backend, resource_ids, tags)
        if not is_being_made():
            for resource in affected:
                publisher.tags(backend, resource, before[resource])
        return done

    return tag


@contextmanager
def _emitted(publisher: Publisher) -> Iterator[None]:
    """Publish what launching, starting, stopping, terminating and tagging change.

    "Amazon EC2 instance state changes"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html).
    """
    launch = InstanceBackend.run_instances

    def run_instances(backend: Moto, *args: Moto, **kwargs: Moto) -> Moto:
        with being_made():
            reservation = launch(backend, *args, **kwargs)
        for instance in reservation.instances:
            publisher.states(backend, instance.id, "pending")
            publisher.tags(backend, instance.id, {})
            publisher.states(backend, instance.id, "running")
        return reservation

    with (
        replaced(InstanceBackend, run_instances=run_instances),
        replaced(
            Instance,
            start=_moving(publisher, Instance.start, "pending", "running"),
            stop=_moving(publisher, Instance.stop, "stopping", "stopped"),
            terminate=_moving(publisher, Instance.terminate, "shutting-down", "terminated"),
        ),
        replaced(
            TagBackend,
            create_tags=_tagging(publisher, TagBackend.create_tags),
            delete_tags=_tagging(publisher, TagBackend.delete_tags),
            delete_tag_keys=_tagging(publisher, TagBackend.delete_tag_keys),
        ),
    ):
        yield
