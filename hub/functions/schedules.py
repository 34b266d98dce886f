"""The schedules, which send tasks to the queues of the sweeper and the reporter, and heartbeats to the bus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import awacs.events
from awacs.aws import Allow, ArnEquals, Condition, ForAllValuesStringEquals, Null, Statement, StringEquals
from troposphere import GetAtt, Ref, Template
from troposphere.iam import Policy, Role
from troposphere.scheduler import (
    DeadLetterConfig,
    EventBridgeParameters,
    FlexibleTimeWindow,
    RetryPolicy,
    Schedule,
    ScheduleGroup,
    Target,
)

from hub.runtime import contract
from orgdns.cfn.kms.encryption import key_grants
from orgdns.cfn.queues import send
from orgdns.cfn.trust import document, trust_in_service

if TYPE_CHECKING:
    from troposphere.events import EventBus

    from orgdns.cfn.worker import Worker
    from orgdns.config.load import Config

# Minutes. An audit starts at any time in this window after it is due.
_AUDIT_WINDOW: Final = 60


def add_schedules(
    template: Template, config: Config, sweeper: Worker, bus: EventBus, reporter: Worker | None = None
) -> None:
    """Add the schedules that send tasks to queues and heartbeats to the bus, their group, and their role.

    The role trusts only schedules of a group, so the group is their own. A name has no prefix, because it is one of the
    group. Schedules of earlier versions were in the default group, and CloudFormation moves a schedule to another group
    only if its name changes, too: it looks for the old name in the new group
    (https://github.com/aws/aws-cdk/issues/34216).

    Their messages have no MessageGroupId: the scheduler documents it for FIFO queues only ("SqsParameters",
    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_SqsParameters.html). So each is a tenant of its own,
    and never waits behind the sweeps of a busy account.
    """
    group = template.add_resource(ScheduleGroup("ScheduleGroup", Name=config.names.schedule_group))
    role = template.add_resource(_schedule_role(config, sweeper, group, bus, reporter))
    exactly = FlexibleTimeWindow(Mode="OFF")
    rate = f"rate({contract.SCHEDULE_MINUTES} minutes)"

    def task(name: str, worker: Worker = sweeper, **fields: str) -> Target:
        return Target(
            Arn=GetAtt(worker.queue, "Arn"),
            RoleArn=GetAtt(role, "Arn"),
            Input=json.dumps({contract.TASK: name, **fields}),
            RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=3600, MaximumRetryAttempts=10),
            DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(worker.dead_letters, "Arn")),
        )

    # Without a dead-letter queue: a heartbeat that fails is of no use, and its absence sets off the alarm.
    heartbeat = Target(
        Arn=GetAtt(bus, "Arn"),
        RoleArn=GetAtt(role, "Arn"),
        Input="{}",
        RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=60 * contract.SCHEDULE_MINUTES, MaximumRetryAttempts=3),
        EventBridgeParameters=EventBridgeParameters(
            Source=contract.HEARTBEAT_SOURCE, DetailType=contract.HEARTBEAT_DETAIL_TYPE
        ),
    )
    for title, name, description, expression, window, target in (
        (
            "SweepSchedule",
            contract.SWEEP_SCHEDULE,
            "Enqueues sweeps of the next part of the spokes, so that each spoke is swept every hour.",
            rate,
            exactly,
            task(contract.SCHEDULE_SWEEPS),
        ),
        (
            "AuditSchedule",
            contract.AUDIT_SCHEDULE,
            "Enqueues an audit of every zone.",
            "rate(1 day)",
            FlexibleTimeWindow(Mode="FLEXIBLE", MaximumWindowInMinutes=_AUDIT_WINDOW),
            task(contract.SCHEDULE_AUDITS),
        ),
        (
            "HeartbeatSchedule",
            contract.HEARTBEAT_SCHEDULE,
            "Puts an event on the bus that takes the whole path and changes nothing, to show that the path works.",
            rate,
            exactly,
            heartbeat,
        ),
        *(
            (
                f"{file.capitalize()}Schedule",
                f"{contract.REPORT_SCHEDULE_PREFIX}{file}",
                "Enqueues the file of the day for people without the command.",
                f"cron(0 {config.report.hour} * * ? *)",
                exactly,
                task(contract.WRITE, reporter, file=file),
            )
            for file in config.report.files
            if reporter
        ),
    ):
        template.add_resource(
            Schedule(
                title,
                Name=name,
                GroupName=Ref(group),
                Description=description,
                ScheduleExpression=expression,
                FlexibleTimeWindow=window,
                Target=target,
            )
        )


def _schedule_role(
    config: Config, sweeper: Worker, group: ScheduleGroup, bus: EventBus, reporter: Worker | None
) -> Role:
    """The role of the schedules, which send tasks to the functions' queues, and heartbeats to the bus.

    The source in the trust policy is the schedule group, not the schedule ("Confused deputy prevention in EventBridge
    Scheduler", https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
    """
    enqueue = [send("EnqueueSweepsAndAudits", sweeper.queue, sweeper.dead_letters)]
    if reporter:
        enqueue.append(send("EnqueueFiles", reporter.queue, reporter.dead_letters))
    return Role(
        "ScheduleRole",
        RoleName=config.names.schedule_role,
        Description="Lets the schedules of orgdns enqueue sweeps and audits, and send heartbeats.",
        AssumeRolePolicyDocument=trust_in_service(
            "scheduler.amazonaws.com",
            Condition(
                [
                    ArnEquals({"aws:SourceArn": GetAtt(group, "Arn")}),
                    StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
                ]
            ),
        ),
        Policies=[
            Policy(
                PolicyName="least-privilege",
                PolicyDocument=document(
                    *enqueue,
                    *key_grants(config, enqueue),
                    Statement(
                        Sid="SendHeartbeats",
                        Effect=Allow,
                        Action=[awacs.events.PutEvents],
                        Resource=[GetAtt(bus, "Arn")],
                        Condition=Condition(
                            [
                                ForAllValuesStringEquals(
                                    {
                                        "events:source": [contract.HEARTBEAT_SOURCE],
                                        "events:detail-type": [contract.HEARTBEAT_DETAIL_TYPE],
                                    }
                                ),
                                Null({"events:source": "false", "events:detail-type": "false"}),
                            ]
                        ),
                    ),
                ),
            )
        ],
    )
