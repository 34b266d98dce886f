"""Encrypted SQS queues, their policies, and the grants to send and receive messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import awacs.sqs
from awacs.aws import Action, Allow, ArnEquals, Bool, Condition, Deny, Principal, Statement, StringEquals
from troposphere import AWSHelperFn, GetAtt, Ref, Sub
from troposphere.sqs import Queue, QueuePolicy

from orgdns.cfn.trust import document

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY: Final = 86_400
# The longest that SQS keeps a message ("Amazon SQS message quotas",
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
LONGEST_RETENTION: Final = 14 * _DAY


def queue(title: str, name: str, retention: int = LONGEST_RETENTION, **properties: Any) -> Queue:  # noqa: ANN401  SQS's own
    """A standard queue, encrypted with SQS-managed keys. It keeps messages for `retention` seconds.

    It is deleted with its stack. Its messages are hints that only this stack's functions act on, and sweeps find what
    they are about.
    """
    return Queue(
        title,
        QueueName=name,
        SqsManagedSseEnabled=True,
        MessageRetentionPeriod=retention,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        **properties,
    )


def queue_policy(target: Queue, rule_arns: Sequence[AWSHelperFn] = ()) -> QueuePolicy:
    """The policy of a queue: deny every call without TLS, and allow EventBridge to send for these rules only.

    "Amazon SQS permissions"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions).
    """
    arn = GetAtt(target, "Arn")
    statements = [
        Statement(
            Sid="NothingWithoutTls",
            Effect=Deny,
            Principal=Principal("*"),
            Action=[Action("sqs", "*")],
            Resource=[arn],
            Condition=Condition(Bool({"aws:SecureTransport": "false"})),
        )
    ]
    if rule_arns:
        statements.append(
            Statement(
                Sid="OnlyFromTheseRules",
                Effect=Allow,
                Principal=Principal("Service", "events.amazonaws.com"),
                Action=[awacs.sqs.SendMessage],
                Resource=[arn],
                Condition=Condition(
                    [
                        ArnEquals({"aws:SourceArn": list(rule_arns)}),
                        StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
                    ]
                ),
            )
        )
    return QueuePolicy(f"{target.title}Policy", Queues=[Ref(target)], PolicyDocument=document(*statements))


def take(sid: str, source: Queue) -> Statement:
    """The grant to receive and delete messages, which Lambda needs to poll a queue for a function."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sqs.ReceiveMessage, awacs.sqs.DeleteMessage, awacs.sqs.GetQueueAttributes],
        Resource=[GetAtt(source, "Arn")],
    )


def send(sid: str, *targets: Queue) -> Statement:
    """The grant to send messages to these queues."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sqs.SendMessage],
        Resource=[GetAtt(target, "Arn") for target in targets],
    )


def rule_arn(path: str) -> Sub:
    """The ARN of a rule in this account and region: `<rule>` on the default bus, `<bus>/<rule>` on another.

    The ARN is built from the name, so that a queue or a role can allow a rule before the rule exists.
    """
    return Sub(f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{path}")
