"""Associations in the hub: the associator, its queue, and what lets it ask the VPCs' accounts and the zones' owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from troposphere import GetAtt, Ref, Template
from troposphere import awslambda as lambda_
from troposphere.sqs import Queue, RedrivePolicy

from hub.functions import add_function, environment, guards, log_group, zone_ids
from hub.roles import associator_role
from hub.runtime import contract
from orgdns.cfn.event_patterns import vpc_events
from orgdns.cfn.queues import queue, queue_policy, rule_arn
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from troposphere.dynamodb import Table

    from orgdns.config.load import Config

ASSOCIATOR_TIMEOUT: Final = 300
# Six times the function's timeout ("Using Lambda with Amazon SQS",
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
VISIBILITY: Final = 6 * ASSOCIATOR_TIMEOUT
# Each sweep asks again for what is still to be done.
RETENTION: Final = 86_400
# As few as Lambda takes: all of them share the quotas of one account.
AT_A_TIME: Final = 2


def add_association_queues(template: Template, config: Config) -> tuple[Queue, Queue]:
    """Add the associator's queue, and that of what failed."""
    rules = [rule_arn(f"{contract.EVENT_BUS}/{kind.hub_rule}") for kind in vpc_events(config)]
    dead_letters = template.add_resource(queue("AssociationsDeadLetterQueue", contract.ASSOCIATIONS_DEAD_LETTER_QUEUE))
    template.add_resource(queue_policy(dead_letters, rules))
    tasks = template.add_resource(
        queue(
            "AssociationsQueue",
            contract.ASSOCIATIONS_QUEUE,
            RETENTION,
            VisibilityTimeout=VISIBILITY,
            RedrivePolicy=RedrivePolicy(deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=5),
        )
    )
    template.add_resource(queue_policy(tasks, rules))
    return tasks, dead_letters


def add_associator(template: Template, config: Config, ledger: Table, tasks: Queue) -> None:
    """Add the function that has VPCs resolve zones, and its role."""
    logs = template.add_resource(log_group("AssociatorLogs", contract.ASSOCIATOR_FUNCTION))
    associator = add_function(
        template,
        "Associator",
        associator_role(config, logs, ledger, tasks),
        logs,
        environment(ledger) | zone_ids(config) | guards(config) | authorizer(config),
        FunctionName=contract.ASSOCIATOR_FUNCTION,
        Description="Has VPCs resolve the hosted zones that policy says.",
        Handler=contract.ASSOCIATOR_HANDLER,
        Timeout=ASSOCIATOR_TIMEOUT,
    )
    template.add_resource(
        lambda_.EventSourceMapping(
            "AssociatorSource",
            FunctionName=Ref(associator),
            EventSourceArn=GetAtt(tasks, "Arn"),
            BatchSize=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig=lambda_.ScalingConfig(MaximumConcurrency=AT_A_TIME),
        )
    )


def authorizer(config: Config) -> dict[str, Any]:
    """The environment variable that says which role authorises associations."""
    return {contract.ENV_AUTHORIZER_ROLE_ARN: role_arn(config.network.account, contract.AUTHORIZER_ROLE)}
