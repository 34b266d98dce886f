"""The sweep of a spoke: compares all its instances with the ledger, over ports. No AWS, no log.

A sweep needs no events: it judges each instance by its current state. It describes the instances that would lose all
their names a second time. If too many of them would, their removal awaits a person's approval.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.guard import Removal
from hub.runtime.membership import NotMember, member_account
from hub.runtime.model.names import NEVER, InstanceState
from hub.runtime.model.usage import Tally
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.policy.decide import Decision
from hub.runtime.ports import LedgerUnavailable, SpokeClosed, SpokeDenied, SpokeUnreachable
from hub.runtime.sweeper.hash_set import HashSet
from hub.runtime.sweeper.unreachable import PAGE_SECONDS, UnreachableSpokes, names_of, with_pending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Account, Fqdn, Instance, InstanceRef, Millis, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.observer.recorder import InstanceOutcome, Recorder
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import AccountLabels, Accounts, Clock, Instances
    from hub.runtime.sweeper.ports import Statuses, SweepLedger

# An instance younger than this may have an event that is not lost, but still on its way. Milliseconds.
ON_ITS_WAY: Final = 600_000
DESCRIBED_AT_ONCE: Final = 200
NO_TIME: Final = "the sweep ran out of time before it had read all instances"
GONE: Final = "EC2 did not show the instance twice in a row"


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """The spoke's status after a sweep, how many instances changed, and how many of these changes events missed."""

    status: SpokeStatus
    changed: int = 0
    missed: int = 0

    @property
    def complete(self) -> bool:
        """Whether all instances of the spoke were read."""
        return not self.status.fault


class _Unfinished(Exception):
    """Not all instances were read, for a reason that is not in the spoke. The message says why."""


@dataclass(frozen=True, slots=True)
class _Observed:
    """An instance as described, or None if EC2 did not show it, and what policy gives it."""

    instance: Instance | None
    decision: Decision
    described_at: Millis


@dataclass(slots=True)
class _Run:
    """The bookkeeping of one sweep. `losing` counts the names of each instance that would lose all of them."""

    status: SpokeStatus
    account: Account
    began_at: Millis
    deadline: Deadline
    report: Callable[[InstanceOutcome], None]
    after_call: bool = False
    listed: HashSet = field(default_factory=HashSet)
    losing: dict[InstanceRef, int] = field(default_factory=dict)
    instances: int = 0
    names: int = 0
    usage: Tally = field(default_factory=Tally)
    missed: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Sweeps spokes. `policy_digest` identifies the current policy."""

    policy: Policy
    policy_digest: str
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    labels: AccountLabels
    instances: Instances
    rows: SweepLedger
    statuses: Statuses
    recorder: Recorder
    guard: Guard
    clock: Clock

    def sweep(
        self, spoke: Spoke, deadline: Deadline, report: Callable[[InstanceOutcome], None], *, after_call: bool = False
    ) -> SweepOutcome:
        """Bring the ledger in line with the spoke's instances, report each change, and store the spoke's status.

        Names are removed only if the listing was complete and a second description of exactly these instances agrees.
        In a sweep that a call caused, only instances that the ledger does not have count as missed by events.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        status, generation = self.statuses.sweep_begins(spoke)
        status = replace(status, tried_at=self.clock())
        changed = missed = 0
        try:
            run = _Run(status, self._account(spoke), self.clock(), deadline, report, after_call)
            try:
                self._withdraw_released(run)
                self._compare(run)
                self._find_absent(run)
                pending_removals = self._remove(run)
            finally:
                changed, missed = run.changed, run.missed
            status = replace(
                status,
                swept_at=run.began_at,
                policy=self.policy_digest,
                instances=run.instances,
                names=run.names,
                usage=run.usage.in_place_of(status.usage),
                missed=status.missed if after_call else run.missed,
                missed_ever=status.missed_ever + run.missed,
                fault="",
                fault_since=NEVER,
                closed=False,
                withdrawn=False,
                withdrawn_at=NEVER,
                generation=generation,
            )
            status = with_pending(status, pending_removals)
        except SpokeDenied as denied:
            unreachable = UnreachableSpokes(self.rows, self.statuses, self.recorder, self.guard, self.clock)
            status = replace(status, closed=isinstance(denied, SpokeClosed))
            status = unreachable.withdraw(status, str(denied), generation, deadline, report)
        except (SpokeUnreachable, _Unfinished) as fault:
            status = replace(status, fault=str(fault))
        self.statuses.put_spoke_status(status)
        if changed and status.counted:
            self.recorder.admission.recounted(spoke)
        return SweepOutcome(status, changed, missed)

    def _account(self, spoke: Spoke) -> Account:
        """Return the account of a spoke that may be read.

        Raises:
            SpokeClosed: if the spoke does not belong to the organization or the policy.
            SpokeUnreachable: if this cannot be determined now.

        """
        try:
            return member_account(spoke, self.accounts, self.policy.coverage)
        except NotMember as refused:
            raise (SpokeUnreachable if refused.cause.temporary else SpokeClosed)(str(refused)) from refused

    def _withdraw_released(self, run: _Run) -> None:
        """Withdraw the claims under labels that the account's name no longer gives.

        This needs neither the spoke's answer nor an approval: Organizations says that the label is not the account's.

        """
        labels = self.labels.released(run.account.id) - {run.account.label}
        for row in self.rows.observations_of(run.status.spoke) if labels else ():
            _check_time(run)
            if any(claim.label in labels for claim in row.claims):
                self._report(run, self.recorder.without_labels(row, run.account, labels))

    def _compare(self, run: _Run) -> None:
        """Compare all instances that EC2 shows with the ledger."""
        pages = iter(self.instances.pages(run.status.spoke))
        while True:
            _check_time(run)
            described_at = self.clock()
            page = next(pages, None)
            if page is None:
                return
            rows = self.rows.known_observations([instance.ref for instance in page])
            for instance in page:
                run.listed.add(instance.ref.id)
                run.instances += not instance.state.final
                observed = self._observed(run, instance, described_at)
                row = rows.get(instance.ref)
                if observed is not None and names_of(row) and not observed.decision.claims:
                    run.losing[instance.ref] = names_of(row)
                elif observed is not None:
                    self._record(run, instance.ref, observed, row)

    def _find_absent(self, run: _Run) -> None:
        """Find the instances that have names and that EC2 did not show; count the names of all instances."""
        for row in self.rows.observations_of(run.status.spoke):
            _check_time(run)
            names = names_of(row)
            run.names += names
            run.usage.add(row.claims if names else ())
            if names and row.ref.id not in run.listed and row.observed_at < run.began_at:
                run.losing[row.ref] = names

    def _remove(self, run: _Run) -> dict[InstanceRef, int]:
        """Describe the instances that would lose their names again, and record them; return the pending removals."""
        observed = self._observed_again(run)
        removals = {ref.id: run.losing[ref] for ref, again in observed.items() if not again.decision.claims}
        account = run.account.id
        pending_removals = self.guard.awaiting_approval(
            {instance_id: Removal(account, names) for instance_id, names in removals.items()},
            {account: run.names},
            run.status.approved,
        )
        for refs in chunks([ref for ref in observed if ref.id not in pending_removals], DESCRIBED_AT_ONCE):
            _check_time(run)
            rows = self.rows.known_observations(refs)
            for ref in refs:
                self._record(run, ref, observed[ref], rows.get(ref))
                if ref.id in removals:
                    run.names -= removals[ref.id]
                    run.usage.remove(rows[ref].claims)
        return {ref: removals[ref.id] for ref in observed if ref.id in pending_removals}

    def _observed_again(self, run: _Run) -> dict[InstanceRef, _Observed]:
        observed: dict[InstanceRef, _Observed] = {}
        for refs in chunks(run.losing, DESCRIBED_AT_ONCE):
            _check_time(run)
            described_at = self.clock()
            found = self.instances.describe(run.status.spoke, [ref.id for ref in refs])
            for ref in refs:
                again = self._observed(run, found.get(ref.id), described_at)
                if again is not None:
                    observed[ref] = again
        return observed

    def _observed(self, run: _Run, instance: Instance | None, described_at: Millis) -> _Observed | None:
        """Return the instance and what policy gives it; None if it is between two states and keeps its names."""
        if instance is None or instance.state.final:
            return _Observed(instance, Decision(), described_at)
        if instance.state is InstanceState.PENDING or not instance.addressed:
            return None
        decision = self.policy.decide(instance, run.account, self.zone_ids, self.labels.reserved())
        return _Observed(instance, decision, described_at)

    def _record(self, run: _Run, ref: InstanceRef, observed: _Observed, row: Observation | None) -> None:
        """Record an instance, unless the ledger already has it like this."""
        instance = observed.instance
        ended = instance is not None and instance.state.final
        if row is None and (ended or instance is None):
            return
        if row is not None and row.settled and row.ended == ended:
            facts = (instance, run.account) if instance is not None and not ended else (None, None)
            decision = observed.decision
            if row.claims != decision.claims:
                decision = self.recorder.admission.fitting(ref, row.claims, decision)
            if (row.claims, row.instance, row.account) == (decision.claims, *facts) and (
                ended or instance is None or row.refusals == decision.refusals
            ):
                return
        if ended:
            outcome = self.recorder.ended(ref)
        elif instance is None:
            outcome = self.recorder.missing(ref, GONE, observed.described_at)
        else:
            outcome = self.recorder.described(instance, run.account, observed.decision, observed.described_at)
        if self._report(run, outcome):
            run.missed += self._missed(run, observed, row)

    def _report(self, run: _Run, outcome: InstanceOutcome) -> bool:
        """Count and report a change; return whether there was one."""
        if outcome.result is InstanceResult.RETRY and not outcome.superseded:
            raise LedgerUnavailable(outcome.reason)
        if outcome.result is InstanceResult.RECORDED:
            run.changed += 1
            run.report(outcome)
        return outcome.result is InstanceResult.RECORDED

    def _missed(self, run: _Run, observed: _Observed, row: Observation | None) -> bool:
        """Whether an event should have reported the change: not in a first sweep, nor after a new policy.

        A call changes only instances that the ledger has.
        """
        launched_at = observed.instance.launched_at if observed.instance else NEVER
        late = observed.described_at - launched_at > ON_ITS_WAY
        by_call = run.after_call and row is not None
        return not by_call and run.status.policy == self.policy_digest and late


def _check_time(run: _Run) -> None:
    if not run.deadline.allows(PAGE_SECONDS):
        raise _Unfinished(NO_TIME)
