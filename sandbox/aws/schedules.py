"""Runs schedules: sends what each due schedule says to its queue or event bus, if the schedule's role allows it.

A simulation of EventBridge Scheduler ("Setting up the execution role",
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html) and two of its templated targets
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html): SendMessage of SQS and
PutEvents of EventBridge. A rate-based schedule is due when it is created, and then once in each period, and a daily one
at its time of the day. If the clock jumps over several times, the schedule runs once. Flexible windows and retries take
no time. What cannot be delivered is dropped, and the other schedules run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from moto.scheduler.models import scheduler_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.cloudformation.expressions import NoExpression, due_at
from sandbox.aws.cloudwatch.metrics import metric
from sandbox.aws.events.delivery import bus_of
from sandbox.aws.iam.evaluation import Request, identity_allows, resource_allows
from sandbox.aws.iam.guard import deployed_role, identity_documents, trust_document
from sandbox.aws.iam.keys.access import key_allows, uses_of_keys
from sandbox.aws.iam.keys.customer_keys import key_with
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.aws.cloudwatch.metrics import MetricStore
    from sandbox.aws.events.eventbridge import Router
    from sandbox.clock import Clock

SERVICE: Final = "scheduler.amazonaws.com"
_QUEUE: Final = re.compile(r"arn:aws[a-z-]*:sqs:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_BUS: Final = re.compile(r"arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]{1,256}")
# A schedule of the emulator, which ships no types.
Moto = Any


class NotDelivered(Exception):
    """What the schedule sends cannot reach its target. The message says why."""


class NotAllowed(NotDelivered):
    """The schedule's role may not send to the target. The message says why."""


@dataclass(slots=True)
class Schedules:
    """The deployed schedules of all accounts, and when each of them last ran.

    Attributes:
        metrics: Where errors of targets are counted, if anywhere ("Monitoring Amazon EventBridge Scheduler with Amazon
            CloudWatch", https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html).
        dropped: Called with the reason if a due schedule cannot run.
    """

    clock: Clock
    router: Router
    metrics: MetricStore | None = None
    dropped: Callable[[str], None] = lambda _reason: None
    _created: dict[str, float] = field(default_factory=dict)
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

    def fire(self, name: str, group: str | None = None) -> None:
        """Run a schedule now, whether or not it is due: that of the group, or the only one of the name."""
        named = (schedule for schedule in self._enabled() if schedule.name == name)
        (schedule,) = (each for each in named if group in {None, each.group_name})
        self._fire(schedule)

    def _is_due(self, schedule: Moto) -> bool:
        now = self.clock.now()
        created, last = self._created.setdefault(schedule.arn, now), self._carried_out.get(schedule.arn)
        try:
            return now >= due_at(schedule.schedule_expression, created, last)
        except NoExpression:
            # It is reported once.
            return last is None

    def _enabled(self) -> Iterator[Moto]:
        for regions in list(scheduler_backends.values()):
            for backend in list(regions.values()):
                for group in list(backend.schedule_groups.values()):
                    yield from [schedule for schedule in group.schedules.values() if schedule.state == "ENABLED"]

    def _fire(self, schedule: Moto) -> None:
        self._carried_out[schedule.arn] = self.clock.now()
        due_at(schedule.schedule_expression, 0, None)
        try:
            self._send(schedule)
        except NotDelivered:
            if self.metrics:
                region, account = _place(schedule)
                failed = metric("AWS/Scheduler", "TargetErrorCount", ScheduleGroup=schedule.group_name)
                self.metrics.put((account, region), failed, [1])
            # "Configuring a dead-letter queue for EventBridge Scheduler"
            # (https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
            letters = schedule.target.get("DeadLetterConfig", {}).get("Arn")
            if letters is None:
                raise
            _send_message(schedule, letters)

    def _send(self, schedule: Moto) -> None:
        target = schedule.target["Arn"]
        if _QUEUE.fullmatch(target):
            _send_message(schedule, target)
        elif _BUS.fullmatch(target):
            self._put_event(schedule, target)
        else:
            reason = f"the target of {schedule.arn} is {target}: other targets than queues and buses are not modeled"
            raise NotDelivered(reason)

    def _put_event(self, schedule: Moto, bus_arn: str) -> None:
        """Put the schedule's event on the bus, as its role does with PutEvents: now, and as the schedule's account.

        "EventBridgeParameters"
        (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EventBridgeParameters.html). The condition keys
        are those of "Using IAM policy conditions in Amazon EventBridge"
        (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html). That an event for a bus that
        does not exist counts as undelivered is not documented.
        """
        parameters = schedule.target.get("EventBridgeParameters", {})
        source, detail_type = parameters.get("Source", ""), parameters.get("DetailType", "")
        context = {"events:source": source, "events:detail-type": detail_type, "events:eventBusInvocation": "false"}
        _check_role(schedule, "events:PutEvents", bus_arn, context)
        if bus_of(bus_arn) is None:
            raise NotDelivered(f"the target of {schedule.arn} is {bus_arn}, which does not exist")
        entry = {
            "EventBusName": bus_arn,
            "Source": source,
            "DetailType": detail_type,
            "Detail": schedule.target.get("Input", ""),
        }
        region, account = _place(schedule)
        (answer,) = self.router.put_events(account, region, [entry], schedule.target["RoleArn"])
        if "ErrorCode" in answer:
            raise NotDelivered(f"{bus_arn} refuses the event of {schedule.arn}: {answer['ErrorMessage']}")


def _send_message(schedule: Moto, queue_arn: str) -> None:
    match = _QUEUE.fullmatch(queue_arn)
    if match is None:
        raise NotDelivered(f"the dead-letter queue of {schedule.arn} is {queue_arn}, which is no queue")
    region, account, name = match.groups()
    _check_role(schedule, "sqs:SendMessage", queue_arn, {})
    if name not in sqs_backends[account][region].queues:
        raise NotDelivered(f"{schedule.arn} sends to {queue_arn}, which does not exist")
    sqs_backends[account][region].send_message(name, schedule.target.get("Input", "{}"))


def _check_role(schedule: Moto, action: str, resource: str, context: dict[str, str]) -> None:
    """Check that the schedule can assume its role, and that the role's policies allow the action.

    Raises:
        NotAllowed: if not.
    """
    role_arn = schedule.target["RoleArn"]
    role = deployed_role(role_arn)
    # The source is the schedule group: "Confused deputy prevention in EventBridge Scheduler"
    # (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
    region, account = _place(schedule)
    group = arn_of("scheduler", region, account, f"schedule-group/{schedule.group_name}")
    assuming = Request(SERVICE, "", "sts:AssumeRole", role_arn, {"aws:SourceArn": group, "aws:SourceAccount": account})
    if role is None or not resource_allows(trust_document(role), assuming):
        raise NotAllowed(f"{role_arn} does not trust {SERVICE} for {schedule.arn}")
    if not identity_allows(identity_documents(role), Request(role_arn, account, action, resource, context)):
        raise NotAllowed(f"the policies of {role_arn} do not allow {action} on {resource}")
    for use in uses_of_keys(action, resource, account):
        key = key_with(use.resource, account, region)
        on_key = Request(role_arn, account, use.action, use.resource, use.context)
        if not key_allows(key, on_key, identity_documents(role)):
            raise NotAllowed(f"{role_arn} may not perform {use.action} on the key of {resource}")


def _place(schedule: Moto) -> tuple[str, str]:
    """The region and the account of a schedule."""
    _, _, _, region, account, _ = schedule.arn.split(":", 5)
    return region, account
