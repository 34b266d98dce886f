"""A grant on partitions of the ledger holds for their rows, and for no others."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.iam.evaluation import Request, identity_allows
from sandbox.aws.iam.permissions import Caller, needed_permissions
from tests.support.sandbox.guard import TABLE
from tests.support.sandbox.organizations import HUB, REGION

KEY = "dynamodb:LeadingKeys"
REQUESTS, OTHERS = ({"pk": {"S": partition}, "sk": {"S": "1"}} for partition in ("requests", "control"))


def granted(operation: str, parameters: dict[str, Any]) -> bool:
    """Whether a grant of the operation on one partition allows the call."""
    statement = {
        "Effect": "Allow",
        "Action": f"dynamodb:{operation}",
        "Resource": TABLE,
        "Condition": {"ForAllValues:StringEquals": {KEY: "requests"}, "Null": {KEY: "false"}},
    }
    caller = Caller(HUB, REGION)
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return all(
        identity_allows([policy], Request("arn", HUB, each.action, each.resource, each.context))
        for each in needed_permissions("dynamodb", operation, parameters, caller)
    )


@pytest.mark.parametrize(
    ("operation", "parameters", "allowed"),
    [
        ("PutItem", {"TableName": "ledger", "Item": REQUESTS}, True),
        ("PutItem", {"TableName": "ledger", "Item": OTHERS}, False),
        ("UpdateItem", {"TableName": "ledger", "Key": REQUESTS}, True),
        ("GetItem", {"TableName": "ledger", "Key": OTHERS}, False),
        ("BatchGetItem", {"RequestItems": {"ledger": {"Keys": [REQUESTS]}}}, True),
        ("BatchGetItem", {"RequestItems": {"ledger": {"Keys": [REQUESTS, OTHERS]}}}, False),
        ("BatchWriteItem", {"RequestItems": {"ledger": [{"PutRequest": {"Item": REQUESTS}}]}}, True),
        ("BatchWriteItem", {"RequestItems": {"ledger": [{"DeleteRequest": {"Key": OTHERS}}]}}, False),
        # A scan has no such key.
        ("Scan", {"TableName": "ledger"}, False),
    ],
)
def test_grant_on_a_partition(operation: str, parameters: dict[str, Any], allowed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Every row of a call must be in the partition."""
    assert granted(operation, parameters) is allowed
