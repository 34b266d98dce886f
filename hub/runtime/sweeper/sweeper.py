"""The sweep of a spoke: all its instances against the ledger, over ports. No AWS, no log.

What events told is not needed: each instance is judged as it is now. What would lose all of its names is looked at a
second time, and waits for a person if there is too much of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.chunks import chunks
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.membership import NotMember, Subject, member_account
from hub.runtime.model.names import NEVER, InstanceState
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.policy.decide import Decision
from hub.runtime.ports import LedgerUnavailable, SpokeDenied, SpokeUnreachable
from hub.runtime.sweeper.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Account, Fqdn, Instance, InstanceRef, Millis, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.observer.recorder import InstanceOutcome, Recorder
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import Accounts, Clock, Instances
    from hub.runtime.sweeper.ports import Statuses, SweepLedger

# What the ledger does not know yet of an instance as young as this is no event lost, but one on its way. Milliseconds.
ON_ITS_WAY: Final = 600_000
# A sweep with less than this many seconds left ends unfinished before the next page.
PAGE_SECONDS: Final = HUB_CALLS.seconds()
LOOKED_AT_AGAIN: Final = 200
NO_TIME: Final = "no time was left to see all of its instances"
GONE: Final = "two looks did not show the instance"
# What waits stands in one row of the ledger, of 400 KB at most; the ids of more instances wait for another sweep.
MAX_PENDING: Final = 10_000


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """What became of a sweep; complete where the status tells of no fault. `changed` counts instances."""

    status: SpokeStatus
    changed: int = 0

    @property
    def complete(self) -> bool:
        """Whether all instances of the spoke were seen."""
        return not self.status.fault


class _Unfinished(Exception):
    """Not all was seen, by no fault of the spoke; the message says why."""


@dataclass(frozen=True, slots=True)
class _Look:
    """An instance at one look, None where it did not show, and what policy gives it then."""

    instance: Instance | None
    decision: Decision
    looked_at: Millis


@dataclass(slots=True)
class _Run:
    """One sweep's bookkeeping; `losing` are the instances that would lose all of their names, and how many."""

    status: SpokeStatus
    account: Account
    began: Millis
    deadline: Deadline
    report: Callable[[InstanceOutcome], None]
    seen: HashSet = field(default_factory=HashSet)
    losing: dict[InstanceRef, int] = field(default_factory=dict)
    instances: int = 0
    names: int = 0
    missed: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Sweeps spokes. `policy_digest` tells policies apart."""

    policy: Policy
    policy_digest: str
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    instances: Instances
    rows: SweepLedger
    statuses: Statuses
    recorder: Recorder
    guard: Guard
    clock: Clock

    def sweep(self, spoke: Spoke, deadline: Deadline, report: Callable[[InstanceOutcome], None]) -> SweepOutcome:
        """Bring the ledger in line with what the spoke shows, report what changed, and remember how that went.

        Nothing is removed unless the listing was complete, and a second look at exactly those instances agrees.

        Raises:
            LedgerUnavailable: When the ledger could not be read or written. A repeat is safe.
        """
        status = replace(self.statuses.spoke_status(spoke), tried_at=self.clock())
        changed = 0
        try:
            run = _Run(status, self._account(spoke), self.clock(), deadline, report)
            try:
                self._compare(run)
                self._find_absent(run)
                pending_removals = self._remove(run)
            finally:
                changed = run.changed
            status = replace(
                status,
                swept_at=run.began,
                policy=self.policy_digest,
                instances=run.instances,
                names=run.names,
                missed=run.missed,
                missed_ever=status.missed_ever + run.missed,
                fault="",
                fault_since=NEVER,
                withdrawn=False,
                pending_removals=tuple(sorted(ref.id for ref in pending_removals))[:MAX_PENDING],
                pending_names=sum(pending_removals.values()),
            )
        except SpokeDenied as denied:
            status = self._out_of_reach(status, str(denied), deadline, report)
        except (SpokeUnreachable, _Unfinished) as fault:
            status = replace(status, fault=str(fault))
        self.statuses.put_spoke_status(status)
        return SweepOutcome(status, changed)

    def _account(self, spoke: Spoke) -> Account:
        """Return the account of a spoke that may be read.

        Raises:
            SpokeDenied: if the spoke does not belong to the organization or the policy.
            SpokeUnreachable: if that is not known now.
        """
        try:
            return member_account(spoke, self.accounts, self.policy, Subject.INSTANCES)
        except NotMember as refused:
            raise (SpokeUnreachable if refused.cause.temporary else SpokeDenied)(str(refused)) from refused

    def _compare(self, run: _Run) -> None:
        """Judge all instances that EC2 shows."""
        pages = iter(self.instances.pages(run.status.spoke))
        while True:
            _check_time(run)
            looked_at = self.clock()
            page = next(pages, None)
            if page is None:
                return
            rows = self.rows.known_observations([instance.ref for instance in page])
            for instance in page:
                run.seen.add(instance.ref.id)
                run.instances += not instance.state.final
                look = self._look(run, instance, looked_at)
                row = rows.get(instance.ref)
                if look is not None and _names(row) and not look.decision.claims:
                    run.losing[instance.ref] = _names(row)
                elif look is not None:
                    self._record(run, instance.ref, look, row)

    def _find_absent(self, run: _Run) -> None:
        """Find the instances that have names, and that EC2 did not show; count the names of all."""
        for row in self.rows.observations_of(run.status.spoke):
            _check_time(run)
            names = _names(row)
            run.names += names
            if names and row.ref.id not in run.seen and row.observed_at < run.began:
                run.losing[row.ref] = names

    def _remove(self, run: _Run) -> dict[InstanceRef, int]:
        """Look a second time at what would lose its names, and record it; what is left for a person to approve."""
        looks: dict[InstanceRef, _Look] = {}
        for refs in chunks(run.losing, LOOKED_AT_AGAIN):
            _check_time(run)
            looked_at = self.clock()
            shown = self.instances.describe(run.status.spoke, [ref.id for ref in refs])
            for ref in refs:
                look = self._look(run, shown.get(ref.id), looked_at)
                if look is not None:
                    looks[ref] = look
        removals = {ref.id: run.losing[ref] for ref, look in looks.items() if not look.decision.claims}
        pending_removals = self.guard.awaiting_approval(removals, run.names, run.status.approved)
        for refs in chunks([ref for ref in looks if ref.id not in pending_removals], LOOKED_AT_AGAIN):
            _check_time(run)
            rows = self.rows.known_observations(refs)
            for ref in refs:
                self._record(run, ref, looks[ref], rows.get(ref))
                run.names -= removals.get(ref.id, 0)
        return {ref: removals[ref.id] for ref in looks if ref.id in pending_removals}

    def _look(self, run: _Run, instance: Instance | None, looked_at: Millis) -> _Look | None:
        """What a look gives; None where the instance is between two states, and keeps what it has."""
        if instance is None:
            return _Look(None, Decision(), looked_at)
        if instance.state.final:
            return _Look(instance, Decision(), looked_at)
        if instance.state is InstanceState.PENDING or not instance.addressed:
            return None
        return _Look(instance, self.policy.decide(instance, run.account, self.zone_ids), looked_at)

    def _record(self, run: _Run, ref: InstanceRef, look: _Look, row: Observation | None) -> None:
        """Write what a look gives, unless the ledger says so already."""
        instance = look.instance
        ended = instance is not None and instance.state.final
        if row is None and (ended or instance is None):
            return
        if row is not None and row.settled and row.ended == ended:
            facts = (instance, run.account) if instance is not None and not ended else (None, None)
            if (row.claims, row.instance, row.account) == (look.decision.claims, *facts) and (
                ended or instance is None or row.refusals == look.decision.refusals
            ):
                return
        if ended:
            outcome = self.recorder.ended(ref)
        elif instance is None:
            outcome = self.recorder.unseen(ref, GONE, look.looked_at)
        else:
            outcome = self.recorder.seen(instance, run.account, look.decision, look.looked_at)
        if outcome.result is InstanceResult.RETRY and not outcome.superseded:
            raise LedgerUnavailable(outcome.reason)
        if outcome.result is InstanceResult.RECORDED:
            run.changed += 1
            run.missed += self._missed(run, look)
            run.report(outcome)

    def _missed(self, run: _Run, look: _Look) -> bool:
        """Whether an event should have told of a change: not what was there before orgdns, or comes of a new policy."""
        launched_at = look.instance.launched_at if look.instance else NEVER
        return run.status.policy == self.policy_digest and look.looked_at - launched_at > ON_ITS_WAY

    def _out_of_reach(
        self, status: SpokeStatus, reason: str, deadline: Deadline, report: Callable[[InstanceOutcome], None]
    ) -> SpokeStatus:
        """How a spoke is that cannot be read: its names are kept for a while, and then withdrawn."""
        now = self.clock()
        since = status.fault_since or now
        status = replace(status, fault=reason, fault_since=since, pending_removals=(), pending_names=0)
        if status.withdrawn or now - since < self.guard.grace:
            return status
        for row in self.rows.observations_of(status.spoke):
            if not deadline.allows(PAGE_SECONDS):
                return status
            if _names(row):
                outcome = self.recorder.unseen(row.ref, f"the spoke was out of reach for too long: {reason}", now)
                if outcome.result is InstanceResult.RETRY and not outcome.superseded:
                    raise LedgerUnavailable(outcome.reason)
                report(outcome)
        return replace(status, withdrawn=True, names=0)


def _check_time(run: _Run) -> None:
    if not run.deadline.allows(PAGE_SECONDS):
        raise _Unfinished(NO_TIME)


def _names(row: Observation | None) -> int:
    """How many names an instance has by its row, or may have."""
    return 0 if row is None or (row.ended and row.settled) else len(row.claims)
