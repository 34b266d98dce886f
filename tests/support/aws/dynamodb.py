"""The ledger's table in a simulated DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hub.runtime import contract
from hub.runtime.aws.ledger.table import Table
from sandbox.aws.emulator import emulated_aws
from tests.support.memory import MemoryClock

NOW = 10**12
# "The maximum length of any expression string is 4 KB" (DynamoDB Developer Guide, "Quotas": expression parameters),
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html. The emulator takes longer ones.
MAX_EXPRESSION = 4_096


def _limited(params: dict[str, Any], model: Any, **_event: object) -> None:  # noqa: ANN401 - botocore's own
    for name, value in params.items():
        if name.endswith("Expression") and len(value.encode()) > MAX_EXPRESSION:
            message = f"{name}: Expression size has exceeded the maximum"
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, model.name)


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
        client.meta.events.register("provide-client-params.dynamodb", _limited)
        clock = MemoryClock(now=NOW)
        yield Table(client, "ledger", clock, clock.sleep)
