"""Sweeps and audits in the hub: two schedules ask for them, a queue keeps what is asked, a function does it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from troposphere import GetAtt, Ref, Template
from troposphere import awslambda as lambda_
from troposphere.scheduler import DeadLetterConfig, FlexibleTimeWindow, RetryPolicy, Schedule, Target
from troposphere.sqs import Queue, RedrivePolicy

from hub.associator import authorizer
from hub.functions import add_function, environment, guards, log_group, zone_ids
from hub.roles import schedule_role, sweeper_role
from hub.runtime import contract
from orgdns.cfn.queues import queue, queue_policy
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from troposphere.dynamodb import Table

    from orgdns.config.load import Config

SWEEPER_TIMEOUT: Final = 900
# Six times the function's timeout ("Using Lambda with Amazon SQS",
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
SWEEPS_VISIBILITY: Final = 6 * SWEEPER_TIMEOUT
# A spoke is asked again every hour: what waited for a day is of no use.
SWEEPS_RETENTION: Final = 86_400
SWEEPS_AT_A_TIME: Final = 10
# Minutes: an audit may begin at any time of these after it is due.
AUDIT_WINDOW: Final = 60


def add_sweeper(template: Template, config: Config, ledger: Table, associations: Queue | None) -> Queue:
    """Add all that sweeps and audits need; the queue of those that failed. `associations` is the associator's queue."""
    dead_letters = template.add_resource(queue("SweepsDeadLetterQueue", contract.SWEEPS_DEAD_LETTER_QUEUE))
    template.add_resource(queue_policy(dead_letters))
    tasks = template.add_resource(
        queue(
            "SweepsQueue",
            contract.SWEEPS_QUEUE,
            SWEEPS_RETENTION,
            VisibilityTimeout=SWEEPS_VISIBILITY,
            RedrivePolicy=RedrivePolicy(deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=5),
        )
    )
    template.add_resource(queue_policy(tasks))
    logs = template.add_resource(log_group("SweeperLogs", contract.SWEEPER_FUNCTION))
    sweeper = add_function(
        template,
        "Sweeper",
        sweeper_role(config, logs, ledger, [tasks, *([associations] if associations else [])]),
        logs,
        environment(ledger)
        | zone_ids(config)
        | guards(config)
        | {
            contract.ENV_SWEEPS_QUEUE_URL: Ref(tasks),
            contract.ENV_ZONE_READER_ROLE_ARN: role_arn(config.network.account, contract.ZONE_READER_ROLE),
        }
        | ({contract.ENV_ASSOCIATIONS_QUEUE_URL: Ref(associations)} | authorizer(config) if associations else {}),
        FunctionName=contract.SWEEPER_FUNCTION,
        Description="Sweeps spokes and audits zones: finds what events did not tell.",
        Handler=contract.SWEEPER_HANDLER,
        Timeout=SWEEPER_TIMEOUT,
    )
    template.add_resource(
        lambda_.EventSourceMapping(
            "SweeperSource",
            FunctionName=Ref(sweeper),
            EventSourceArn=GetAtt(tasks, "Arn"),
            # Each sweep has the function's whole time.
            BatchSize=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig=lambda_.ScalingConfig(MaximumConcurrency=SWEEPS_AT_A_TIME),
        )
    )
    role = template.add_resource(schedule_role(tasks, dead_letters))
    for title, name, description, expression, task, window in (
        (
            "SweepSchedule",
            f"{contract.PREFIX}-sweeps",
            "Asks for the next part of the spokes to be swept, so that all are within an hour.",
            f"rate({contract.SCHEDULE_MINUTES} minutes)",
            contract.SCHEDULE_SWEEPS,
            FlexibleTimeWindow(Mode="OFF"),
        ),
        (
            "AuditSchedule",
            f"{contract.PREFIX}-audits",
            "Asks for an audit of every zone.",
            "rate(1 day)",
            contract.SCHEDULE_AUDITS,
            FlexibleTimeWindow(Mode="FLEXIBLE", MaximumWindowInMinutes=AUDIT_WINDOW),
        ),
    ):
        template.add_resource(
            Schedule(
                title,
                Name=name,
                Description=description,
                ScheduleExpression=expression,
                FlexibleTimeWindow=window,
                Target=Target(
                    Arn=GetAtt(tasks, "Arn"),
                    RoleArn=GetAtt(role, "Arn"),
                    Input=json.dumps({contract.TASK: task}),
                    RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=3600, MaximumRetryAttempts=10),
                    DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(dead_letters, "Arn")),
                ),
            )
        )
    return dead_letters
