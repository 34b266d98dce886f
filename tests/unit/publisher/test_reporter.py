"""What the publisher reports of zones when a heartbeat reaches it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import NEVER, Fqdn, Millis
from hub.runtime.model.path import Stall
from hub.runtime.model.status import ZoneStatus
from hub.runtime.ports import ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.health.reporter import Reporter, ZoneCheck

NOW = Millis(1_800_000_000_000)
ZONE = "Z1"


@dataclass(slots=True)
class Path:
    """What is written to the ledger."""

    written: list[str] = field(default_factory=list)

    def answered(self, sent_at: Millis) -> None:
        self.written.append(f"answered {NOW - sent_at}")

    def put_stall(self, stall: Stall) -> None:
        self.written.append(f"stall: {stall.reason}")

    def put_zone_open(self, zone_id: str) -> None:
        self.written.append(f"{zone_id} open")

    def put_zone_closed(self, zone_id: str, reason: str, names: int) -> None:
        self.written.append(f"{zone_id} closed: {reason}, {names}")


@dataclass(slots=True)
class Statuses:
    status: ZoneStatus
    audits: list[str] = field(default_factory=list)

    def paused(self) -> str | None:
        return None

    def zone_status(self, zone_id: str) -> ZoneStatus:
        assert zone_id == ZONE
        return self.status

    def put_audit_request(self, zone_id: str, requested_at: Millis, paid_until: Millis) -> None:
        self.audits.append(f"{zone_id} {requested_at - NOW} {paid_until}")


@dataclass(slots=True)
class Zones:
    fault: Exception | None

    def check(self, _zone_id: str, _domain: Fqdn) -> None:
        if self.fault:
            raise self.fault


OPEN = ZoneStatus(ZONE)
CLOSED = ZoneStatus(ZONE, closed_since=NOW, closed_reason="AccessDenied", checked_at=NOW)


@pytest.mark.parametrize(
    ("status", "fault", "check", "written"),
    [
        (OPEN, None, ZoneCheck(ZONE), ["Z1 open", "answered 500"]),
        (OPEN, ZoneClosed("denied"), ZoneCheck(ZONE, closed="denied"), ["Z1 closed: denied, 0", "answered 500"]),
        (OPEN, ZoneUnavailable("busy"), ZoneCheck(ZONE, unknown="busy"), ["stall: busy"]),
        (CLOSED, None, ZoneCheck(ZONE, reopened=True), ["Z1 open", "answered 500"]),
        (CLOSED, ZoneClosed("denied"), ZoneCheck(ZONE, closed="denied"), ["Z1 closed: denied, 0", "answered 500"]),
        # Neither does the path stand still, nor is it unknown whether the zone can be changed.
        (CLOSED, ZoneUnavailable("old session"), ZoneCheck(ZONE, closed="old session"), ["answered 500"]),
    ],
)
def test_check_of_a_zone(status: ZoneStatus, fault: Exception | None, check: ZoneCheck, written: list[str]) -> None:
    """A zone opens or closes with an answer only; an open zone without an answer holds the heartbeat up."""
    path, statuses = Path(), Statuses(status)
    reporter = Reporter(path, statuses, Zones(fault), {Fqdn("corp.internal."): ZONE}, lambda: NOW)
    assert reporter.heartbeat(Millis(NOW - 500), Deadline(lambda: 900.0)) == [check]
    assert path.written == written
    assert statuses.audits == ([f"Z1 0 {NEVER}"] if check.reopened else [])
