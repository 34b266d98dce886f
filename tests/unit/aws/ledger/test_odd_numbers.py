"""Numbers of rows that are not numbers: a conditional write over such a row would always fail."""

from __future__ import annotations

from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.rows import instance_key, observation_row
from hub.runtime.aws.ledger.status_rows import spoke_key
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.boundary.schema import number
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.usage import Usage
from hub.runtime.observer.call_sweeps import CallSweepRequests
from hub.runtime.observer.events import Call
from hub.runtime.observer.recorder import InstanceResult, Recorder
from tests.support.build import PAYMENTS, claim, ref
from tests.support.memory import AMPLE, MemoryClock
from tests.support.memory_statuses import MemoryTasks

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")


@pytest.mark.parametrize("value", ["3", 3.5, True, None, [3]])
def test_only_whole_numbers_are_numbers(value: object) -> None:
    with pytest.raises(TypeError):
        number(value)


@pytest.mark.parametrize("odd", [{"version": "3"}, {"schema": "1"}, {"observed_at": "7"}])
def test_p2_an_end_leaves_a_row_with_an_odd_number(table: Table, odd: dict[str, Any]) -> None:
    """The end is reported as unreadable, and does not try to write the row forever."""
    row = observation_row(Observation(ref(1), Millis(7), (claim(1),), version=3)) | odd
    table.put_many([row])
    ledger = DynamoLedger(table)
    outcome = Recorder(ledger, MemoryClock()).ended(ref(1))
    assert outcome.result is InstanceResult.UNREADABLE
    assert isinstance(ledger.observation(ref(1)), Unreadable)
    assert table.get(instance_key(ref(1))) == row


def test_p2_an_empty_generation_is_no_generation(table: Table) -> None:
    table.put_many([observation_row(Observation(ref(1), Millis(7), version=3)) | {"generation": ""}])
    ledger = DynamoLedger(table)
    assert Recorder(ledger, MemoryClock()).ended(ref(1)).result is InstanceResult.RECORDED
    row = ledger.observation(ref(1))
    assert isinstance(row, Observation)
    assert row.ended


def test_p2_a_call_requests_no_sweep_by_an_odd_status(table: Table) -> None:
    """It would enqueue sweeps forever, because the status never becomes what it writes."""
    table.put_many([spoke_key(SPOKE) | {"tried_at": 1, "swept_at": 1, "call_sweep_at": "5"}])
    tasks = MemoryTasks()
    clock = MemoryClock(now=10**12)
    requests = CallSweepRequests(DynamoStatuses(table), tasks, clock)
    assert requests.request([Call(SPOKE, clock())], AMPLE) == {}
    assert tasks.enqueued == []


def test_p2_a_count_that_is_a_text_affects_its_region_only(table: Table) -> None:
    """So does a row in the partition that is not the status of a spoke."""
    statuses = DynamoStatuses(table)
    statuses.add_usage(SPOKE, {"Z1": Usage(2, 3)})
    table.put_many([spoke_key(Spoke(PAYMENTS.id, "eu-west-1")) | {"names#Z1": "many"}])
    table.put_many([spoke_key(SPOKE) | {contract.SORT_KEY: f"{PAYMENTS.id}/a/b"}])
    assert statuses.usage_of_account(PAYMENTS.id) == {"Z1": Usage(2, 3)}
