"""Publishes EC2's events in the form that AWS documents."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.events.envelope import Event, event_of, timestamp
from sandbox.aws.events.trails import CALL, call_record
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.clock import Clock

# A backend of the emulator, which ships no types.
Moto = Any

# The types of resources whose tag changes are published, by the prefix of their ids.
_TAGGED: Final = {"i": "instance", "vpc": "vpc"}

# While a resource is created the emulator sets its tags one by one; AWS publishes them once.
_making: ContextVar[bool] = ContextVar("making", default=False)


@contextmanager
def being_made() -> Iterator[None]:
    """Defer the tag events of what this thread creates while the context lasts."""
    token = _making.set(True)
    try:
        yield
    finally:
        _making.reset(token)


def is_being_made() -> bool:
    """Whether tags that are set now belong to a resource in creation."""
    return _making.get()


def tagged_type(resource_id: str) -> str | None:
    """The type of a resource whose tag changes are published; None for other resources."""
    return _TAGGED.get(resource_id.rpartition("-")[0])


class Publisher:
    """Publishes what happens in EC2 by calling `emit` with each event."""

    def __init__(self, emit: Callable[[Event], None], clock: Clock) -> None:
        self._emit = emit
        self._clock = clock
        self._tag_versions: Counter[str] = Counter()

    def states(self, backend: Moto, instance_id: str, *states: str) -> None:
        """Publish an event for each state that the instance enters.

        "State change events for Amazon EC2 instances"
        (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
        """
        for state in states:
            detail = {"instance-id": instance_id, "state": state}
            resource = f"instance/{instance_id}"
            self._publish(backend, "aws.ec2", "EC2 Instance State-change Notification", detail, resource)

    def tags(self, backend: Moto, resource_id: str, before: Mapping[str, str]) -> None:
        """Publish an event if the tags changed, with the changed keys and all current tags.

        "Monitor tag changes with serverless workflows and Amazon EventBridge"
        (https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html).
        """
        after = dict(backend.tags.get(resource_id, {}))
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        if not changed:
            return
        self._tag_versions[resource_id] += 1
        type_ = tagged_type(resource_id)
        detail = {
            "changed-tag-keys": changed,
            "service": "ec2",
            "resource-type": type_,
            "version": self._tag_versions[resource_id],
            "tags": after,
        }
        self._publish(backend, "aws.tag", "Tag Change on Resource", detail, f"{type_}/{resource_id}")

    def call(
        self,
        backend: Moto,
        name: str,
        parameters: Event,
        answer: Event,
        service: str = "ec2",
        error_code: str | None = None,
    ) -> None:
        """Publish an event for a call of a service's API that a trail logged; a failed one has an error code.

        "AWS service events delivered via AWS CloudTrail"
        (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html). Only
        the caller's account is known; the rest of the identity is that of the account's root user.
        """
        account = backend.account_id
        root = {"type": "Root", "principalId": account, "arn": arn_of("iam", "", account, "root"), "accountId": account}
        record = call_record(service, name, root, backend.region_name, self._now())
        answered = None if error_code else {"requestId": record["requestID"], **answer}
        failure = {"errorCode": error_code, "errorMessage": "as the service says"} if error_code else {}
        detail = {**record, "requestParameters": parameters, "responseElements": answered, **failure}
        self._publish(backend, f"aws.{service}", CALL, detail)

    def _publish(self, backend: Moto, source: str, detail_type: str, detail: Event, *resources: str) -> None:
        account, region = backend.account_id, backend.region_name
        arns = [arn_of("ec2", region, account, resource) for resource in resources]
        event = event_of(
            account, region, time=self._now(), source=source, detail_type=detail_type, detail=detail, resources=arns
        )
        self._emit(event)

    def _now(self) -> str:
        return timestamp(self._clock.now())
