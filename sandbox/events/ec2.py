"""EC2's events: what is published when an instance is launched, started, stopped, terminated or tagged.

A simulation: the emulator emits nothing. The bridges here stand on its insides and make it publish what AWS documents,
each naming the document.
"""

from __future__ import annotations

import uuid
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.tags import TagBackend

from sandbox.bridge import replaced
from sandbox.clock import Clock, RealClock
from sandbox.events.ec2_addresses import free_addresses, launched_interfaces
from sandbox.events.ec2_corrections import started_instances, terminated_instances
from sandbox.events.ec2_tags import reserved_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Event = dict[str, Any]
# A backend, instance or parameter of the emulator, which ships no types.
Moto = Any

# While an instance is being launched the emulator sets its tags one by one; AWS tells of them once.
_launching: ContextVar[bool] = ContextVar("launching", default=False)


@contextmanager
def ec2_events(emit: Callable[[Event], None], clock: Clock | None = None) -> Iterator[None]:
    """Let EC2 emit its events, and behave as documented where the emulator does not, while the context lasts.

    `emit` is called with each event, in the order in which things happen; an action that changes nothing has none.
    """
    clock = clock or RealClock()
    with (
        free_addresses(),
        launched_interfaces(),
        started_instances(),
        terminated_instances(clock),
        reserved_tags(),
        _emitted(_Publisher(emit, clock)),
    ):
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
