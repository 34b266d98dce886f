"""The reporter of the publisher, with the ledger and Route 53 in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import NEVER, Fqdn, Millis
from hub.runtime.model.path import Stall
from hub.runtime.model.status import ZoneStatus
from hub.runtime.publisher.health.reporter import Reporter, ZoneCheck
from tests.support.build import CORP, CORP_ZONE, ZONE_IDS
from tests.support.memory import AMPLE
from tests.support.memory_statuses import MemoryStatuses

NOW = Millis(1_800_000_000_000)
OTHER_ZONE = next(zone_id for zone_id in ZONE_IDS.values() if zone_id != CORP_ZONE)


@dataclass(slots=True)
class ReporterWorld:
    """The rows of the path and of the zones, what Route 53 answers to a check of a zone, and the reporter over them."""

    now: Millis = NOW
    answered_heartbeats: list[Millis] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    faults: dict[str, Exception] = field(default_factory=dict)
    checked: list[tuple[str, Fqdn]] = field(default_factory=list)
    tried_to_write: set[str] = field(default_factory=set)
    silent: frozenset[Fqdn] = frozenset()
    statuses: MemoryStatuses = field(init=False)
    reporter: Reporter = field(init=False)

    def __post_init__(self) -> None:
        self.statuses = MemoryStatuses(self.clock)
        self.reporter = self.environment()

    def environment(self) -> Reporter:
        """A reporter in a new execution environment."""
        return Reporter(self, self.statuses, self, {CORP: CORP_ZONE}, self.clock, self.silent)

    def beat(self, minutes: int = 5, deadline: Deadline = AMPLE) -> list[ZoneCheck]:
        """Let minutes pass, and let a heartbeat reach the publisher."""
        self.now = Millis(self.now + minutes * 60_000)
        return self.reporter.heartbeat(self.now, deadline)

    def clock(self) -> Millis:
        return self.now

    def answered(self, sent_at: Millis) -> None:
        self.answered_heartbeats.append(sent_at)

    def put_stall(self, stall: Stall) -> None:
        self.stalls.append(stall)

    def put_zone_open(self, zone_id: str) -> None:
        self._put(zone_id, closed_since=NEVER, closed_reason="", closed_names=0)

    def put_zone_closed(self, zone_id: str, reason: str, names: int) -> None:
        status = self.zone(zone_id)
        since = status.closed_since or self.now
        self._put(zone_id, closed_since=since, closed_reason=reason, closed_names=status.closed_names + names)

    def check(self, zone_id: str, domain: Fqdn, *, writes: bool = True) -> None:
        self.checked.append((zone_id, domain))
        self.tried_to_write |= {zone_id} if writes else set()
        if fault := self.faults.get(zone_id):
            raise fault

    def zone(self, zone_id: str = CORP_ZONE) -> ZoneStatus:
        """What the ledger says of a zone."""
        return self.statuses.zone_status(zone_id)

    def _put(self, zone_id: str, *, closed_since: Millis, closed_reason: str, closed_names: int) -> None:
        self.statuses.zones[zone_id] = replace(
            self.zone(zone_id),
            checked_at=self.now,
            closed_since=closed_since,
            closed_reason=closed_reason,
            closed_names=closed_names,
        )
