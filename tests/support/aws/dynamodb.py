"""The ledger's table in a simulated DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.table import Table
from sandbox.aws.emulator import emulated_aws
from tests.support.memory import MemoryClock

NOW = 10**12


@pytest.fixture
def table() -> Iterator[Table]:
    with emulated_aws():
        client: Any = boto3.client("dynamodb", region_name="eu-central-1")
        keys = (contract.PARTITION_KEY, contract.SORT_KEY)
        client.create_table(
            TableName="ledger",
            KeySchema=[
                {"AttributeName": attribute, "KeyType": kind}
                for attribute, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
            AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        clock = MemoryClock(now=NOW)
        yield Table(client, "ledger", clock, clock.sleep)
