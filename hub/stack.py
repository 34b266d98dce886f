"""What the hub account holds, in one region: where events meet, the two functions, and the ledger between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from troposphere import GetAtt, Output, Parameter, Ref, Template
from troposphere import awslambda as lambda_
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    SSESpecification,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)
from troposphere.sqs import RedrivePolicy

from hub.alarms import add_alarm_topic, add_state_alarms, dead_letter_alarm
from hub.associator import add_association_queues, add_associator
from hub.event_bus import add_event_bus
from hub.functions import add_function, adopting_zones, environment, log_group, zone_ids
from hub.roles import observer_role, publisher_role
from hub.runtime import contract
from hub.sweeper import add_sweeper
from orgdns.cfn.queues import EVENTS_RETENTION, queue, queue_policy
from orgdns.cfn.trust import role_arn
from orgdns.cfn.zone_ids import zone_parameters

if TYPE_CHECKING:
    from orgdns.config.load import Config

OBSERVER_TIMEOUT: Final = 90
PUBLISHER_TIMEOUT: Final = 300
# Six times the function's timeout, so that a message is not seen twice while its batch waits for a free function
# ("Using Lambda with Amazon SQS", https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
EVENTS_VISIBILITY: Final = 6 * OBSERVER_TIMEOUT
# A stream keeps a record for 24 hours. Half of that is left to find out why one cannot be published, before it is gone.
OLDEST_RECORD: Final = 12 * 3600


def hub_template(config: Config) -> Template:
    """The stack of the hub account, in the hub region."""
    template = Template(
        Description="orgdns hub. Takes the events of all spokes, keeps the ledger of claims on names, and "
        "publishes them to the hosted zones."
    )
    template.set_version()
    _add_parameters(template, config)

    dead_letters = template.add_resource(queue("EventsDeadLetterQueue", contract.EVENTS_DEAD_LETTER_QUEUE))
    events = template.add_resource(
        queue(
            "EventsQueue",
            contract.EVENTS_QUEUE,
            EVENTS_RETENTION,
            VisibilityTimeout=EVENTS_VISIBILITY,
            RedrivePolicy=RedrivePolicy(deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=5),
        )
    )
    associations = add_association_queues(template, config) if config.association_policies else None
    add_event_bus(template, config, (events, dead_letters), associations)
    ledger = template.add_resource(_ledger())

    observer_logs = template.add_resource(log_group("ObserverLogs", contract.OBSERVER_FUNCTION))
    observer = add_function(
        template,
        "Observer",
        observer_role(config, observer_logs, ledger, events),
        observer_logs,
        environment(ledger) | zone_ids(config),
        FunctionName=contract.OBSERVER_FUNCTION,
        Description="Turns the events of instances into claims on names.",
        Handler=contract.OBSERVER_HANDLER,
        Timeout=OBSERVER_TIMEOUT,
    )
    template.add_resource(
        lambda_.EventSourceMapping(
            "ObserverSource",
            FunctionName=Ref(observer),
            EventSourceArn=GetAtt(events, "Arn"),
            BatchSize=100,
            MaximumBatchingWindowInSeconds=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig=lambda_.ScalingConfig(MaximumConcurrency=10),
        )
    )

    failures = template.add_resource(queue("PublisherDeadLetterQueue", contract.PUBLISHER_DEAD_LETTER_QUEUE))
    template.add_resource(queue_policy(failures))
    publisher_logs = template.add_resource(log_group("PublisherLogs", contract.PUBLISHER_FUNCTION))
    writer = role_arn(config.network.account, contract.WRITER_ROLE)
    publisher = add_function(
        template,
        "Publisher",
        publisher_role(config, publisher_logs, ledger, failures),
        publisher_logs,
        environment(ledger)
        | adopting_zones(config)
        | {contract.ENV_WRITER_ROLE_ARN: writer, contract.ENV_ROUTE53_SHARE: str(config.network.route53_share)},
        FunctionName=contract.PUBLISHER_FUNCTION,
        Description="Publishes the claims on names to the hosted zones.",
        Handler=contract.PUBLISHER_HANDLER,
        Timeout=PUBLISHER_TIMEOUT,
    )
    template.add_resource(
        lambda_.EventSourceMapping(
            "PublisherSource",
            FunctionName=Ref(publisher),
            EventSourceArn=GetAtt(ledger, "StreamArn"),
            StartingPosition="TRIM_HORIZON",
            BatchSize=1000,
            # A first change goes out at once; what comes while it does is the next batch. The second that Lambda asks
            # for where batches are larger than ten is for queues: a stream's own defaults are 100 records and no window
            # ("Lambda parameters for Amazon DynamoDB event source mappings",
            # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html).
            MaximumBatchingWindowInSeconds=0,
            ParallelizationFactor=1,
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=100,
            MaximumRecordAgeInSeconds=OLDEST_RECORD,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            FilterCriteria=lambda_.FilterCriteria(Filters=[lambda_.Filter(Pattern=json.dumps(claims_pattern()))]),
            DestinationConfig=lambda_.DestinationConfig(
                OnFailure=lambda_.OnFailure(Destination=GetAtt(failures, "Arn"))
            ),
        )
    )
    swept = add_sweeper(template, config, ledger, associations[0] if associations else None)
    alarms = [
        (dead_letters, "Events of instances failed five times, or never reached the observer's queue."),
        (failures, "Lambda gave up changes of the ledger that the publisher failed on."),
        (swept, "Sweeps or audits failed five times, or their schedules could not ask for them."),
    ]
    if associations:
        tasks, undone = associations
        add_associator(template, config, ledger, tasks)
        alarms.append((undone, "Associations of VPCs failed five times, or events of VPCs never reached their queue."))
    for letters, what in alarms:
        template.add_resource(dead_letter_alarm(letters, what))
    add_state_alarms(template, associates=bool(associations))
    _add_outputs(template, associates=bool(associations))
    return template


def claims_pattern() -> dict[str, Any]:
    """The changes of the ledger that the publisher is called for: claims and an audit's marks, not its own notes."""
    return {"dynamodb": {"Keys": {contract.SORT_KEY: {"S": [{"prefix": contract.CLAIM_PREFIX}, contract.MARK_KEY]}}}}


def _add_parameters(template: Template, config: Config) -> None:
    code = [
        Parameter(
            "CodeBucket",
            Type="String",
            Description="S3 bucket, in the hub region, that holds the package of the functions.",
            AllowedPattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            ConstraintDescription="must be the name of an S3 bucket",
        ),
        Parameter(
            "CodeKey",
            Type="String",
            Description="Key of the package in that bucket. A new package needs a new key, or CloudFormation "
            "sees no change.",
            AllowedPattern=r"^[A-Za-z0-9!_.*'()/-]{1,1000}\.zip$",
            ConstraintDescription="must be the key of a zip file",
        ),
    ]
    zones = zone_parameters(config.zones)
    operation = [
        Parameter(
            "LogRetentionDays",
            Type="Number",
            Default=90,
            Description="How many days the logs of the functions are kept.",
            AllowedValues=[7, 14, 30, 60, 90, 180, 365, 731, 1827, 3653],
        ),
        Parameter(
            "LogLevel",
            Type="String",
            Default="INFO",
            Description="What the functions log; DEBUG tells every decision.",
            # Above INFO, metrics would be filtered out with the lines that carry them.
            AllowedValues=["DEBUG", "INFO"],
        ),
    ]
    for label, group in (("Package", code), ("Zones of the network stack", zones), ("Operation", operation)):
        for parameter in group:
            template.add_parameter(parameter)
            template.add_parameter_to_group(parameter, label)
    add_alarm_topic(template, "Operation")


def _ledger() -> Table:
    return Table(
        "Ledger",
        TableName=contract.LEDGER_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            AttributeDefinition(AttributeName=contract.PARTITION_KEY, AttributeType="S"),
            AttributeDefinition(AttributeName=contract.SORT_KEY, AttributeType="S"),
        ],
        KeySchema=[
            KeySchema(AttributeName=contract.PARTITION_KEY, KeyType="HASH"),
            KeySchema(AttributeName=contract.SORT_KEY, KeyType="RANGE"),
        ],
        StreamSpecification=StreamSpecification(StreamViewType="NEW_AND_OLD_IMAGES"),
        TimeToLiveSpecification=TimeToLiveSpecification(AttributeName=contract.EXPIRES, Enabled=True),
        PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(PointInTimeRecoveryEnabled=True),
        SSESpecification=SSESpecification(SSEEnabled=True),
        DeletionProtectionEnabled=True,
        DeletionPolicy="RetainExceptOnCreate",
        UpdateReplacePolicy="Retain",
    )


def _add_outputs(template: Template, *, associates: bool) -> None:
    outputs = [
        ("EventBusArn", "The bus that the spokes' rules deliver to.", GetAtt("EventBus", "Arn")),
        ("EventsQueueUrl", "Events that wait for the observer.", Ref("EventsQueue")),
        ("EventsDeadLetterQueueUrl", "Events that failed five times or never came in.", Ref("EventsDeadLetterQueue")),
        ("PublisherDeadLetterQueueUrl", "Where in the stream publishing failed.", Ref("PublisherDeadLetterQueue")),
        ("LedgerTableName", "The ledger of claims.", Ref("Ledger")),
        ("LedgerTableArn", "The ledger of claims.", GetAtt("Ledger", "Arn")),
        ("ObserverFunctionName", "The function that turns events into claims.", Ref("Observer")),
        ("ObserverFunctionArn", "The function that turns events into claims.", GetAtt("Observer", "Arn")),
        ("ObserverRoleArn", "The role that every reader role trusts.", GetAtt("ObserverRole", "Arn")),
        ("PublisherFunctionName", "The function that publishes claims.", Ref("Publisher")),
        ("PublisherFunctionArn", "The function that publishes claims.", GetAtt("Publisher", "Arn")),
        ("PublisherRoleArn", "The role that the writer role trusts.", GetAtt("PublisherRole", "Arn")),
        ("SweeperFunctionName", "The function that sweeps spokes and audits zones.", Ref("Sweeper")),
        (
            "SweeperRoleArn",
            "A role that every reader role trusts, and the zone reader role.",
            GetAtt("SweeperRole", "Arn"),
        ),
        ("SweepsQueueUrl", "Sweeps and audits that wait for the sweeper.", Ref("SweepsQueue")),
        ("SweepsDeadLetterQueueUrl", "Sweeps and audits that failed five times.", Ref("SweepsDeadLetterQueue")),
    ]
    if associates:
        outputs += [
            ("AssociatorFunctionName", "The function that has VPCs resolve zones.", Ref("Associator")),
            (
                "AssociatorRoleArn",
                "A role that every reader and VPC role trusts, and the authorizer role.",
                GetAtt("AssociatorRole", "Arn"),
            ),
            ("AssociationsQueueUrl", "VPCs that wait for the associator.", Ref("AssociationsQueue")),
            ("AssociationsDeadLetterQueueUrl", "What failed five times.", Ref("AssociationsDeadLetterQueue")),
        ]
    for title, description, value in outputs:
        template.add_output(Output(title, Description=description, Value=value))
