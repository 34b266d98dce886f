"""What functions and schedules of the hub may do: each its own role, each grant on the one thing that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.cloudformation
import awacs.dynamodb
import awacs.logs
import awacs.organizations
import awacs.sqs
import awacs.sts
from awacs.aws import Action, Allow, ArnEquals, Condition, Statement, StringEquals
from troposphere import GetAtt, Ref, Sub
from troposphere.iam import Policy, Role

from hub.runtime import contract
from orgdns.cfn.trust import document, role_arn, trust_in_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere.dynamodb import Table
    from troposphere.logs import LogGroup
    from troposphere.sqs import Queue

    from orgdns.config.load import Config


def observer_role(config: Config, log_group: LogGroup, ledger: Table, events: Queue) -> Role:
    """The observer takes events off their queue, describes instances through the reader roles, and writes claims."""
    return _function_role(
        "ObserverRole",
        contract.OBSERVER_ROLE,
        "Execution role of the observer of orgdns.",
        _write_logs(log_group),
        _take("TakeEvents", events),
        _keep(
            ledger,
            awacs.dynamodb.GetItem,
            awacs.dynamodb.PutItem,
            awacs.dynamodb.UpdateItem,
        ),
        _read_instances(config),
        _read_account_names(config),
    )


def publisher_role(config: Config, log_group: LogGroup, ledger: Table, dead_letters: Queue) -> Role:
    """The publisher follows the ledger's stream, reads the claims on a name, and writes through the writer role."""
    return _function_role(
        "PublisherRole",
        contract.PUBLISHER_ROLE,
        "Execution role of the publisher of orgdns.",
        _write_logs(log_group),
        Statement(
            Sid="FollowLedger",
            Effect=Allow,
            Action=[
                awacs.dynamodb.DescribeStream,
                awacs.dynamodb.GetRecords,
                awacs.dynamodb.GetShardIterator,
                awacs.dynamodb.ListStreams,
            ],
            Resource=[Sub(f"${{{ledger.title}.Arn}}/stream/*")],
        ),
        _keep(
            ledger,
            awacs.dynamodb.Query,
            awacs.dynamodb.GetItem,
            awacs.dynamodb.BatchGetItem,
            awacs.dynamodb.BatchWriteItem,
        ),
        Statement(
            Sid="SetFailuresAside",
            Effect=Allow,
            Action=[awacs.sqs.SendMessage],
            Resource=[GetAtt(dead_letters, "Arn")],
        ),
        _assume_of_network("WriteToZones", config, contract.WRITER_ROLE),
    )


def sweeper_role(config: Config, log_group: LogGroup, ledger: Table, queues: Sequence[Queue]) -> Role:
    """The sweeper reads spokes and zones, compares them with the ledger, and writes to the ledger alone.

    It takes tasks off the first of the queues, and puts tasks on all of them.
    """
    stack_set = f"{config.organization.management_account}:stackset/{contract.REGION_STACK_SET}:*"
    return _function_role(
        "SweeperRole",
        contract.SWEEPER_ROLE,
        "Execution role of the sweeper of orgdns.",
        _write_logs(log_group),
        _take("TakeTasks", queues[0]),
        Statement(
            Sid="GiveTasks",
            Effect=Allow,
            Action=[awacs.sqs.SendMessage],
            Resource=[GetAtt(queue, "Arn") for queue in queues],
        ),
        _keep(
            ledger,
            awacs.dynamodb.GetItem,
            awacs.dynamodb.BatchGetItem,
            awacs.dynamodb.Query,
            awacs.dynamodb.Scan,
            awacs.dynamodb.PutItem,
            awacs.dynamodb.UpdateItem,
        ),
        Statement(
            Sid="ListSpokes",
            Effect=Allow,
            Action=[awacs.cloudformation.ListStackInstances],
            # A service-managed StackSet is the management account's, whoever made it.
            Resource=[Sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{stack_set}")],
        ),
        _read_instances(config),
        _read_account_names(config),
        _assume_of_network("ReadZones", config, contract.ZONE_READER_ROLE),
    )


def associator_role(config: Config, log_group: LogGroup, ledger: Table, tasks: Queue) -> Role:
    """The associator looks at VPCs through reader roles, and associates them through VPC roles and the authorizer's."""
    return _function_role(
        "AssociatorRole",
        contract.ASSOCIATOR_ROLE,
        "Execution role of the associator of orgdns.",
        _write_logs(log_group),
        _take("TakeTasks", tasks),
        _keep(
            ledger,
            awacs.dynamodb.GetItem,
            awacs.dynamodb.Query,
            awacs.dynamodb.PutItem,
            awacs.dynamodb.UpdateItem,
            awacs.dynamodb.DeleteItem,
        ),
        _assume("ReadVpcsInThisOrganization", config, contract.READER_ROLE),
        _assume("AssociateVpcsInThisOrganization", config, contract.VPC_ROLE),
        _read_account_names(config),
        _assume_of_network("AuthorizeAssociations", config, contract.AUTHORIZER_ROLE),
    )


def schedule_role(tasks: Queue, dead_letters: Queue) -> Role:
    """The schedules put tasks on the sweeper's queue.

    "Confused deputy prevention in EventBridge Scheduler"
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html): the source
    is the schedule group, not the schedule.
    """
    return Role(
        "ScheduleRole",
        RoleName=contract.SCHEDULE_ROLE,
        Description="Lets the schedules of orgdns ask for sweeps and audits.",
        AssumeRolePolicyDocument=trust_in_service(
            "scheduler.amazonaws.com",
            Condition(
                [
                    ArnEquals(
                        {
                            "aws:SourceArn": Sub(
                                "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default"
                            )
                        }
                    ),
                    StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
                ]
            ),
        ),
        Policies=[
            Policy(
                PolicyName="least-privilege",
                PolicyDocument=document(
                    Statement(
                        Sid="AskForSweepsAndAudits",
                        Effect=Allow,
                        Action=[awacs.sqs.SendMessage],
                        Resource=[GetAtt(tasks, "Arn"), GetAtt(dead_letters, "Arn")],
                    )
                ),
            )
        ],
    )


def _take(sid: str, queue: Queue) -> Statement:
    """The grant to take messages off a queue, as Lambda does for a function."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sqs.ReceiveMessage, awacs.sqs.DeleteMessage, awacs.sqs.GetQueueAttributes],
        Resource=[GetAtt(queue, "Arn")],
    )


def _keep(ledger: Table, *actions: Action) -> Statement:
    """The grant to do these things with the ledger's rows."""
    return Statement(Sid="KeepLedger", Effect=Allow, Action=list(actions), Resource=[GetAtt(ledger, "Arn")])


def _assume_of_network(sid: str, config: Config, role: str) -> Statement:
    """The grant to be a role of the networking account."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sts.AssumeRole],
        Resource=[role_arn(config.network.account, role)],
    )


def _read_instances(config: Config) -> Statement:
    return _assume("ReadInstancesInThisOrganization", config, contract.READER_ROLE)


def _assume(sid: str, config: Config, role: str) -> Statement:
    """The grant to be a role of any account of the organization."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sts.AssumeRole],
        Resource=[role_arn("*", role)],
        Condition=Condition(StringEquals({"aws:ResourceOrgID": config.organization.id})),
    )


def _read_account_names(config: Config) -> Statement:
    accounts = f"{config.organization.management_account}:account/{config.organization.id}/*"
    return Statement(
        Sid="ReadAccountNames",
        Effect=Allow,
        Action=[awacs.organizations.DescribeAccount],
        Resource=[Sub(f"arn:${{AWS::Partition}}:organizations::{accounts}")],
    )


def _function_role(title: str, name: str, description: str, *statements: Statement) -> Role:
    return Role(
        title,
        RoleName=name,
        Description=description,
        # No condition on aws:SourceAccount here: AWS does not document that Lambda sends it when it assumes a role.
        AssumeRolePolicyDocument=trust_in_service("lambda.amazonaws.com"),
        Policies=[Policy(PolicyName="least-privilege", PolicyDocument=document(*statements))],
    )


def _write_logs(log_group: LogGroup) -> Statement:
    # The group's ARN ends in `:*`, which covers its streams.
    return Statement(
        Sid="WriteLogs",
        Effect=Allow,
        Action=[awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
        Resource=[GetAtt(log_group, "Arn")],
    )
