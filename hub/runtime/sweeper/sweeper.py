"""The sweep of a spoke: compares all its instances with the ledger, over ports. No AWS, no log.

A sweep needs no events: it judges each instance by its current state. It describes the instances that would lose all
their names a second time. If too many of them would, their removal awaits a person's approval.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.guard import Removal
from hub.runtime.membership import NotMember, member_account
from hub.runtime.model.names import NEVER, InstanceState
from hub.runtime.model.observation import Observation
from hub.runtime.model.reasons.cause import Cause, Trigger
from hub.runtime.observer.looks import Look, Observed, is_outdated, names_of
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult
from hub.runtime.policy.draft import Decision
from hub.runtime.ports import LedgerUnavailable, SpokeClosed, SpokeDenied, SpokeUnreachable
from hub.runtime.sweeper.bookkeeping import SweepOutcome, SweepRun, Unfinished
from hub.runtime.sweeper.undelivered import with_undelivered
from hub.runtime.sweeper.unreachable import APPROVED, UnreachableSpokes, with_pending

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Account, Fqdn, Instance, InstanceRef, Spoke
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.observer.recorder import Recorder
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import AccountLabels, Accounts, Clock, Instances
    from hub.runtime.sweeper.ports import Statuses, SweepLedger, UndeliveredEvents

# An instance younger than this may have an event that is not lost, but still on its way. Milliseconds.
ON_ITS_WAY: Final = 600_000
DESCRIBED_AT_ONCE: Final = 200
# How often a sweep looks at an instance whose row others keep changing.
LOOKS: Final = 2


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
    queues: UndeliveredEvents

    def sweep(
        self, spoke: Spoke, deadline: Deadline, report: Callable[[InstanceOutcome], None], *, after_call: bool = False
    ) -> SweepOutcome:
        """Bring the ledger in line with the spoke's instances, report each change, and store the spoke's status.

        Names are removed only if the listing was complete and a second description of exactly these instances agrees.
        In a sweep that a call caused, only instances that the ledger does not have count as missed by events, and
        instances that are damped stay as they are.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        status, generation = self.statuses.sweep_begins(spoke)
        status = replace(status, tried_at=self.clock())
        changed = missed = 0
        try:
            trigger = self._trigger(status, after_call=after_call)
            run = SweepRun(
                status, generation, self._account(spoke), self.clock(), deadline, report, after_call, trigger
            )
            try:
                self._withdraw_released(run)
                self._compare(run)
                self._find_absent(run)
                pending_removals = self._remove(run)
            finally:
                changed, missed = run.changed, run.missed
            status = replace(
                with_pending(status, pending_removals),
                unreadable=run.unreadable.number,
                unreadable_first=run.unreadable.first,
            )
            run.check_identities()
            status = replace(
                status,
                swept_at=run.began_at,
                policy=self.policy_digest,
                instances=run.instances,
                names=run.names,
                damped=run.damped,
                usage=run.usage.in_place_of(status.usage),
                missed=status.missed if after_call else run.missed,
                missed_ever=status.missed_ever + run.missed,
                missed_sweeps=status.missed_sweeps if after_call else (status.missed_sweeps + 1) * bool(run.missed),
                fault="",
                fault_since=NEVER,
                closed=False,
                withdrawn=False,
                withdrawn_at=NEVER,
                generation=generation,
            )
            if not after_call:
                status = with_undelivered(status, self.queues)
        except SpokeDenied as denied:
            unreachable = UnreachableSpokes(self.rows, self.statuses, self.recorder, self.guard, self.clock)
            status = replace(status, closed=isinstance(denied, SpokeClosed))
            status = unreachable.withdraw(status, str(denied), generation, deadline, report)
        except (SpokeUnreachable, Unfinished) as fault:
            status = replace(status, fault=str(fault))
        self.statuses.put_spoke_status(status)
        if changed and status.counted:
            self.recorder.admission.recounted(spoke)
        return SweepOutcome(status, changed, missed)

    def _trigger(self, status: SpokeStatus, *, after_call: bool) -> Trigger:
        """Return why a sweep may change names: a call, a policy that is new to the spoke, or neither."""
        another = bool(status.policy) and status.policy != self.policy_digest
        return Trigger(Cause.POLICY if another else Cause.CALL if after_call else Cause.SWEEP)

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

    def _withdraw_released(self, run: SweepRun) -> None:
        """Withdraw the claims under labels that the account's name no longer gives.

        This needs neither the spoke's answer nor an approval: Organizations says that the label is not the account's.

        """
        labels = self.labels.released(run.account.id) - {run.account.label}
        for row in self.rows.observations_of(run.status.spoke) if labels else ():
            run.check_time()
            if isinstance(row, Observation) and any(claim.label in labels for claim in row.claims):
                self._report(run, self.recorder.without_labels(row, run.account, labels))

    def _compare(self, run: SweepRun) -> None:
        """Compare all instances that EC2 shows with the ledger."""
        pages = iter(self.instances.pages(run.status.spoke))
        while True:
            run.check_time()
            began_at = self.clock()
            page = next(pages, None)
            if page is None:
                return
            refs = [run.ref_of(instance) for instance in page]
            rows = self.rows.known_observations([ref for ref in refs if ref.id])
            differing: list[InstanceRef] = []
            for ref, instance in zip(refs, page, strict=True):
                run.listed.add(ref.id)
                row = rows.get(ref)
                if isinstance(instance, Unreadable):
                    if ref.id and not (isinstance(row, Observation) and row.fault == instance.reason):
                        differing.append(ref)
                    else:
                        self._report(run, InstanceOutcome(ref, InstanceResult.UNREADABLE, instance.reason))
                    continue
                run.instances += not instance.state.final
                look = Look(row, run.generation, began_at, run.after_call, trigger=run.trigger)
                observed = self._observed(run, ref, instance, look)
                # The listing is older than the row: it decides only if there is no row, or the instance has ended.
                decides = not isinstance(row, Observation) or observed is None or observed.ended
                if not self._compared(run, observed, decides=decides):
                    differing.append(ref)
            # A row that changes twice meanwhile has a look that began after the sweep did.
            for _ in range(LOOKS):
                again = self._observed_again(run, differing)
                differing = [each.ref for each in again if not self._compared(run, each)]

    def _compared(self, run: SweepRun, observed: Observed | None, *, decides: bool = True) -> bool:
        """Record an instance, unless it would lose all its names; return False if only a new look can decide."""
        if observed is None or observed.damped:
            return True
        if observed.lost_names:
            run.losing[observed.ref] = observed.lost_names
            return True
        if observed.up_to_date(run.account, self.recorder.admission):
            return True
        return decides and self._record(run, observed)

    def _find_absent(self, run: SweepRun) -> None:
        """Find the instances that EC2 did not show and that the ledger must decide; count the names of all."""
        for row in self.rows.observations_of(run.status.spoke):
            run.check_time()
            if isinstance(row, Unreadable):
                self._report(run, InstanceOutcome(run.ref_of(row), InstanceResult.UNREADABLE, row.reason))
                continue
            names = names_of(row)
            run.names += names
            run.damped += row.damping.damps(run.began_at)
            run.usage.add(row.claims if names else ())
            if not run.nameless and row.ref.id not in run.listed and (names or is_outdated(row, run.generation)):
                run.losing[row.ref] = names

    def _remove(self, run: SweepRun) -> dict[InstanceRef, int]:
        """Describe the instances that would lose their names again, and record them; return the pending removals."""
        removals: dict[InstanceRef, int] = {}
        pending_removals: Collection[str] = ()
        names = run.names
        for _ in range(LOOKS):
            observed = list(self._observed_again(run, run.losing))
            removals |= {each.ref: each.lost_names for each in observed}
            pending_removals = self.guard.awaiting_approval(
                {ref.id: Removal(run.account.id, lost) for ref, lost in removals.items() if lost},
                {run.account.id: names},
                run.status.approved,
            )
            run.losing = {}
            for each in observed:
                if each.ref.id in pending_removals or each.up_to_date(run.account, self.recorder.admission):
                    continue
                if not self._record(run, each):
                    run.losing[each.ref] = each.lost_names
                elif each.lost_names:
                    run.names -= each.lost_names
                    run.usage.remove(each.look.row.claims if isinstance(each.look.row, Observation) else ())
        return {ref: lost for ref, lost in removals.items() if lost and ref.id in pending_removals}

    def _observed_again(self, run: SweepRun, refs: Collection[InstanceRef]) -> Iterator[Observed]:
        """Yield these instances as described after their rows were read."""
        for chunk in chunks(refs, DESCRIBED_AT_ONCE):
            run.check_time()
            rows = self.rows.known_observations(chunk)
            began_at = self.clock()
            found = self.instances.describe(run.status.spoke, [ref.id for ref in chunk])
            for ref in chunk:
                trigger = APPROVED if ref.id in run.status.approved else run.trigger
                look = Look(rows.get(ref), run.generation, began_at, run.after_call, trigger=trigger)
                # An instance that is missing may be the one that has no readable id.
                instance = found.get(ref.id, found.get(""))
                if isinstance(instance, Unreadable):
                    self._report(run, self.recorder.unreadable(ref, instance, look))
                elif (observed := self._observed(run, ref, instance, look)) is not None:
                    yield observed

    def _observed(self, run: SweepRun, ref: InstanceRef, instance: Instance | None, look: Look) -> Observed | None:
        """Return the instance and what policy gives it; None if it is between two states and keeps its names."""
        if instance is None or instance.state.final:
            return Observed(ref, instance, Decision(), look)
        if instance.state is InstanceState.PENDING or not instance.addressed:
            return None
        decision = self.policy.decide(instance, run.account, self.zone_ids, self.labels.reserved())
        return Observed(ref, instance, decision, look)

    def _record(self, run: SweepRun, observed: Observed) -> bool:
        """Record an instance; return False if its row changed after it was read, so that only a new look can decide."""
        outcome = self.recorder.observed(observed, run.account)
        if self._report(run, outcome):
            run.missed += self._missed(run, observed)
        return not outcome.superseded

    def _report(self, run: SweepRun, outcome: InstanceOutcome) -> bool:
        """Count and report a change; return whether there was one."""
        if outcome.result is InstanceResult.RETRY and not outcome.superseded:
            raise LedgerUnavailable(outcome.reason)
        if outcome.result in {InstanceResult.RECORDED, InstanceResult.DAMPED}:
            run.changed += outcome.result is InstanceResult.RECORDED
            run.report(outcome)
        elif outcome.result is InstanceResult.UNREADABLE and run.unreadable.add(outcome.ref.id):
            run.report(outcome)
        return outcome.result is InstanceResult.RECORDED

    def _missed(self, run: SweepRun, observed: Observed) -> bool:
        """Whether an event should have reported the change: not in a first sweep, nor after a new policy or a loss.

        A call changes only instances that the ledger has. Events of a damped instance were ignored.
        """
        status, row = run.status, observed.look.row
        launched_at = observed.instance.launched_at if observed.instance else NEVER
        late = observed.look.began_at - launched_at > ON_ITS_WAY
        again = (status.policy, status.generation) == (self.policy_digest, run.generation)
        damped = isinstance(row, Observation) and bool(row.damping.until)
        return again and late and not damped and not (run.after_call and row is not None)
