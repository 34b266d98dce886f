"""What the two functions of the hub may do: each its own role, each grant on the one thing that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.dynamodb
import awacs.logs
import awacs.organizations
import awacs.sqs
import awacs.sts
from awacs.aws import Allow, Condition, Statement, StringEquals
from troposphere import GetAtt, Sub
from troposphere.iam import Policy, Role

from hub.runtime import contract
from hub.trust import document, role_arn, trust_in_service

if TYPE_CHECKING:
    from troposphere.dynamodb import Table
    from troposphere.logs import LogGroup
    from troposphere.sqs import Queue

    from hub.config import Config


def observer_role(config: Config, log_group: LogGroup, ledger: Table, events: Queue) -> Role:
    """The observer takes events off their queue, describes instances through the reader roles, and writes claims."""
    accounts = f"{config.organization.management_account}:account/{config.organization.id}/*"
    return _function_role(
        "ObserverRole",
        contract.OBSERVER_ROLE,
        "Execution role of the observer of orgdns.",
        _write_logs(log_group),
        Statement(
            Sid="TakeEvents",
            Effect=Allow,
            Action=[awacs.sqs.ReceiveMessage, awacs.sqs.DeleteMessage, awacs.sqs.GetQueueAttributes],
            Resource=[GetAtt(events, "Arn")],
        ),
        Statement(
            Sid="KeepLedger",
            Effect=Allow,
            Action=[awacs.dynamodb.GetItem, awacs.dynamodb.PutItem],
            Resource=[GetAtt(ledger, "Arn")],
        ),
        Statement(
            Sid="ReadInstancesInThisOrganization",
            Effect=Allow,
            Action=[awacs.sts.AssumeRole],
            Resource=[role_arn("*", contract.READER_ROLE)],
            Condition=Condition(StringEquals({"aws:ResourceOrgID": config.organization.id})),
        ),
        Statement(
            Sid="ReadAccountNames",
            Effect=Allow,
            Action=[awacs.organizations.DescribeAccount],
            Resource=[Sub(f"arn:${{AWS::Partition}}:organizations::{accounts}")],
        ),
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
        Statement(
            Sid="KeepLedger",
            Effect=Allow,
            Action=[awacs.dynamodb.Query, awacs.dynamodb.BatchWriteItem],
            Resource=[GetAtt(ledger, "Arn")],
        ),
        Statement(
            Sid="SetFailuresAside",
            Effect=Allow,
            Action=[awacs.sqs.SendMessage],
            Resource=[GetAtt(dead_letters, "Arn")],
        ),
        Statement(
            Sid="WriteToZones",
            Effect=Allow,
            Action=[awacs.sts.AssumeRole],
            Resource=[role_arn(config.network.account, contract.WRITER_ROLE)],
        ),
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
