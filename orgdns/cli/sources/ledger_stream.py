"""The ledger's stream and the event source mappings of the functions, read with the operator's credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.model.health.path import PathFacts
from orgdns.cli.reports.ledger_stream import (
    LedgerTable,
    Mapping,
    history_faults,
    ledger_faults,
    queue_faults,
    table_fault,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

    from orgdns.cli.sources.deployed import Deployed


def path_facts(hub: Deployed, functions: LambdaClient, tables: DynamoDBClient, waiting: int) -> PathFacts:
    """What keeps the ledger from being published, with the messages that wait for the observer.

    What cannot be read is told: unknown is not well.
    """
    try:
        described = tables.describe_table(TableName=hub.table)["Table"]
        pages = functions.get_paginator("list_event_source_mappings").paginate()
        found = [each for page in pages for each in page["EventSourceMappings"]]
    except (ClientError, BotoCoreError) as error:
        needed = "dynamodb:DescribeTable and lambda:ListEventSourceMappings"
        unknown = f"whether the functions get events and changes is unknown: it takes {needed}. AWS says: {error}"
        return PathFacts(waiting, unknown=unknown)
    table = table_of(hub.table, described)
    mappings = [mapping_of(each) for each in found]
    of_publisher = [mapping for mapping in mappings if mapping.function == hub.names.publisher_function]
    of_historian = [mapping for mapping in mappings if mapping.function == hub.names.historian_function]
    ours = [mapping for mapping in mappings if mapping.function in hub.names.functions]
    faults = [
        *queue_faults(ours),
        *((hub.names.historian_function, each) for each in history_faults(table, of_historian)),
    ]
    return PathFacts(waiting, ledger_faults(table, of_publisher), table_fault(table), queue_faults=tuple(faults))


def table_of(name: str, described: TableDescriptionTypeDef) -> LedgerTable:
    """The table as DynamoDB describes it."""
    enabled = described.get("StreamSpecification", {}).get("StreamEnabled", False)
    stream = described.get("LatestStreamArn", "") if enabled else ""
    return LedgerTable(name, stream, protected=described.get("DeletionProtectionEnabled", False))


def mapping_of(listed: EventSourceMappingConfigurationTypeDef) -> Mapping:
    """A mapping as Lambda lists it."""
    return Mapping(
        listed["UUID"],
        listed.get("EventSourceArn", ""),
        listed.get("State", ""),
        listed.get("LastProcessingResult") or "",
        function_in(listed.get("FunctionArn", "")),
    )


def function_in(arn: str) -> str:
    """The name of a function in an ARN, which may have a qualifier."""
    return arn.partition(":function:")[2].partition(":")[0]
