"""What the checks before a deployment say of the hub's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from orgdns.deployment.accounts import Accounts, account_ids
from orgdns.deployment.preflight import preflight
from orgdns.deployment.stacks import Part
from tests.support.deployment.aws import Answer
from tests.support.deployment.organization import example


@dataclass(frozen=True)
class Hub:
    """A hub account that has the table, the role and the log groups of a hub, and a stack with this status."""

    status: str

    def describe_stacks(self, **_named: str) -> Answer:
        return {"Stacks": [{"StackStatus": self.status, "StackId": "arn"}]}

    def describe_table(self, **_named: str) -> Answer:
        return {"Table": {}}

    def get_role(self, **_named: str) -> Answer:
        return {"Role": {}}

    def describe_log_groups(self, **_named: str) -> Answer:
        return {"logGroups": [{"logGroupName": "/aws/lambda/orgdns-observer"}]}

    def get_account_settings(self) -> Answer:
        return {"AccountLimit": {"UnreservedConcurrentExecutions": 1_000}}


def blocking(status: str) -> list[str]:
    hub: Any = Hub(status)
    accounts = Accounts(account_ids(example()), lambda _kind, _service, _region: hub)
    return [finding.text for finding in preflight(example(), accounts, (Part.HUB,)) if finding.blocks]


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_leftovers_block_a_new_hub(status: str) -> None:
    """What an earlier hub left has the names that a new one needs, and each message says how to remove it."""
    table, role, logs = blocking(status)
    assert "aws dynamodb delete-table" in table
    assert "delete the role" in role
    assert "aws logs delete-log-group" in logs


@pytest.mark.parametrize(
    "status", ["CREATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "UPDATE_COMPLETE"]
)
def test_what_a_hub_has_is_not_left(status: str) -> None:
    """Nobody is told to delete the table of a hub that exists, even if an operation is in progress or has failed."""
    assert blocking(status) == []
