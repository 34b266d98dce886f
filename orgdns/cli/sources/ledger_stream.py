"""The ledger's stream and the event source mappings of the functions, read with the operator's credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.model.health.path import PathFacts
from orgdns.cli.reports.ledger_stream import LedgerTable, Mapping, ledger_faults, queue_faults, table_fault

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient

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
    table = LedgerTable(
        hub.table,
        described.get("LatestStreamArn", "") if described.get("StreamSpecification", {}).get("StreamEnabled") else "",
        protected=described.get("DeletionProtectionEnabled", False),
    )
    mappings = [
        Mapping(
            each["UUID"],
            each.get("EventSourceArn", ""),
            each.get("State", ""),
            each.get("LastProcessingResult") or "",
            function_in(each.get("FunctionArn", "")),
        )
        for each in found
    ]
    followed = [mapping for mapping in mappings if mapping.function == contract.PUBLISHER_FUNCTION]
    ours = [mapping for mapping in mappings if mapping.function in contract.FUNCTIONS]
    return PathFacts(waiting, ledger_faults(table, followed), table_fault(table), queue_faults=queue_faults(ours))


def function_in(arn: str) -> str:
    """The name of a function in an ARN, which may have a qualifier."""
    return arn.partition(":function:")[2].partition(":")[0]
