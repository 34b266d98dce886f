"""The repair of what others change in the zones, within seconds of their call; over ports. No AWS, no log.

It reads the names that the event of the call mentions, as far as they are orgdns's, and marks those that differ for the
publisher. A name that others keep changing waits for the zone's next audit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.drift import audit_after, drift_after, zone_drifts_after
from hub.runtime.model.names import Fqdn, NameKey
from hub.runtime.ports import ZoneClosed, ZoneUnavailable
from hub.runtime.sweeper.differences import REASONS, difference_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Published
    from hub.runtime.ports import Clock
    from hub.runtime.sweeper.ports import DriftLedger, DriftStatuses, NamesInZone
    from hub.runtime.sweeper.zone_changes import ZoneChange

NO_NAMES: Final = "the event does not say which names"
NO_TIME: Final = "no time is left"
# More names are left to an audit, which reads a whole zone in few calls.
MOST_READ: Final = 100
MANY_NAMES: Final = f"the call changed more than {MOST_READ} names of orgdns"
# Reading the names takes a call for each, or a pass of the zone.
STEP_SECONDS: Final = HUB_CALLS.seconds(3)


@dataclass(frozen=True, slots=True)
class DriftOutcome:
    """What a call changed: the names that are repaired now, and those that wait for an audit.

    `audit` is the reason for which the zones wait for an audit instead; it is empty if they do not.
    """

    change: ZoneChange
    repaired: tuple[Fqdn, ...] = ()
    damped: tuple[Fqdn, ...] = ()
    audit: str = ""


@dataclass(frozen=True, slots=True)
class DriftRepair:
    """Repairs what others changed. `paused` returns why publishing is paused, or None."""

    ledger: DriftLedger
    statuses: DriftStatuses
    zones: NamesInZone
    clock: Clock
    paused: Callable[[], str | None]

    def repair(self, change: ZoneChange, deadline: Deadline) -> DriftOutcome:
        """Mark the names of the change that differ from the ledger, or request an audit if they cannot be read.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        if change.names is None:
            return self._audited(change, NO_NAMES)
        zone_id = change.zone_ids[0]
        known = self.ledger.remembered([NameKey(zone_id, fqdn) for fqdn in change.names])
        # Where nothing of orgdns is published, a record set with its SetIdentifier is a matter for an audit.
        remembered = {
            key: published for key, published in known.items() if published.record_sets or _undecided(published)
        }
        # During a pause the publisher abandons what is marked, and the end of the pause audits every zone.
        if not remembered or self.paused() is not None:
            return DriftOutcome(change)
        if len(remembered) > MOST_READ:
            return self._audited(change, MANY_NAMES)
        if not deadline.allows(STEP_SECONDS):
            return self._audited(change, NO_TIME)
        try:
            found = self.zones.record_sets(zone_id, [key.fqdn for key in remembered])
        except (ZoneUnavailable, ZoneClosed) as fault:
            return self._audited(change, str(fault))
        reasons: dict[NameKey, str] = {}
        for key, published in remembered.items():
            difference = difference_of(found[key.fqdn], published)
            if _undecided(published):
                # The name may be free now, or the publisher is at work: it reads the zone and decides.
                self.ledger.mark(key, f"someone else changed records of the name: {change.by}")
            elif difference:
                reasons[key] = f"{REASONS[difference]}: {change.by} changed them"
        # What the publisher changed since the ledger was read is no change of others.
        now_remembered = self.ledger.remembered(list(reasons)) if reasons else {}
        for key in [key for key in reasons if now_remembered.get(key) != remembered[key]]:
            self.ledger.mark(key, reasons.pop(key))
        return self._repaired(change, reasons) if reasons else DriftOutcome(change)

    def _repaired(self, change: ZoneChange, reasons: dict[NameKey, str]) -> DriftOutcome:
        """Mark names, except those that were repaired too often in the last hour."""
        now = self.clock()
        before = self.ledger.drifts(list(reasons))
        repaired: list[Fqdn] = []
        damped: list[Fqdn] = []
        for key, reason in sorted(reasons.items()):
            drift = drift_after(before.get(key), change.by, now)
            self.ledger.put_drift(key, drift)
            (damped if drift.damped else repaired).append(key.fqdn)
            if not drift.damped:
                self.ledger.mark(key, reason)
        status = self.statuses.zone_status(change.zone_ids[0])
        drifts = zone_drifts_after(status.drift, change.by, len(reasons), now, damped=bool(damped))
        self.statuses.put_drift(replace(status, drift=drifts))
        return DriftOutcome(change, tuple(repaired), tuple(damped))

    def _audited(self, change: ZoneChange, reason: str) -> DriftOutcome:
        now = self.clock()
        for zone_id in change.zone_ids:
            status = self.statuses.zone_status(zone_id)
            request = audit_after(status.audit_requested_at, status.audits_paid_until, now)
            if request:
                at, paid_until = request
                self.statuses.put_audit_request(replace(status, audit_requested_at=at, audits_paid_until=paid_until))
        return DriftOutcome(change, audit=reason)


def _undecided(published: Published) -> bool:
    return published.pending or published.conflict is not None
