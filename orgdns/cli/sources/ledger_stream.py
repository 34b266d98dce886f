"""The ledger's stream and the publisher's event source mapping, read with the operator's credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.model.health.path import PathFacts
from orgdns.cli.reports.ledger_stream import LedgerTable, Mapping, ledger_faults, table_fault

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
        answer = functions.list_event_source_mappings(FunctionName=hub.publisher)
    except (ClientError, BotoCoreError) as error:
        needed = "dynamodb:DescribeTable and lambda:ListEventSourceMappings"
        unknown = f"whether the publisher follows the ledger is unknown: it takes {needed}. AWS says: {error}"
        return PathFacts(waiting, unknown=unknown)
    table = LedgerTable(
        hub.table,
        described.get("LatestStreamArn", "") if described.get("StreamSpecification", {}).get("StreamEnabled") else "",
        protected=described.get("DeletionProtectionEnabled", False),
    )
    mappings = [
        Mapping(
            each["UUID"], each.get("EventSourceArn", ""), each.get("State", ""), each.get("LastProcessingResult") or ""
        )
        for each in answer["EventSourceMappings"]
    ]
    return PathFacts(waiting, ledger_faults(table, mappings), table_fault(table))
