"""The ledger's table and its settings. Each raises what AWS answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orgdns.cli.reports.doctor.facts import Table
from orgdns.cli.reports.ledger_stream import LedgerTable
from orgdns.cli.sources.doctor.reading import missing
from orgdns.cli.sources.ledger_stream import table_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def table(client: DynamoDBClient, name: str) -> tuple[Table, LedgerTable]:
    """The table, and its stream. Whether the table is protected is a check of its own."""
    try:
        found = client.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if missing(error, "ResourceNotFoundException"):
            return Table(name, ""), LedgerTable(name, "")
        raise
    described = table_of(name, found)
    key = found.get("SSEDescription", {}).get("KMSMasterKeyArn", "")
    return Table(name, found.get("TableStatus", ""), described.protected, key), described


def backups(client: DynamoDBClient, name: str) -> str:
    """Whether the table can be restored to a point in time."""
    found = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return found.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "")


def expiry(client: DynamoDBClient, name: str) -> str:
    """The attribute by which rows expire, empty if they do not."""
    found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    on = found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return found.get("AttributeName", "") if on else ""
