"""What Organizations says of accounts is shared by all functions for a while."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.shared_accounts import SharedAccounts
from hub.runtime.model.names import Account, Millis
from hub.runtime.policy.label_registry import LabelRegistry
from tests.support.aws.clients import SESSION
from tests.support.build import covering
from tests.support.memory import MemoryClock, MemoryLedger

PATH = "o-1/r-ab12/ou-ab12-workload/444444444444/"
UNITS = ("r-ab12", "ou-ab12-workload")
EVERY_ACCOUNT = replace(covering(), included=frozenset({"4" * 12}))


def answer(described: dict[str, Any]) -> dict[str, Any]:
    return {"Account": {"Paths": [PATH]} | described}


def registry(clock: MemoryClock) -> LabelRegistry:
    ledger = MemoryLedger()
    return LabelRegistry(ledger, ledger, {}, {}, clock)


def kept(clock: MemoryClock, row: dict[str, Any] | None = None) -> tuple[SharedAccounts, dict[str, Any]]:
    rows: dict[str, Any] = {} if row is None else {"444444444444": row}

    class Client:
        def get_item(self, **given: dict[str, Any]) -> dict[str, Any]:
            found = rows.get(given["Key"]["sk"]["S"])
            return {} if found is None else {"Item": found}

        def put_item(self, **given: dict[str, Any]) -> dict[str, Any]:
            rows[given["Item"]["sk"]["S"]] = given["Item"]
            return {}

    client: Any = Client()
    return SharedAccounts(Table(client, "ledger", clock, clock.sleep)), rows


def test_another_environment_does_not_ask_again() -> None:
    """What one environment described counts for all, and for 15 minutes in total."""
    client = SESSION.client("organizations")
    clock = MemoryClock()
    shared, _ = kept(clock)
    with Stubber(client) as stubber:
        for name in ("Payments", "Pay Ments"):
            stubber.add_response("describe_account", answer({"Id": "444444444444", "Name": name, "State": "ACTIVE"}))
        first, second, third = (
            OrganizationAccounts(client, registry(clock), EVERY_ACCOUNT, clock, shared) for _ in range(3)
        )
        assert first.account("444444444444").label == "payments"
        clock.sleep(600)
        assert second.account("444444444444") == Account("444444444444", "payments", units=UNITS)
        clock.sleep(301)
        assert third.account("444444444444").label == "pay-ments"
        assert second.account("444444444444").label == "pay-ments"
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    "described",
    [{"Name": "Payments"}, {"Name": "P", "State": "ACTIVE", "Paths": None}, {"Name": 1, "State": "A", "Paths": []}],
)
def test_an_incomplete_answer_is_not_kept(described: dict[str, Any]) -> None:
    """It may be complete the next time."""
    shared, rows = kept(MemoryClock())
    shared.keep("444444444444", described, Millis(1))
    assert rows == {}


@pytest.mark.parametrize(
    "row",
    [{}, {"Name": {"S": "P"}}, {"Name": {"N": "1"}, "State": {"S": "A"}, "paths": {"L": []}, "at": {"N": "1"}}],
)
def test_a_row_that_cannot_be_read_counts_as_none(row: dict[str, Any]) -> None:
    """Organizations is asked."""
    shared, _ = kept(MemoryClock(), row)
    assert shared.found("444444444444") is None


def test_a_row_from_the_future_counts_as_none() -> None:
    """A clock that was ahead does not make a row valid for longer."""
    clock = MemoryClock()
    shared, _ = kept(clock)
    facts = {"Name": "P", "State": "ACTIVE", "Paths": [PATH]}
    shared.keep("444444444444", facts, Millis(clock() + 70_000))
    assert shared.found("444444444444") is None
    shared.keep("444444444444", facts, clock())
    assert shared.found("444444444444") is not None
