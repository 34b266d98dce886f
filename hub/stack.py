"""The stack of the hub account: event bus, functions, and the ledger between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import GetAtt, Parameter, Ref, Template
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    SSESpecification,
    StreamSpecification,
    Table,
    TimeToLiveSpecification,
)

from hub.environment import add_ledger_stream_condition, ledger_stream_parameter
from hub.event_bus import add_event_bus
from hub.functions.associator import associator_worker
from hub.functions.historian import add_history_bucket, historian_worker
from hub.functions.observer import observer_worker
from hub.functions.publisher import publisher_worker
from hub.functions.reporter import add_reports_bucket, reporter_worker
from hub.functions.schedules import add_schedules
from hub.functions.sweeper import sweeper_worker
from hub.monitoring.dashboard.board import add_dashboard
from hub.monitoring.health import add_metric_alarms
from hub.monitoring.services import add_service_alarms
from hub.runtime import contract
from orgdns import __version__
from orgdns.cfn.alarms import add_alarm_topic
from orgdns.cfn.code import add_code_conditions, code_parameters
from orgdns.cfn.outputs.parameters import Stack, add_output
from orgdns.cfn.worker import LOG_LEVEL, add_worker
from orgdns.cfn.zone_ids import zone_parameters

if TYPE_CHECKING:
    from orgdns.config.load import Config

# "JSON log formatting is not available" ("AWS Lambda in AWS GovCloud (US)",
# https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-lambda.html). The functions' own logger writes JSON.
_WITHOUT_JSON_LOGS: Final = frozenset({"aws-us-gov"})


def hub_template(config: Config) -> Template:
    """The stack of the hub account, in the hub region."""
    template = Template(
        Description="orgdns hub. Receives the events of all spokes, keeps the ledger of claims on names, and publishes "
        "names to the hosted zones."
    )
    template.set_version()
    _add_parameters(template, config)

    ledger = _ledger(config.names.ledger_table)
    publisher = publisher_worker(config, ledger)
    associator = associator_worker(config, ledger) if config.association_policies else None
    sweeper = sweeper_worker(config, ledger, associator.queue if associator else None)
    observer = observer_worker(config, ledger, sweeper.queue)

    bus = add_event_bus(template, config, observer, sweeper, associator)
    template.add_resource(ledger)
    history = add_history_bucket(template, config) if config.history.days else None
    historian = historian_worker(config, ledger, history) if history else None
    reports = add_reports_bucket(template, config) if config.report.files else None
    reporter = reporter_worker(config, ledger, reports, history) if reports else None
    workers = tuple(filter(None, (observer, publisher, sweeper, associator, historian, reporter)))
    for worker in workers:
        add_worker(template, config, worker, json_logs=config.partition not in _WITHOUT_JSON_LOGS)
    add_schedules(template, config, sweeper, bus, reporter)
    add_metric_alarms(template, config, associates=bool(associator))
    add_service_alarms(template, config, workers)
    add_dashboard(template, config, workers)
    _add_outputs(template, config, associates=bool(associator), history=bool(historian))
    return template


def _add_parameters(template: Template, config: Config) -> None:
    zones = zone_parameters(config.zones)
    operation = [
        Parameter(
            LOG_LEVEL,
            Type="String",
            Default="INFO",
            Description="Log level of the functions. DEBUG logs every decision.",
            # A higher level would drop metrics, which are INFO lines.
            AllowedValues=["DEBUG", "INFO"],
        ),
        ledger_stream_parameter(config),
    ]
    groups = (("Package", code_parameters()), ("Zones of the network stack", zones), ("Operation", operation))
    for label, group in groups:
        for parameter in group:
            template.add_parameter(parameter)
            template.add_parameter_to_group(parameter, label)
    add_ledger_stream_condition(template)
    add_alarm_topic(template, "Operation")
    add_code_conditions(template)


def _ledger(name: str) -> Table:
    return Table(
        "Ledger",
        TableName=name,
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


def _add_outputs(template: Template, config: Config, *, associates: bool, history: bool) -> None:
    """Add what a person needs from outside. Functions, roles and dead-letter queues have fixed names."""
    outputs = [
        ("EventBusArn", "Event bus that the rules of the spokes deliver to.", GetAtt("EventBus", "Arn")),
        ("LedgerTableName", "DynamoDB table of the ledger.", Ref("Ledger")),
        ("EventsQueueUrl", "Queue of events for the observer.", Ref("EventsQueue")),
        ("SweepsQueueUrl", "Queue of tasks for the sweeper.", Ref("SweepsQueue")),
        ("BacklogQueueUrl", "Queue of names that the publisher publishes later.", Ref("BacklogQueue")),
        ("Version", "Version of orgdns that wrote the template.", __version__),
    ]
    if associates:
        outputs.append(("AssociationsQueueUrl", "Queue of tasks for the associator.", Ref("AssociationsQueue")))
    if history:
        outputs.append((contract.HISTORY_OUTPUT, "Bucket of history.", Ref("History")))
    for title, description, value in outputs:
        add_output(template, config.names, Stack.HUB, title, description, value)
