"""The audit: compares what the zones hold with the ledger, over ports. No AWS, no log.

An audit does not write to zones. It marks the names that differ; the publisher reads what the zone holds and decides.
If too many names would vanish, their removal awaits a person's approval.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.guard import Removal
from hub.runtime.model.names import Fqdn, InstanceRef, NameKey, Published
from hub.runtime.model.observation import Observation
from hub.runtime.names.dry_run import NOT_DRY, DryRun
from hub.runtime.ports import ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.foreign import UNREADABLE
from hub.runtime.sweeper.bookkeeping import UnreadableThings
from hub.runtime.sweeper.differences import (
    REASONS,
    Difference,
    accounts_of,
    difference_of,
    expected,
    owners_of,
    withheld_differs,
)
from hub.runtime.sweeper.hash_set import HashSet
from hub.runtime.sweeper.repair.comparison import LedgerComparison
from hub.runtime.sweeper.repair.decision import RepairKind
from hub.runtime.sweeper.repair.ledger_repair import LedgerRepair

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import NameState, RecordSet, Spoke
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.ports import Clock, ZoneRecordSets
    from hub.runtime.sweeper.ports import AuditLedger, Statuses, ZoneListing
    from hub.runtime.sweeper.repair.decision import Repaired

# The number of rows read at once (DynamoDB API Reference, BatchGetItem: up to 100).
COMPARED_AT_ONCE: Final = 100
# An audit ends unfinished before the next step if fewer seconds than this remain.
STEP_SECONDS: Final = HUB_CALLS.seconds()
NO_TIME: Final = "the audit ran out of time before it had read all names"
PAUSED: Final = "publishing is paused"
ANEW: Final = "the ledger was emptied or restored during the audit"
# Pending removals are stored in one row of the ledger, of 400 KB at most, once more when they are approved, and beside
# VPCs. A name has up to 255 characters. Further names wait for another audit.
MAX_PENDING: Final = 500
# The repairs of a zone's rows of the ledger that an audit reports. It counts all.
MAX_REPORTED: Final = 100


@dataclass(slots=True)
class _Run:
    """The bookkeeping of one zone. `names` counts the names that orgdns holds there, by the account of their instances.

    `vanishing` are the names that would lose all record sets of orgdns, each with its account. `counts` counts the
    names that differ, each once, by the first difference found; `counted` are those that the listing of the zone
    showed.
    """

    status: ZoneStatus
    listed: HashSet = field(default_factory=HashSet)
    counted: HashSet = field(default_factory=HashSet)
    counts: Counter[Difference] = field(default_factory=Counter)
    vanishing: dict[Fqdn, tuple[Difference, str]] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)
    repaired: Counter[RepairKind] = field(default_factory=Counter)
    record_sets: int = 0
    claimed: int = 0
    unreadable: UnreadableThings = field(default_factory=UnreadableThings)

    def count(self, fqdn: Fqdn, difference: Difference) -> None:
        """Count a name that the listing of the zone shows to differ. A listing has each name once."""
        self.counted.add(fqdn)
        self.counts[difference] += 1

    def count_again(self, fqdn: Fqdn, difference: Difference) -> None:
        """Count a name that the ledger shows to differ, unless the listing did so before."""
        if fqdn not in self.counted:
            self.counts[difference] += 1


class _Unfinished(Exception):
    """Not all names were read. The message says why."""


def _unreported(_repaired: Repaired) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Auditor:
    """Audits zones. `paused` returns why publishing is paused, or None. For what is in `dry_run`, no name vanishes."""

    ledger: AuditLedger
    statuses: Statuses
    zones: ZoneListing
    guard: Guard
    clock: Clock
    paused: Callable[[], str | None]
    dry_run: DryRun = NOT_DRY

    def audit(
        self, zone_ids: Iterable[str], deadline: Deadline, report: Callable[[Repaired], None] = _unreported
    ) -> list[ZoneStatus]:
        """Mark names whose records differ from the ledger, repair the ledger, and store each zone's status.

        A zone that cannot be listed completely loses no names. `report` is called with the first repairs of each zone.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        # History reads a complete audit as a proof of what names held. The audit of an emptied ledger proves nothing.
        generation = self.statuses.generation(begins=True)
        settled = {status.spoke: status.settled(generation) for status in self.statuses.spoke_statuses()}
        runs: dict[str, _Run] = {}
        failed: list[ZoneStatus] = []
        for zone_id in zone_ids:
            run = _Run(replace(self.statuses.zone_status(zone_id), tried_at=self.clock()))
            try:
                self._check_paused()
                self._compare(run, settled, deadline)
                runs[zone_id] = run
            except (ZoneUnavailable, ZoneClosed, _Unfinished) as fault:
                failed.append(replace(run.status, fault=str(fault)))
        done = self._finished(runs, settled, deadline, report) if runs else []
        if done and self.statuses.generation() != generation:
            done = [replace(run.status, fault=ANEW) for run in runs.values()]
        for status in (*done, *failed):
            self.statuses.put_zone_status(status)
        return [*done, *failed]

    def _finished(
        self,
        runs: dict[str, _Run],
        settled: dict[Spoke, bool],
        deadline: Deadline,
        report: Callable[[Repaired], None],
    ) -> list[ZoneStatus]:
        """Compare the ledger's names in the zones that were read; return the zones' statuses."""
        comparison = LedgerComparison(runs)
        try:
            for found in self.ledger.contents(runs):
                _check_time(deadline)
                if isinstance(found, Observation):
                    comparison.add_row(found)
                    continue
                if isinstance(found, Unreadable):
                    # The row of an instance, which the sweep of its spoke reports.
                    continue
                comparison.add_claims(found.claims)
                self._compare_claims(runs[found.key.zone_id], found, settled)
            for repaired in self._repaired(runs, comparison, deadline):
                report(repaired)
        except _Unfinished as fault:
            return [replace(run.status, fault=str(fault)) for run in runs.values()]
        return [self._status(run) for run in runs.values()]

    def _repaired(self, runs: dict[str, _Run], comparison: LedgerComparison, deadline: Deadline) -> Iterator[Repaired]:
        """Repair the rows of instances and of claims that contradict each other; yield the first ones of each zone."""
        repair = LedgerRepair(self.ledger, self.statuses)
        for repaired in repair.repaired(comparison.differing(), lambda: _check_time(deadline)):
            run = runs[repaired.claim.key.zone_id]
            run.repaired[repaired.kind] += 1
            if repaired.kind is RepairKind.CLAIM:
                # The claim is back, so the name does not vanish.
                run.vanishing.pop(repaired.claim.key.fqdn, None)
            if run.repaired.total() <= MAX_REPORTED:
                yield repaired

    def _status(self, run: _Run) -> ZoneStatus:
        """Mark the vanishing names, unless they await approval; return the zone's status."""
        removals: dict[str, Removal] = {fqdn: Removal(account) for fqdn, (_, account) in run.vanishing.items()}
        pending_removals = self.guard.awaiting_approval(removals, run.names, run.status.approved)
        for fqdn, (difference, _) in run.vanishing.items():
            if fqdn not in pending_removals:
                self.ledger.mark(NameKey(run.status.zone_id, fqdn), REASONS[difference])
        return replace(
            run.status,
            audited_at=run.status.tried_at,
            names=run.names.total(),
            record_sets=run.record_sets,
            claimed=run.claimed,
            unreadable=run.unreadable.number,
            unreadable_first=run.unreadable.first,
            differences=_by_kind(run.counts),
            repaired=_by_kind(run.repaired),
            fault="",
            pending_removals=tuple(sorted(fqdn for fqdn in run.vanishing if fqdn in pending_removals))[:MAX_PENDING],
            pending_names=len(pending_removals),
        )

    def _compare(self, run: _Run, settled: dict[Spoke, bool], deadline: Deadline) -> None:
        """Compare all names that the zone holds with the ledger's memory of them."""
        zone_id = run.status.zone_id
        for chunk in chunks(self.zones.listing(zone_id), COMPARED_AT_ONCE):
            _check_time(deadline)
            remembered = self.ledger.remembered([NameKey(zone_id, fqdn) for fqdn, _ in chunk])
            for fqdn, found in chunk:
                run.listed.add(fqdn)
                if found.owned:
                    run.names[accounts_of(found.owned)] += 1
                run.record_sets += len(found.owned) + len(found.foreign)
                if any(foreign.routing == UNREADABLE for foreign in found.foreign):
                    run.unreadable.add(fqdn)
                key = NameKey(zone_id, fqdn)
                before = remembered.get(key, Published())
                # A row that cannot be read is counted with the ledger's other rows.
                if not isinstance(before, Unreadable):
                    self._compare_name(run, key, found, before, settled)

    def _compare_name(
        self, run: _Run, key: NameKey, found: ZoneRecordSets, remembered: Published, settled: dict[Spoke, bool]
    ) -> None:
        current, before = set(found.owned), set(remembered.record_sets)
        unknown_owners = owners_of(current) - owners_of(before)
        if self._unsettled(unknown_owners, settled):
            # After a restore, the ledger may not have their claims back yet, so the name may be right.
            run.count(key.fqdn, Difference.UNSETTLED)
        elif unknown_owners:
            state = self.ledger.name(key)
            if state.unreadable:
                return
            desired = expected(state, found.owned, self.dry_run)
            difference = Difference.UNCLAIMED if unknown_owners - owners_of(desired) else Difference.EDITED
            run.count(key.fqdn, difference)
            self._mark(run, key, difference, vanishing=() if desired else found.owned)
        elif different := difference_of(found, remembered):
            run.count(key.fqdn, different)
            self._mark(run, key, different)

    def _compare_claims(self, run: _Run, state: NameState, settled: dict[Spoke, bool]) -> None:
        """Compare the claims on a name with the ledger's memory of it, and the memory with what the zone listed."""
        if state.unreadable:
            run.unreadable.add(state.key.fqdn)
            return
        before = set(state.published.record_sets)
        desired = expected(state, before, self.dry_run)
        run.claimed += sum(len(claim.values) for claim in self.dry_run.published(state.claims))
        vanishing = () if desired else state.published.record_sets
        known = {claim.instance for claim in state.claims} | state.withdrawn
        if self._unsettled(owners_of(before) - {str(ref) for ref in known}, settled):
            # What is published may be older than a loss of the ledger, too.
            run.count_again(state.key.fqdn, Difference.UNSETTLED)
            return
        if state.published.conflict:
            difference = Difference.FOREIGN
        elif state.published.pending or desired != before:
            difference = Difference.BEHIND
        elif before and state.key.fqdn not in run.listed:
            difference, vanishing = Difference.MISSING, ()
        elif withheld_differs(state, self.dry_run, listed=state.key.fqdn in run.listed):
            difference, vanishing = Difference.BEHIND, ()
        else:
            return
        run.count_again(state.key.fqdn, difference)
        if state.key.fqdn not in run.vanishing:
            self._mark(run, state.key, difference, vanishing)

    def _mark(self, run: _Run, key: NameKey, difference: Difference, vanishing: Collection[RecordSet] = ()) -> None:
        """Mark the name, unless all its record sets would vanish: those names are counted first."""
        if vanishing:
            run.vanishing[key.fqdn] = (difference, accounts_of(vanishing))
        else:
            self.ledger.mark(key, REASONS[difference])

    def _unsettled(self, owners: Collection[str], settled: dict[Spoke, bool]) -> bool:
        """Whether the ledger may not have all claims of some of the owners' spokes. Register the unknown spokes."""
        unsettled = False
        for spoke in {ref.spoke for owner in owners if (ref := InstanceRef.named(owner))}:
            if spoke not in settled:
                self.statuses.register_spoke(spoke)
                settled[spoke] = False
            unsettled |= not settled[spoke]
        return unsettled

    def _check_paused(self) -> None:
        reason = self.paused()
        if reason is not None:
            # A paused publisher would drop the marks.
            raise _Unfinished(f"{PAUSED}: {reason}")


def _by_kind(counts: Counter[Difference] | Counter[RepairKind]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((kind.value, number) for kind, number in counts.items()))


def _check_time(deadline: Deadline) -> None:
    if not deadline.allows(STEP_SECONDS):
        raise _Unfinished(NO_TIME)
