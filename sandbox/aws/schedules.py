"""Runs schedules: puts the message of each due schedule on its queue, if the schedule's role allows it.

A simulation of EventBridge Scheduler ("Setting up the execution role",
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html). A rate-based schedule is due when it is
created, and then once in each period. If the clock jumps over several periods, the schedule runs once. Flexible
windows and retries take no time. What cannot be delivered is dropped, and the other schedules run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from moto.scheduler.models import scheduler_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.cloudformation.expressions import NoExpression, period_of
from sandbox.aws.iam.evaluation import Request, identity_allows, resource_allows
from sandbox.aws.iam.guard import deployed_role, identity_documents, trust_document
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.clock import Clock

SERVICE: Final = "scheduler.amazonaws.com"
_QUEUE: Final = re.compile(r"arn:aws[a-z-]*:sqs:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
# A schedule of the emulator, which ships no types.
Moto = Any


class NotDelivered(Exception):
    """The schedule's message cannot be put on the queue. The message says why."""


class NotAllowed(NotDelivered):
    """The schedule's role may not put a message on the queue. The message says why."""


@dataclass(slots=True)
class Schedules:
    """The deployed schedules of all accounts, and when each of them last ran.

    Attributes:
        dropped: Called with the reason if a due schedule cannot run.
    """

    clock: Clock
    dropped: Callable[[str], None] = lambda _reason: None
    _carried_out: dict[str, float] = field(default_factory=dict)

    def fire_due(self) -> int:
        """Run all due schedules; how many were due."""
        due = [schedule for schedule in self._enabled() if self._is_due(schedule)]
        for schedule in due:
            try:
                self._fire(schedule)
            except (NoExpression, NotDelivered) as fault:
                self.dropped(str(fault))
        return len(due)

    def fire(self, name: str) -> None:
        """Run a schedule now, whether or not it is due."""
        (schedule,) = (schedule for schedule in self._enabled() if schedule.name == name)
        self._fire(schedule)

    def _is_due(self, schedule: Moto) -> bool:
        last = self._carried_out.get(schedule.arn)
        try:
            return last is None or self.clock.now() - last >= period_of(schedule.schedule_expression)
        except NoExpression:
            return False

    def _enabled(self) -> Iterator[Moto]:
        for regions in list(scheduler_backends.values()):
            for backend in list(regions.values()):
                for group in list(backend.schedule_groups.values()):
                    yield from [schedule for schedule in group.schedules.values() if schedule.state == "ENABLED"]

    def _fire(self, schedule: Moto) -> None:
        self._carried_out[schedule.arn] = self.clock.now()
        period_of(schedule.schedule_expression)
        try:
            _send(schedule, schedule.target["Arn"])
        except NotDelivered:
            # "Configuring a dead-letter queue for EventBridge Scheduler"
            # (https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
            letters = schedule.target.get("DeadLetterConfig", {}).get("Arn")
            if letters is None:
                raise
            _send(schedule, letters)


def _send(schedule: Moto, queue_arn: str) -> None:
    match = _QUEUE.fullmatch(queue_arn)
    if match is None:
        raise NotDelivered(f"the target of {schedule.arn} is {queue_arn}: other targets than queues are not modeled")
    region, account, name = match.groups()
    role_arn = schedule.target["RoleArn"]
    role = deployed_role(role_arn)
    # The source is the schedule group: "Confused deputy prevention in EventBridge Scheduler"
    # (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
    _, _, _, of_region, of_account, _ = schedule.arn.split(":", 5)
    group = arn_of("scheduler", of_region, of_account, f"schedule-group/{schedule.group_name}")
    context = {"aws:SourceArn": group, "aws:SourceAccount": of_account}
    if role is None or not resource_allows(
        trust_document(role), Request(SERVICE, "", "sts:AssumeRole", role_arn, context)
    ):
        raise NotAllowed(f"{role_arn} does not trust {SERVICE} for {schedule.arn}")
    if not identity_allows(identity_documents(role), Request(role_arn, of_account, "sqs:SendMessage", queue_arn)):
        raise NotAllowed(f"the policies of {role_arn} do not allow sqs:SendMessage on {queue_arn}")
    if name not in sqs_backends[account][region].queues:
        raise NotDelivered(f"the target of {schedule.arn} is {queue_arn}, which does not exist")
    sqs_backends[account][region].send_message(name, schedule.target.get("Input", "{}"))
