from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hub.runtime.aws.pace.calls import BUSY_ATTEMPTS, LONGEST_WAIT, patient_turn, turn, until_changed, watch_attempts
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.ports import LedgerUnavailable, NoTurn, ZoneUnavailable
from hub.runtime.rate_limit import CHANGES, REQUESTS, Demand, Pace
from sandbox.bench.pace import MemoryPaceRow
from tests.support.memory import MemoryClock

LISTING = "response-received.route-53.ListResourceRecordSets"
CHANGE = "response-received.route-53.ChangeResourceRecordSets"


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
        watch_attempts(LISTING, parsed_response=last, context=context, exception=None)
    watch_attempts(LISTING, parsed_response=None, context=context, exception=OSError())
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


def test_change_of_a_busy_zone_is_not_repeated_by_the_sdk() -> None:
    """An attempt without a turn would be a request that nobody counts in time. Others are repeated as usual."""
    busy = answer("PriorRequestNotComplete")
    with pytest.raises(ClientError, match="PriorRequestNotComplete"):
        watch_attempts(CHANGE, parsed_response=busy, context={})
    watch_attempts(CHANGE, parsed_response=answer("Throttling"), context={})
    watch_attempts("response-received.route-53.AssociateVPCWithHostedZone", parsed_response=busy, context={})


class Zone:
    """A zone that refuses so many changes with a code, and then takes one."""

    def __init__(self, refusals: int, code: str = "PriorRequestNotComplete") -> None:
        self.refusals, self.code, self.changes = refusals, code, 0

    def change(self) -> dict[str, Any]:
        self.changes += 1
        if self.changes <= self.refusals:
            raise ClientError(answer(self.code), "ChangeResourceRecordSets")  # type: ignore[arg-type]  # as Route 53's
        return answer()


def test_each_attempt_at_a_busy_zone_takes_a_turn() -> None:
    """A refused attempt took a request, and the changes of the call are counted once."""
    row = MemoryPaceRow()
    worker, zone = turns(row), Zone(refusals=3)
    began = worker.now()
    until_changed(worker, Demand.batch(100, zone_id="Z1"), zone.change)
    assert zone.changes == 4
    assert row.stored is not None
    assert 1_400 <= row.stored.available(CHANGES, worker.now()) < 1_500
    assert row.stored.version == 4
    # The first two attempts take the tokens of the zone. Five come back a second.
    assert worker.now() - began >= 400
    assert row.stored.tokens[REQUESTS] < 50


def test_change_of_a_busy_zone_is_given_up_in_time() -> None:
    """With a wait, the names are deferred; without one, the error says that the zone was busy."""
    worker, zone = turns(MemoryPaceRow()), Zone(refusals=1_000)
    began = worker.now()
    with pytest.raises(NoTurn):
        until_changed(worker, Demand.batch(1, zone_id="Z1"), zone.change, wait=1.0)
    assert worker.now() - began <= 1_000
    with pytest.raises(ClientError, match="PriorRequestNotComplete"):
        until_changed(worker, Demand.batch(1, zone_id="Z1"), zone.change)
    assert zone.changes <= 6 + BUSY_ATTEMPTS


def test_other_refusals_of_a_change_are_not_repeated() -> None:
    worker, zone = turns(MemoryPaceRow()), Zone(refusals=1, code="InvalidChangeBatch")
    with pytest.raises(ClientError, match="InvalidChangeBatch"):
        until_changed(worker, Demand.batch(1), zone.change)
    assert zone.changes == 1
