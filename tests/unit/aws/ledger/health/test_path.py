"""The rows of the last heartbeat, of the publisher, and of closed zones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.health.path import DynamoPath
from hub.runtime.aws.ledger.status_rows import zone_key
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.path import PathState, Stall
from hub.runtime.model.status import ZoneStatus
from tests.support.aws.dynamodb import NOW
from tests.support.build import CORP_ZONE

HEARTBEAT, PUBLISHER = (
    {contract.PARTITION_KEY: contract.CONTROL_KEY, contract.SORT_KEY: sort_key}
    for sort_key in (contract.HEARTBEAT_KEY, contract.PUBLISHER_KEY)
)


@pytest.fixture
def path(table: Table) -> DynamoPath:
    return DynamoPath(table)


class TestHeartbeats:
    def test_empty_ledger(self, path: DynamoPath) -> None:
        """Without rows, no heartbeat has come."""
        assert path.state() == PathState()

    def test_stages_are_read_back(self, path: DynamoPath) -> None:
        """Each stage has the time at which the heartbeat was sent, and its own time. A stall changes neither."""
        sent = Millis(NOW - 9_000)
        path.observed(sent)
        path.answered(Millis(sent - 300_000))
        stall = Stall("Z1: Throttling", Millis(NOW - 7), 1_234)
        path.put_stall(stall)
        state = path.state()
        assert (state.sent_at, state.answered, state.stall) == (sent, sent - 300_000, stall)
        assert NOW <= state.observed_at < state.answered_at < state.stalled_at
        path.answered(sent)
        assert path.state().stall == stall

    @pytest.mark.parametrize("later", [0, -300_000])
    def test_heartbeat_that_is_not_later_changes_nothing(self, path: DynamoPath, later: int) -> None:
        """A queue has no order, and delivers twice: the ledger's stream has no record of it either."""
        path.observed(Millis(NOW))
        before = path.state()
        path.observed(Millis(NOW + later))
        assert path.state() == before
        path.observed(Millis(NOW + 300_000))
        assert path.state().sent_at == NOW + 300_000

    @pytest.mark.parametrize(
        ("key", "odd"),
        [
            (HEARTBEAT, {"sent_at": "5"}),
            (HEARTBEAT, {"sent_at": 5, "observed_at": True}),
            (HEARTBEAT, {"sent_at": 5, "schema": 9}),
            (PUBLISHER, {"answered": [5]}),
            (PUBLISHER, {"answered_at": "x"}),
            (PUBLISHER, {"stall": 5}),
            (PUBLISHER, {"stall": "x", "stall_names": "many"}),
            (PUBLISHER, {"stalled_at": None}),
            (PUBLISHER, {"schema": 9}),
        ],
    )
    def test_row_that_cannot_be_read(self, path: DynamoPath, table: Table, key: dict[str, Any], odd: Any) -> None:  # noqa: ANN401 - of any type
        """Then nothing of the path is known, and which row it is."""
        path.observed(Millis(NOW))
        path.answered(Millis(NOW))
        table.put_many([key | odd])
        state = path.state()
        assert key[contract.SORT_KEY] in state.row_fault
        assert state == PathState(row_fault=state.row_fault)

    def test_row_of_a_later_version_stays(self, path: DynamoPath, table: Table) -> None:
        """Also while heartbeats arrive: the later version may return."""
        rows = [HEARTBEAT | {"sent_at": 5, "schema": 9}, PUBLISHER | {"answered": 5, "schema": 9}]
        table.put_many(rows)
        path.observed(Millis(NOW))
        path.answered(Millis(NOW))
        path.put_stall(Stall("x", Millis(1), 1))
        assert [table.get(key) for key in (HEARTBEAT, PUBLISHER)] == rows


class TestZones:
    def status(self, table: Table) -> ZoneStatus:
        return DynamoStatuses(table).zone_status(CORP_ZONE)

    def test_zone_is_closed_since_the_first_time(self, path: DynamoPath, table: Table) -> None:
        """Names add up, the last reason counts, and an audit of the zone changes none of it."""
        path.put_zone_closed(CORP_ZONE, "AccessDenied", 3)
        first = self.status(table)
        assert (first.closed_since, first.checked_at) == (first.checked_at, first.closed_since)
        assert first.closed_since >= NOW
        path.put_zone_closed(CORP_ZONE, "NoSuchHostedZone", 4)
        DynamoStatuses(table).put_zone_status(ZoneStatus(CORP_ZONE, Millis(NOW), fault="NoSuchHostedZone"))
        status = self.status(table)
        assert (status.closed_since, status.closed_reason, status.closed_names) == (
            first.closed_since,
            "NoSuchHostedZone",
            7,
        )
        assert status.checked_at > first.checked_at

    def test_check_without_names_closes_a_zone(self, path: DynamoPath, table: Table) -> None:
        """A zone without changes is known to be closed, and no name waits for it."""
        path.put_zone_closed(CORP_ZONE, "AccessDenied", 0)
        status = self.status(table)
        assert bool(status.closed_since)
        assert (status.closed_reason, status.closed_names) == ("AccessDenied", 0)

    def test_open_zone(self, path: DynamoPath, table: Table) -> None:
        """A check that succeeds ends it; what an audit found stays. The next time begins anew."""
        DynamoStatuses(table).put_zone_status(ZoneStatus(CORP_ZONE, Millis(NOW), Millis(NOW), names=7))
        path.put_zone_closed(CORP_ZONE, "AccessDenied", 3)
        closed = self.status(table)
        path.put_zone_open(CORP_ZONE)
        status = self.status(table)
        assert status.checked_at > closed.checked_at
        assert replace(status, checked_at=NEVER) == ZoneStatus(CORP_ZONE, Millis(NOW), Millis(NOW), names=7)
        path.put_zone_closed(CORP_ZONE, "AccessDenied", 1)
        again = self.status(table)
        assert (again.closed_names, again.closed_since > closed.closed_since) == (1, True)

    def test_row_of_a_later_version_stays(self, path: DynamoPath, table: Table) -> None:
        """Neither state is written over it."""
        row = zone_key(CORP_ZONE) | {"closed_since": 0, "schema": 9}
        table.put_many([row])
        path.put_zone_closed(CORP_ZONE, "AccessDenied", 1)
        path.put_zone_open(CORP_ZONE)
        assert table.get(zone_key(CORP_ZONE)) == row
