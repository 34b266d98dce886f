from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hub.runtime.aws.pace.calls import LONGEST_WAIT, note_throttling, patient_turn, turn
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.ports import LedgerUnavailable, NoTurn, ZoneUnavailable
from hub.runtime.rate_limit import CHANGES, Demand, Pace
from sandbox.bench.pace import MemoryPaceRow
from tests.support.memory import MemoryClock


def answer(code: str = "") -> dict[str, Any]:
    return {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}} if code else {"ResponseMetadata": {}}


def _given(last: dict[str, Any], failed: ClientError | None) -> dict[str, Any]:
    if failed:
        raise failed
    return last


def turns(row: MemoryPaceRow) -> Turns:
    clock = MemoryClock()
    return Turns(row, 1.0, clock, clock.sleep)


@pytest.mark.parametrize(
    ("codes", "slower"),
    [
        ([""], False),
        (["Throttling", ""], True),
        (["PriorRequestNotComplete", ""], False),
        (["PriorRequestNotComplete", "Throttling", "PriorRequestNotComplete"], True),
        (["ServiceUnavailable", ""], False),
    ],
)
def test_any_throttled_attempt_slows_the_pace(codes: list[str], *, slower: bool) -> None:
    """Whatever the last attempt of the call gave."""
    context: dict[str, Any] = {}
    for code in codes:
        last = answer(code)
        note_throttling(parsed_response=last, context=context, exception=None)
    note_throttling(parsed_response=None, context=context, exception=OSError())
    row = MemoryPaceRow()
    worker = turns(row)
    # Only a last attempt that fails raises; a repeated call that succeeds returns its answer.
    failed = ClientError(last, "ListResourceRecordSets") if codes[-1] else None  # type: ignore[arg-type]  # as Route 53's
    with suppress(ClientError), turn(worker, Demand.reading()) as answered:
        answered(_given(last, failed))
    worker.take(Demand.reading())
    assert row.stored is not None
    assert (row.stored.rate < 1) is slower


def test_call_that_can_be_repeated_is_given_up_if_its_turn_is_far_away() -> None:
    """A function has no time to wait for minutes; its queue delivers the task again."""
    row = MemoryPaceRow()
    worker = turns(row)
    worker.take(Demand.batch(1_500))
    far = Demand.batch(int(100 * LONGEST_WAIT) - 1_600)
    with patient_turn(worker, far):
        pass
    for _ in range(20):
        worker.answered(throttled=True)
    with pytest.raises(ZoneUnavailable), patient_turn(worker, far):
        pass
    with pytest.raises(NoTurn), turn(worker, far, wait=1.0):
        pass


def test_without_the_ledger_no_call_is_made() -> None:
    """Nobody knows whether it is the call's turn."""

    class Silent:
        def replaced(self, before: int, pace: Pace) -> Pace | None:
            raise LedgerUnavailable(f"{before} {pace.tokens[CHANGES]}")

    clock = MemoryClock()
    with pytest.raises(ZoneUnavailable), turn(Turns(Silent(), 1.0, clock, clock.sleep), Demand.batch(1)):
        raise AssertionError("the call was made")
