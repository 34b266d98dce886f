"""The audit: what the zones hold against the ledger, over ports. No AWS, no log.

It writes to no zone: it marks the names that differ, and the publisher reads what is there and decides. Names that
would vanish by it wait for a person if there are too many.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.chunks import chunks
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.names import Fqdn, InstanceRef, NameKey, Published
from hub.runtime.ports import ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import NameState, RecordSet, Spoke
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.ports import Clock, ZoneRecordSets
    from hub.runtime.sweeper.ports import AuditLedger, Statuses, ZoneListing

# The rows of so many names are read at once (DynamoDB API Reference, BatchGetItem: up to 100).
COMPARED_AT_ONCE: Final = 100
# An audit with less than this many seconds left ends unfinished before the next step.
STEP_SECONDS: Final = HUB_CALLS.seconds()
NO_TIME: Final = "no time was left to read all of it"
PAUSED: Final = "publishing is paused"
# What waits stands in one row of the ledger, of 400 KB at most, and a name has up to 255 characters.
MAX_PENDING: Final = 1_000


class Difference(StrEnum):
    """How a name differs from what is claimed, or from what the ledger remembers."""

    MISSING = "missing"
    EDITED = "edited"
    UNCLAIMED = "unclaimed"
    FOREIGN = "foreign"
    BEHIND = "behind"
    UNSETTLED = "unsettled"


_REASONS: Final = {
    Difference.MISSING: "record sets of ours are not there any more",
    Difference.EDITED: "record sets of ours are not as they were published",
    Difference.UNCLAIMED: "record sets of ours that nobody claims",
    Difference.FOREIGN: "a foreign record set is beside or in the way of ours",
    Difference.BEHIND: "what was published is not what is claimed",
}


@dataclass(slots=True)
class _Run:
    """One zone's bookkeeping; `vanishing` are the names of which nothing would be left."""

    status: ZoneStatus
    deadline: Deadline
    seen: HashSet = field(default_factory=HashSet)
    counts: Counter[Difference] = field(default_factory=Counter)
    vanishing: dict[Fqdn, Difference] = field(default_factory=dict)
    names: int = 0


class _Unfinished(Exception):
    """Not all was read; the message says why."""


@dataclass(frozen=True, slots=True)
class Auditor:
    """Audits zones; `paused` says why nothing is written to them now, or None."""

    ledger: AuditLedger
    statuses: Statuses
    zones: ZoneListing
    guard: Guard
    clock: Clock
    paused: Callable[[], str | None]

    def audit(self, zone_ids: Iterable[str], deadline: Deadline) -> list[ZoneStatus]:
        """Mark what differs in these zones, and remember how that went.

        A zone that could not be read to its end is unknown: no name is missing from it.

        Raises:
            LedgerUnavailable: When the ledger could not be read or written. A repeat is safe.
        """
        known = {status.spoke: status.settled(self.clock()) for status in self.statuses.spoke_statuses()}
        runs: dict[str, _Run] = {}
        failed: list[ZoneStatus] = []
        for zone_id in zone_ids:
            run = _Run(replace(self.statuses.zone_status(zone_id), tried_at=self.clock()), deadline)
            try:
                self._check_paused()
                self._compare(run, known)
                runs[zone_id] = run
            except (ZoneUnavailable, ZoneClosed, _Unfinished) as fault:
                failed.append(replace(run.status, fault=str(fault)))
        done = self._finished(runs) if runs else []
        for status in (*done, *failed):
            self.statuses.put_zone_status(status)
        return [*done, *failed]

    def _finished(self, runs: dict[str, _Run]) -> list[ZoneStatus]:
        """Compare what the ledger has of the zones that were read; how they are."""
        try:
            for state in self.ledger.names(runs):
                run = runs[state.key.zone_id]
                _check_time(run)
                self._compare_claims(run, state)
        except _Unfinished as fault:
            return [replace(run.status, fault=str(fault)) for run in runs.values()]
        return [self._settled(run) for run in runs.values()]

    def _settled(self, run: _Run) -> ZoneStatus:
        """Mark the names of which nothing would be left, unless they wait for a person; how the zone is."""
        pending_removals = self.guard.awaiting_approval(dict.fromkeys(run.vanishing, 1), run.names, run.status.approved)
        for fqdn, difference in run.vanishing.items():
            if fqdn not in pending_removals:
                self.ledger.mark(NameKey(run.status.zone_id, fqdn), _REASONS[difference])
        return replace(
            run.status,
            audited_at=run.status.tried_at,
            names=run.names,
            differences=tuple(sorted((difference.value, number) for difference, number in run.counts.items())),
            fault="",
            pending_removals=tuple(sorted(fqdn for fqdn in run.vanishing if fqdn in pending_removals))[:MAX_PENDING],
            pending_names=len(pending_removals),
        )

    def _compare(self, run: _Run, known: dict[Spoke, bool]) -> None:
        """Compare all names that the zone holds with what the ledger remembers of them."""
        zone_id = run.status.zone_id
        for chunk in chunks(self.zones.listing(zone_id), COMPARED_AT_ONCE):
            _check_time(run)
            remembered = self.ledger.remembered([NameKey(zone_id, fqdn) for fqdn, _ in chunk])
            for fqdn, there in chunk:
                run.seen.add(fqdn)
                run.names += bool(there.owned)
                key = NameKey(zone_id, fqdn)
                self._compare_name(run, key, there, remembered.get(key, Published()), known)

    def _compare_name(
        self, run: _Run, key: NameKey, there: ZoneRecordSets, remembered: Published, known: dict[Spoke, bool]
    ) -> None:
        current, before = set(there.owned), set(remembered.record_sets)
        unknown_owners = _owners(current) - _owners(before)
        if self._unsettled(unknown_owners, known):
            # Its claims may not be in the ledger yet, as after it was emptied: nothing is known to be wrong.
            run.counts[Difference.UNSETTLED] += 1
        elif unknown_owners:
            desired = set(desired_record_sets(self.ledger.name(key).claims))
            unclaimed = unknown_owners - _owners(desired)
            self._differs(
                run,
                key,
                Difference.UNCLAIMED if unclaimed else Difference.EDITED,
                vanishes=bool(current and not desired),
            )
        elif before - current and _owners(before) - _owners(current):
            self._differs(run, key, Difference.MISSING)
        elif before != current:
            self._differs(run, key, Difference.EDITED)
        elif not remembered.conflict and _beside(there):
            self._differs(run, key, Difference.FOREIGN)

    def _compare_claims(self, run: _Run, state: NameState) -> None:
        """Compare what is claimed of a name with what the ledger remembers, and that with whether it was seen."""
        desired, before = set(desired_record_sets(state.claims)), set(state.published.record_sets)
        vanishes = bool(before and not desired)
        if state.published.conflict:
            self._differs(run, state.key, Difference.FOREIGN, vanishes=vanishes)
        elif state.published.pending or desired != before:
            self._differs(run, state.key, Difference.BEHIND, vanishes=vanishes)
        elif before and state.key.fqdn not in run.seen:
            self._differs(run, state.key, Difference.MISSING)

    def _differs(self, run: _Run, key: NameKey, difference: Difference, *, vanishes: bool = False) -> None:
        """Count a difference, and mark the name, or keep it until it is known how many would vanish."""
        if key.fqdn in run.vanishing:
            return
        run.counts[difference] += 1
        if vanishes:
            run.vanishing[key.fqdn] = difference
        else:
            self.ledger.mark(key, _REASONS[difference])

    def _unsettled(self, set_identifiers: Collection[str], known: dict[Spoke, bool]) -> bool:
        """Whether some of the owners are of spokes of which the ledger may not know all claims."""
        unsettled = False
        for spoke in {ref.spoke for one in set_identifiers if (ref := InstanceRef.of_set_identifier(one))}:
            if spoke not in known:
                self.statuses.register_spoke(spoke)
                known[spoke] = False
            unsettled |= not known[spoke]
        return unsettled

    def _check_paused(self) -> None:
        paused = self.paused()
        if paused is not None:
            # What is marked now would be let go by a publisher that may not write.
            raise _Unfinished(f"{PAUSED}: {paused}")


def _check_time(run: _Run) -> None:
    if not run.deadline.allows(STEP_SECONDS):
        raise _Unfinished(NO_TIME)


def _owners(record_sets: Collection[RecordSet]) -> set[str]:
    return {record_set.set_identifier for record_set in record_sets}


def _beside(there: ZoneRecordSets) -> bool:
    """Whether something foreign stands beside what is ours, of its type or as a CNAME."""
    types = {record_set.type.value for record_set in there.owned}
    return bool(types) and any(foreign.type in types or foreign.type == "CNAME" for foreign in there.foreign)
