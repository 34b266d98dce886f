"""The ledger's stream and the publisher's event source mapping, read with the operator's credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orgdns.cli.reports.ledger_stream import LedgerTable, Mapping, ledger_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient

    from orgdns.cli.sources.deployed import Deployed


def stream_faults(hub: Deployed, functions: LambdaClient, tables: DynamoDBClient) -> tuple[str, ...]:
    """What keeps the ledger from being published. What cannot be read is a fault: unknown is not well."""
    try:
        described = tables.describe_table(TableName=hub.table)["Table"]
        answer = functions.list_event_source_mappings(FunctionName=hub.publisher)
    except (ClientError, BotoCoreError) as error:
        needed = "dynamodb:DescribeTable and lambda:ListEventSourceMappings"
        return (f"whether the publisher follows the ledger is unknown: it takes {needed}. AWS says: {error}",)
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
    return ledger_faults(table, mappings)
