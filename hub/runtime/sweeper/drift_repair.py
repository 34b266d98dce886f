"""The repair of what others change in the zones, within seconds of their call; over ports. No AWS, no log.

It reads the names that the event of the call mentions, as far as they are orgdns's, and marks those that differ for the
publisher. A name that others keep changing waits for the zone's next audit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.drift import audit_after, drift_after, zone_drifts_after
from hub.runtime.model.names import Fqdn, NameKey, NameState
from hub.runtime.names.dry_run import NOT_DRY, DryRun
from hub.runtime.ports import ZoneClosed, ZoneUnavailable
from hub.runtime.sweeper.differences import REASONS, difference_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Millis, Published
    from hub.runtime.ports import Clock
    from hub.runtime.sweeper.ports import DriftLedger, DriftStatuses, NamesInZone
    from hub.runtime.sweeper.zone_changes import ZoneChange

NO_NAMES: Final = "the event does not say which names"
SOME_NAMES: Final = "the event has changes whose names cannot be read"
NO_TIME: Final = "no time is left"
# So many names are read one by one. More are read in one pass of the zone, unless that takes more calls.
MOST_READ: Final = 30
SMALL_ZONE: Final = 300 * MOST_READ
MANY_NAMES: Final = f"the call changed more than {MOST_READ} names of orgdns in a large zone"
UNDECIDED: Final = "the records of the name wait for a change"
# Reading the names takes a call for each, or a pass of the zone.
STEP_SECONDS: Final = HUB_CALLS.seconds(3)


@dataclass(frozen=True, slots=True)
class DriftOutcome:
    """What a call changed: the names that are repaired now, those that wait for an audit, and those in dry run.

    Of names in dry run, nothing is repaired: the ledger takes over what the zone holds.
    `audit` is the reason for which the zones wait for an audit instead; it is empty if they do not.
    """

    change: ZoneChange
    repaired: tuple[Fqdn, ...] = ()
    damped: tuple[Fqdn, ...] = ()
    audit: str = ""
    in_dry_run: tuple[Fqdn, ...] = ()


class _NotRead(Exception):
    """The names are left to an audit. The message says why."""


@dataclass(frozen=True, slots=True)
class DriftRepair:
    """Repairs what others changed, except what is in `dry_run`. `paused` returns why publishing is paused, or None."""

    ledger: DriftLedger
    statuses: DriftStatuses
    zones: NamesInZone
    clock: Clock
    paused: Callable[[], str | None]
    dry_run: DryRun = NOT_DRY

    def repair(self, change: ZoneChange, deadline: Deadline) -> DriftOutcome:
        """Mark the names of the change that differ from the ledger, or request an audit if they cannot be read.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        if change.names is None:
            return self._audited(change, NO_NAMES)
        outcome = self._repaired(change, change.names, deadline)
        if not change.unreadable or outcome.audit:
            return outcome
        # The names that can be read are repaired now; the audit finds the others.
        return replace(outcome, audit=self._audited(change, SOME_NAMES).audit)

    def _repaired(self, change: ZoneChange, names: Collection[Fqdn], deadline: Deadline) -> DriftOutcome:
        zone_id = change.zone_ids[0]
        known = self.ledger.remembered([NameKey(zone_id, fqdn) for fqdn in names])
        # Where nothing of orgdns is published, a record set with its SetIdentifier is a matter for an audit.
        remembered = {
            key: published
            for key, published in known.items()
            if not isinstance(published, Unreadable) and _concerned(published)
        }
        # During a pause the publisher abandons what is marked, and the end of the pause audits every zone.
        if not remembered or self.paused() is not None:
            return DriftOutcome(change)
        before, now = self.ledger.drifts(list(remembered)), self.clock()
        drifts = {key: drift_after(before.get(key), change.by, now) for key in remembered}
        # A name that waits for an audit is not read either: the calls of others must not take the sweeper's time.
        prompt = {key: published for key, published in remembered.items() if not drifts[key].damped}
        try:
            differing = self._differing(zone_id, prompt, deadline)
        except (ZoneUnavailable, ZoneClosed, _NotRead) as fault:
            return self._audited(change, str(fault))
        # The name of a conflict may be free now, and where a change is in progress the publisher is at work.
        undecided = {key: UNDECIDED for key, published in prompt.items() if _undecided(published)}
        for key, reason in sorted((differing | undecided).items()):
            self.ledger.mark(key, f"{reason}: {change.by} changed them")
        # If the publisher changed the name since the ledger was read, nobody else may have.
        again = self.ledger.remembered(list(differing)) if differing else {}
        changed = [key for key in sorted(differing) if again.get(key) == remembered[key]]
        kept = [key for key in changed if self.dry_run.leaves(NameState(key, published=remembered[key]))]
        repaired = [key for key in changed if key not in kept]
        waiting = sorted(remembered.keys() - prompt.keys())
        for key in (*repaired, *undecided, *waiting):
            self.ledger.put_drift(key, drifts[key])
        outcome = self._counted(change, repaired, [key for key in waiting if not _undecided(remembered[key])], now)
        return replace(outcome, in_dry_run=tuple(key.fqdn for key in kept))

    def _counted(
        self, change: ZoneChange, repaired: Sequence[NameKey], waiting: Sequence[NameKey], now: Millis
    ) -> DriftOutcome:
        """Count the changed names in the zone's status."""
        if number := len(repaired) + len(waiting):
            zone_id = change.zone_ids[0]
            before = self.statuses.zone_status(zone_id).drift
            after = zone_drifts_after(before, change.by, number, now, damped=bool(waiting))
            self.statuses.put_drift(zone_id, after)
        return DriftOutcome(change, tuple(key.fqdn for key in repaired), tuple(key.fqdn for key in waiting))

    def _differing(
        self, zone_id: str, remembered: Mapping[NameKey, Published], deadline: Deadline
    ) -> dict[NameKey, str]:
        """The names that are not in the zone as the ledger remembers, each with what differs.

        Raises:
            ZoneUnavailable: if the zone cannot be read.
            ZoneClosed: if the zone is gone or denied.
            _NotRead: if reading the names would take too long.
        """
        decided = [key for key, published in remembered.items() if not _undecided(published)]
        if not decided:
            return {}
        if len(decided) > MOST_READ and not 0 < self.statuses.zone_status(zone_id).record_sets <= SMALL_ZONE:
            raise _NotRead(MANY_NAMES)
        if not deadline.allows(STEP_SECONDS):
            raise _NotRead(NO_TIME)
        found = self.zones.record_sets(zone_id, [key.fqdn for key in decided])
        differences = {key: difference_of(found[key.fqdn], remembered[key]) for key in decided}
        return {key: REASONS[difference] for key, difference in differences.items() if difference}

    def _audited(self, change: ZoneChange, reason: str) -> DriftOutcome:
        now = self.clock()
        for zone_id in change.zone_ids:
            status = self.statuses.zone_status(zone_id)
            request = audit_after(status.audit_requested_at, status.audits_paid_until, now)
            if request:
                self.statuses.put_audit_request(zone_id, *request)
        return DriftOutcome(change, audit=reason)


def _concerned(published: Published) -> bool:
    return bool(published.record_sets or published.withheld) or _undecided(published)


def _undecided(published: Published) -> bool:
    return published.pending or published.conflict is not None
