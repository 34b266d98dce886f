from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.pace.row import DynamoPaceRow, pace_of, pace_row
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.model.names import Millis
from hub.runtime.rate_limit import BUCKETS, CHANGES, LEAST_RATE, Demand, Pace
from sandbox.aws.dynamodb.expressions import meets
from tests.support.aws.dynamodb import NOW
from tests.support.memory import MemoryClock

KEY: Final = {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: contract.PACE_KEY}


class TableOfOne:
    """A table with one row, which compares as DynamoDB does."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self.stored = stored

    def put_unless(self, _row: dict[str, Any], condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        return None if meets(written(self.stored), condition, {}, written(values)) else self.stored


def turns(table: Table) -> Turns:
    clock = MemoryClock(now=NOW)
    return Turns(DynamoPaceRow(table, 1.0), 1.0, clock, clock.sleep)


@given(
    st.dictionaries(st.sampled_from([*BUCKETS, "zone#Z1"]), st.floats(-1_000, 1_500)),
    st.integers(0, 2**45),
    st.integers(250, 1_000),
    st.integers(0, 2**50),
)
def test_row_is_read_as_it_was_written(tokens: dict[str, float], at: int, rate: int, version: int) -> None:
    """Of each number of tokens, no more is read than was there, and at most a thousandth less."""
    before = Pace(1.0, tokens, Millis(at), rate / 1_000, version)
    after = pace_of(read(written(pace_row(before))), 1.0)
    assert (after.at, after.rate, after.version) == (before.at, before.rate, before.version)
    assert set(after.tokens) == set(tokens)
    assert all(0 <= tokens[bucket] - after.tokens[bucket] <= 0.002 for bucket in tokens)


def test_workers_take_turns_from_one_row(table: Table) -> None:
    """The second worker sees what the first one took, without reading the row."""
    first, second = turns(table), turns(table)
    for worker in (first, second, first):
        worker.take(Demand.batch(400, zone_id="Z1"))
    row = table.get(KEY)
    assert row is not None
    assert row["version"] == 3
    # A zone keeps batches apart for a while, in which tokens come back.
    assert 300_000 <= row["tokens"][CHANGES] < 450_000


@pytest.mark.parametrize(
    "odd",
    [
        {"tokens": "many"},
        {"tokens": {CHANGES: "0"}},
        {"tokens": {CHANGES: -(10**30)}},
        {"rate": 0},
        {"rate": 10**6},
        {"at": "yesterday"},
        {"version": Decimal(-3)},
    ],
)
def test_unreadable_row_counts_as_full_buckets(table: Table, odd: dict[str, Any]) -> None:
    """Whatever is wrong with the row, the next turn writes over it."""
    empty = Pace.full(1.0, Millis(NOW)).taken(Demand.batch(1_500), Millis(NOW))
    table.put_many([pace_row(empty) | odd])
    turns(table).take(Demand.batch(100))
    row = table.get(KEY)
    assert row is not None
    assert pace_of(row, 1.0).available(CHANGES, Millis(NOW)) == pytest.approx(1_400, abs=0.5)


@pytest.mark.parametrize("version", ["7", None, True, [7], Decimal("7.5"), Decimal(-3)])
def test_turn_is_written_over_any_version(version: object) -> None:
    """DynamoDB compares only numbers with a number; no version keeps workers from their turns."""
    stored: dict[str, Any] = {**KEY, "version": version}
    pace = pace_of(stored, 1.0)
    table: Any = TableOfOne(stored)
    assert DynamoPaceRow(table, 1.0).replaced(pace.version, pace.taken(Demand.reading(), Millis(NOW))) is None


def test_row_without_a_version_is_replaced(table: Table) -> None:
    """A row that another hand wrote is no reason to stop publishing."""
    table.put_many([KEY])
    turns(table).take(Demand.reading())
    row = table.get(KEY)
    assert row is not None
    assert row["version"] == 1


def test_row_of_a_later_version_stays(table: Table) -> None:
    """After a return to this version, each worker counts its own calls, and leaves the row for the later version."""
    later = {**KEY, "schema": 3, "version": 5, "buckets": "otherwise"}
    table.put_many([later])
    worker = turns(table)
    worker.take(Demand.batch(1_500))
    assert worker.delay(Demand.batch(100)) == pytest.approx(1.0, abs=0.01)
    assert table.get(KEY) == later


def test_unknown_buckets_are_left_out() -> None:
    """A bucket that only a later version has does not matter to this one."""
    pace = pace_of(pace_row(Pace(1.0, {CHANGES: 5.0, "others": 1.0}, Millis(NOW), LEAST_RATE, 4)), 1.0)
    assert pace == Pace(1.0, {CHANGES: 5.0}, Millis(NOW), LEAST_RATE, 4)
