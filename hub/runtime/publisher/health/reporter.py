"""Reports to the ledger what the publisher learns about itself and the zones, over ports. No AWS, no log.

Every few minutes a heartbeat reaches the publisher. It then also checks the access to those zones that were not checked
for an hour, and to the zones that are closed. So a zone whose permission returns is written again within minutes, and a
zone without changes is known to be open or closed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER
from hub.runtime.model.path import STALL_AGAIN, Stall
from hub.runtime.model.status import ZoneStatus
from hub.runtime.ports import NoTurn, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.health.stalls import stall_of
from hub.runtime.publisher.outcome import NameResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Fqdn, Millis, NameKey
    from hub.runtime.ports import Clock
    from hub.runtime.publisher.health.ports import CheckedZones, PathLedger, ZoneStatuses
    from hub.runtime.publisher.outcome import NameOutcome

# An open zone is checked once in this time. Milliseconds.
CHECK_AGAIN: Final = 3_600_000
# A check comes this much earlier, so that the heartbeat of the next hour is not a minute too early.
_EARLIER: Final = 60_000
# Seconds. A check waits for its turn and for the zone, and no check begins later than this before the end of a run.
CHECK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class ZoneCheck:
    """Whether orgdns may change a zone now: `closed` says why not, and `unknown` why that is not known.

    `reopened` means that the zone was closed until now, so that an audit brings the names that waited.
    """

    zone_id: str
    closed: str = ""
    unknown: str = ""
    reopened: bool = False


@dataclass(slots=True)
class Reporter:
    """Reports heartbeats, stalls and closed zones. `zone_ids` are the zones by domain.

    Zones that are `silent`, because nothing may be written to them now, are only read: whether the writer role may
    change them stays unknown.
    """

    path: PathLedger
    statuses: ZoneStatuses
    zones: CheckedZones
    zone_ids: Mapping[Fqdn, str]
    clock: Clock
    silent: Collection[Fqdn] = frozenset()
    _stalled_at: Millis = field(default=NEVER)

    def published(self, outcomes: Collection[NameOutcome], changed_at: Mapping[NameKey, Millis]) -> Stall | None:
        """Report the zones that a run found closed, and why names of it still wait; return the latter.

        Raises:
            LedgerUnavailable: if the ledger cannot be written.
        """
        closed: defaultdict[str, list[str]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.result is NameResult.CLOSED:
                closed[outcome.key.zone_id].append(outcome.reason)
        for zone_id, reasons in closed.items():
            self.path.put_zone_closed(zone_id, reasons[0], len(reasons))
        now = self.clock()
        stall = stall_of(outcomes, changed_at, now)
        if stall and now - self._stalled_at >= STALL_AGAIN:
            self.path.put_stall(stall)
            self._stalled_at = now
        return stall

    def heartbeat(self, sent_at: Millis, deadline: Deadline) -> list[ZoneCheck]:
        """Check the zones that are due, and answer a heartbeat, unless it is not known whether a zone can be changed.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written.
        """
        checks = list(self._checks(deadline))
        if not any(check.unknown for check in checks):
            self.path.answered(sent_at)
        return checks

    def _checks(self, deadline: Deadline) -> Iterator[ZoneCheck]:
        # While publishing is paused, no call may change a zone, not even one that Route 53 refuses.
        if self.statuses.paused() is not None:
            return
        statuses = {status.zone_id: status for status in self.statuses.zone_statuses()}
        for domain, zone_id in sorted(self.zone_ids.items()):
            now, status = self.clock(), statuses.get(zone_id, ZoneStatus(zone_id))
            due = status.closed_since or now - status.checked_at >= CHECK_AGAIN - _EARLIER
            if not due or status.row_fault or not deadline.allows(CHECK_SECONDS):
                continue
            try:
                self.zones.check(zone_id, domain, writes=domain not in self.silent)
            except NoTurn:
                # A burst takes all turns, so the zone is being changed. The next heartbeat checks it.
                continue
            except ZoneClosed as closed:
                self.path.put_zone_closed(zone_id, str(closed), 0)
                yield ZoneCheck(zone_id, closed=str(closed))
            except ZoneUnavailable as unavailable:
                if status.closed_since:
                    # Such as the denial of an old session. The zone stays closed until a check has an answer.
                    yield ZoneCheck(zone_id, closed=str(unavailable))
                    continue
                self.path.put_stall(Stall(str(unavailable), now, 0))
                yield ZoneCheck(zone_id, unknown=str(unavailable))
            else:
                self.path.put_zone_open(zone_id)
                if status.closed_since:
                    self.statuses.put_audit_request(zone_id, now, status.audits_paid_until)
                yield ZoneCheck(zone_id, reopened=bool(status.closed_since))
