"""The sweeper: sweeps spokes and audits zones when schedules enqueue tasks for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import awacs.cloudformation
import awacs.dynamodb
import awacs.events
import awacs.organizations
from awacs.aws import Allow, ArnEquals, Condition, ForAllValuesStringEquals, Null, Statement, StringEquals
from troposphere import GetAtt, Ref, Sub, Template
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

from hub.environment import authorizer, environment, guards, limits, member_roles, route53_share, zone_ids
from hub.grants import assume_in_network, keep_ledger, read_account_names, read_instances
from hub.runtime import contract
from orgdns.cfn.kms.encryption import key_grants
from orgdns.cfn.queues import rule_arn, send, take
from orgdns.cfn.trust import document, role_arn, trust_in_service
from orgdns.cfn.worker import REPEATED_RETENTION, Worker, queue_pair, queue_source

if TYPE_CHECKING:
    from troposphere.dynamodb import Table
    from troposphere.events import EventBus
    from troposphere.sqs import Queue

    from orgdns.config.load import Config

TIMEOUT: Final = 900
# Seconds. Each spoke is swept every hour, so a task that waited for a day is obsolete.
_RETENTION: Final = 86_400
# A sweep takes some three seconds, mostly of waiting for the services of another region, and five begin in a second.
_CONCURRENCY: Final = 20
# Minutes. An audit starts at any time in this window after it is due.
_AUDIT_WINDOW: Final = 60


def sweeper_worker(config: Config, ledger: Table, associations: Queue | None) -> Worker:
    """The sweeper reads spokes and zones, compares them with the ledger, and writes to the ledger only.

    `associations` is the associator's queue, to which the sweeper also sends tasks.
    """
    queue, dead_letters = queue_pair(
        "Sweeps",
        config.names.sweeps_queue,
        config.names.sweeps_dead_letter_queue,
        timeout=TIMEOUT,
        retention=_RETENTION,
        dead_retention=REPEATED_RETENTION,
    )
    queues = [queue, *([associations] if associations else [])]
    return Worker(
        title="Sweeper",
        function=config.names.sweeper_function,
        role=config.names.sweeper_role,
        handler=contract.SWEEPER_HANDLER,
        description="Sweeps spokes and audits zones, and repairs what others change in the zones.",
        timeout=TIMEOUT,
        variables=environment(config, ledger)
        | zone_ids(config)
        | guards(config)
        | limits(config)
        | member_roles(config)
        | route53_share(config)
        | {
            contract.ENV_SWEEPS_QUEUE_URL: Ref(queue),
            contract.ENV_ZONE_READER_ROLE_ARN: role_arn(config, config.network.account, config.names.zone_reader_role),
        }
        | ({contract.ENV_ASSOCIATIONS_QUEUE_URL: Ref(associations)} | authorizer(config) if associations else {}),
        statements=(
            take("TakeTasks", queue),
            send("EnqueueTasks", *queues),
            keep_ledger(
                ledger,
                awacs.dynamodb.GetItem,
                awacs.dynamodb.BatchGetItem,
                awacs.dynamodb.Query,
                awacs.dynamodb.Scan,
                awacs.dynamodb.PutItem,
                awacs.dynamodb.UpdateItem,
            ),
            *_list_spokes(config),
            *read_instances(config),
            read_account_names(config),
            assume_in_network("ReadZones", config, config.names.zone_reader_role),
        ),
        # One task an invocation, so that a sweep has the function's whole timeout.
        source=queue_source(queue, concurrency=_CONCURRENCY),
        dead_letters=dead_letters,
        failures="Sweeps or audits failed five times, or their schedules could not enqueue them.",
        queue=queue,
        rules=(rule_arn(f"{config.names.event_bus}/{config.names.bus_zone_changes_rule}"),),
    )


def _list_spokes(config: Config) -> list[Statement]:
    """The grants to list the stack instances as StackSets' delegated administrator.

    A service-managed StackSet belongs to the management account, even if a delegated administrator creates it. AWS does
    not document whether the StackSet's ARN in a policy names that account or the administrator's own, so both are
    named.

    For each such call, StackSets also asks Organizations in the caller's name whether the account is a delegated
    administrator. Without organizations:ListDelegatedAdministrators, it answers that the account is none ("Register a
    delegated administrator",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html, and
    https://github.com/hashicorp/terraform-provider-aws/issues/32536). The action has no resource type. A condition
    would break the check or restrict nothing: AWS does not document whether the check sets aws:CalledVia, nor whether
    it sets organizations:ServicePrincipal, nor to which of StackSets' two principals. If it does not, StringEquals
    always denies. StringEqualsIfExists would allow the call without the key, which lists everything. The action only
    reads the ids and names of the delegated administrators.
    """
    included = [config.names.included_region_stack_set] if config.organization.included else []
    return [
        Statement(
            Sid="ListSpokes",
            Effect=Allow,
            Action=[awacs.cloudformation.ListStackInstances],
            Resource=[
                Sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{owner}:stackset/{stack_set}:*")
                for stack_set in (config.names.region_stack_set, *included)
                for owner in (config.organization.management_account, "${AWS::AccountId}")
            ],
        ),
        Statement(
            Sid="ProveDelegation",
            Effect=Allow,
            Action=[awacs.organizations.ListDelegatedAdministrators],
            # The action has no resource type (above).
            Resource=["*"],
        ),
    ]


def add_schedules(template: Template, config: Config, sweeper: Worker, bus: EventBus) -> None:
    """Add the schedules that send tasks to the sweeper's queue and heartbeats to the bus, their group, and their role.

    The role trusts only schedules of a group, so the group is their own. A name has no prefix, because it is one of the
    group. Schedules of earlier versions were in the default group, and CloudFormation moves a schedule to another group
    only if its name changes, too: it looks for the old name in the new group
    (https://github.com/aws/aws-cdk/issues/34216).

    Their messages have no MessageGroupId: the scheduler documents it for FIFO queues only ("SqsParameters",
    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_SqsParameters.html). So each is a tenant of its own,
    and never waits behind the sweeps of a busy account.
    """
    group = template.add_resource(ScheduleGroup("ScheduleGroup", Name=config.names.schedule_group))
    role = template.add_resource(_schedule_role(config, sweeper, group, bus))
    exactly = FlexibleTimeWindow(Mode="OFF")
    rate = f"rate({contract.SCHEDULE_MINUTES} minutes)"

    def task(name: str) -> Target:
        return Target(
            Arn=GetAtt(sweeper.queue, "Arn"),
            RoleArn=GetAtt(role, "Arn"),
            Input=json.dumps({contract.TASK: name}),
            RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=3600, MaximumRetryAttempts=10),
            DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(sweeper.dead_letters, "Arn")),
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


def _schedule_role(config: Config, sweeper: Worker, group: ScheduleGroup, bus: EventBus) -> Role:
    """The role of the schedules, which send tasks to the sweeper's queue, and heartbeats to the bus.

    The source in the trust policy is the schedule group, not the schedule ("Confused deputy prevention in EventBridge
    Scheduler", https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
    """
    enqueue = send("EnqueueSweepsAndAudits", sweeper.queue, sweeper.dead_letters)
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
                    enqueue,
                    *key_grants(config, [enqueue]),
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
