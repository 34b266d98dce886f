"""What the checks before a deployment say of the hub's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from orgdns.deployment.accounts import Accounts, account_ids
from orgdns.deployment.preflight import preflight
from orgdns.deployment.stacks import Part
from tests.support.deployment.aws import Answer, refused
from tests.support.deployment.organization import example


@dataclass(frozen=True)
class Hub:
    """A hub account that has the table, the bucket, the role and the log groups of a hub.

    The stack has this status. `bucket` is what HeadBucket says if it fails.
    """

    status: str
    bucket: str = ""

    def describe_stacks(self, **_named: str) -> Answer:
        return {"Stacks": [{"StackStatus": self.status, "StackId": "arn"}]}

    def describe_table(self, **_named: str) -> Answer:
        return {"Table": {}}

    def get_role(self, **_named: str) -> Answer:
        return {"Role": {}}

    def head_bucket(self, **named: str) -> Answer:
        assert named == {"Bucket": "orgdns-history-222222222222-eu-central-1", "ExpectedBucketOwner": "222222222222"}
        if self.bucket:
            raise refused("HeadBucket", self.bucket)
        return {}

    def describe_log_groups(self, **_named: str) -> Answer:
        return {"logGroups": [{"logGroupName": "/aws/lambda/orgdns-observer"}]}

    def get_account_settings(self) -> Answer:
        return {"AccountLimit": {"UnreservedConcurrentExecutions": 1_000}}


def blocking(status: str, bucket: str = "") -> list[str]:
    hub: Any = Hub(status, bucket)
    accounts = Accounts(account_ids(example()), lambda _kind, _service, _region: hub)
    return [finding.text for finding in preflight(example(), accounts, (Part.HUB,)) if finding.blocks]


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_leftovers_block_a_new_hub(status: str) -> None:
    """What an earlier hub left has the names that a new one needs, and each message says how to remove it."""
    table, bucket, role, logs = blocking(status)
    assert "aws dynamodb delete-table" in table
    assert "aws s3 rb --force --region eu-central-1 s3://orgdns-history-222222222222-eu-central-1" in bucket
    assert "delete the role" in role
    assert "aws logs delete-log-group" in logs


@pytest.mark.parametrize(
    "status", ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "UPDATE_COMPLETE"]
)
def test_what_a_hub_has_is_not_left(status: str) -> None:
    """Nobody is told to delete the table of a hub that exists, even if an operation is in progress or has failed."""
    assert blocking(status) == []


def test_bucket_of_history_is_free() -> None:
    """A bucket that does not exist is no problem; one of another account is, because names of buckets are global."""
    assert not any("bucket" in text for text in blocking("DELETE_COMPLETE", "404"))
    _, bucket, *_ = blocking("DELETE_COMPLETE", "403")
    assert bucket.startswith("another account than 222222222222 has the bucket orgdns-history-")
