"""The associator: makes VPCs resolve the zones that policy selects, over ports. No AWS, no log; returns what it did.

It is level-triggered: it describes each VPC of a task again, and works out what remains to do.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.associator.damping import VpcDamping
from hub.runtime.associator.plan import (
    Act,
    AssociationPlan,
    association_plan,
    cleanup_steps,
    clearing_steps,
    uncovered_zone,
    unselected,
)
from hub.runtime.associator.quota import VpcQuota
from hub.runtime.associator.removal_guard import RemovalGuard
from hub.runtime.associator.run import VpcRun, readable_rows
from hub.runtime.guard import Cause
from hub.runtime.membership import NotMember, member_account
from hub.runtime.model.vpcs import VpcRef, VpcRow, known_dhcp_options
from hub.runtime.ports import LedgerUnavailable, SpokeDenied, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.associator.ports import ApprovalLedger, VpcLedger, Vpcs
    from hub.runtime.associator.run import VpcOutcome
    from hub.runtime.associator.steps import StepRunner
    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.damping import Damping
    from hub.runtime.model.names import Account, Fqdn, Spoke
    from hub.runtime.model.tasks import Associate
    from hub.runtime.model.vpcs import Vpc
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import Accounts, Clock, Sleep

# EC2 is eventually consistent (EC2 API Reference, "Eventual consistency"): it may not show the VPC of an event yet.
# Seconds between two descriptions.
DESCRIBE_AGAIN_AFTER: Final = (0.5, 1.0, 2.0)
# At most five passes: associate, associate the Profile, end what it replaces, repeat one of these, and describe last.
PASSES: Final = 5
# Seconds, after botocore has tried four times.
TRY_AGAIN_AFTER: Final = 5.0
NOT_YET: Final = "AWS has not yet associated the VPC with the Profile"


@dataclass(frozen=True, slots=True)
class Associator:
    """Makes and ends associations of VPCs with zones: new ones for at most `account_vpcs` VPCs of an account."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    vpcs: Vpcs
    rows: VpcLedger
    approvals: ApprovalLedger
    guard: Guard
    steps: StepRunner
    clock: Clock
    account_vpcs: int
    sleep: Sleep

    def associate(self, task: Associate, deadline: Deadline) -> list[VpcOutcome]:
        """Make VPCs of a spoke resolve the zones that policy selects; return the outcome for each VPC.

        An outcome with `retry` may succeed later, and is safe to repeat. A VPC never loses a zone because the VPC, its
        row or its account could not be read. What cannot be read or written of one VPC does not concern the others.
        """
        account_id, region = task.spoke.account, task.spoke.region
        runs = {
            vpc_id: VpcRun(VpcRow(VpcRef(account_id, region, vpc_id)), deadline, task.by_event)
            for vpc_id in sorted(task.vpc_ids)
        }
        try:
            self._work(task, runs)
        except SpokeDenied as denied:
            # Waiting does not help; the hourly sweep enqueues the VPCs again.
            for run in runs.values():
                run.denied = str(denied)
        except (SpokeUnreachable, LedgerUnavailable) as unavailable:
            for run in runs.values():
                run.retry = run.retry or str(unavailable)
        if not task.abandon:
            self.steps.keep_paused(task.spoke, runs.values())
        return [run.outcome for run in runs.values()]

    def _work(self, task: Associate, runs: Mapping[str, VpcRun]) -> None:
        """Converge the VPCs of a covered spoke. If the task says so, end what a spoke may keep no longer."""
        try:
            account = member_account(task.spoke, self.accounts, self.policy.coverage)
        except NotMember as refused:
            if refused.cause.temporary:
                raise SpokeUnreachable(str(refused)) from refused
            for run in runs.values():
                run.not_covered = str(refused)
            self._leave(readable_rows(self.rows.vpc_rows(task.spoke), runs), runs, grace_is_over=task.abandon)
            return
        try:
            self._converge(task.spoke, account, runs)
        except SpokeDenied:
            if not task.abandon:
                raise
            self._end_unselected(task.spoke, account, runs)

    def _end_unselected(self, spoke: Spoke, account: Account, runs: Mapping[str, VpcRun]) -> None:
        """End associations that policy no longer wants with VPCs that their account has not shown for too long.

        Their last description decides, with what the account is now: an account keeps no zone by denying access.
        """
        removal_guard = self._removal_guard(runs)
        for vpc_id, row in readable_rows(self.rows.vpc_rows(spoke), runs).items():
            run = runs.get(vpc_id)
            if run is not None and row.vpc is not None:
                run.row = row
                with run.alone():
                    self._end(run, account, row.vpc, removal_guard)

    def _end(self, run: VpcRun, account: Account, vpc: Vpc, removal_guard: RemovalGuard) -> None:
        for step in self.steps.unpaused(run, unselected(self._planned(run, account, vpc), run.row)):
            if self.steps.may(run, step, removal_guard, self.clock()) and not self.steps.carry_out(run, step):
                break

    def _leave(self, rows: Mapping[str, VpcRow], runs: Mapping[str, VpcRun], *, grace_is_over: bool) -> None:
        """End the associations of VPCs of a spoke that is not covered, under the guard, which counts all of them."""
        if grace_is_over:
            rows = {vpc_id: self._leaving(row) for vpc_id, row in rows.items()}
        leaving = {vpc_id: row for vpc_id, row in rows.items() if grace_is_over or _uncovered(row)}
        self._abandon(leaving, runs, self._removal_guard(runs))

    def _leaving(self, row: VpcRow) -> VpcRow:
        """Record that a VPC is to lose its zones because it is not covered, so that other tasks count it, too."""
        if _uncovered(row):
            return row
        zones = tuple(map(uncovered_zone, row.zones))
        if zones:
            with suppress(LedgerUnavailable):
                # A row that is refused alone is not counted by other tasks. If the ledger fails, the rest fails, too.
                self.rows.put_zones(row.ref, zones)
        return replace(row, zones=zones)

    def _converge(self, spoke: Spoke, account: Account, runs: Mapping[str, VpcRun]) -> None:
        """Describe the VPCs and carry out the steps of their plans, until no step remains."""
        removal_guard = self._removal_guard(runs)
        waiting = list(runs)
        for _ in range(PASSES):
            if any(runs[vpc_id].retry for vpc_id in waiting):
                # Route 53 changes a zone by one call at a time, and throttling passes soon: long before SQS delivers
                # the message again.
                self.sleep(TRY_AGAIN_AFTER)
            of_account = self.rows.account_vpc_rows(spoke.account)
            rows = readable_rows((row for row in of_account if row.ref.spoke == spoke), runs)
            others = [row for row in of_account if row.ref.spoke != spoke or row.ref.id not in runs]
            quota = VpcQuota(self.account_vpcs, others, runs)
            waiting = [
                vpc_id
                for vpc_id in waiting
                if not (runs[vpc_id].unreadable or self._damping.ignores(runs[vpc_id], rows.get(vpc_id)))
            ]
            if not waiting:
                return
            for vpc_id in waiting:
                runs[vpc_id].row = rows.get(vpc_id, runs[vpc_id].row)
                runs[vpc_id].retry = ""
            described, faults = self._described(spoke, waiting, known_dhcp_options(rows.values()))
            for vpc_id in (missing := [vpc_id for vpc_id in waiting if vpc_id not in described]):
                # One without an id may be any of those that are missing.
                runs[vpc_id].unreadable = faults.get(vpc_id, faults.get("", ""))
            self._abandon(rows, {vpc_id: runs[vpc_id] for vpc_id in missing if not runs[vpc_id].unreadable})
            waiting = []
            for vpc_id, vpc in described.items():
                with runs[vpc_id].alone():
                    if self._progressed(runs[vpc_id], account, vpc, removal_guard, quota):
                        waiting.append(vpc_id)
            if not waiting:
                return

    def _described(
        self, spoke: Spoke, vpc_ids: Collection[str], dhcp_options: Mapping[str, tuple[str, ...]]
    ) -> tuple[dict[str, Vpc], Mapping[str, str]]:
        """Return the VPCs that the spoke shows, and why others cannot be read. Describe missing ones for a while."""
        found: dict[str, Vpc] = {}
        faults: dict[str, str] = {}
        for pause in (*DESCRIBE_AGAIN_AFTER, None):
            missing = [vpc_id for vpc_id in vpc_ids if vpc_id not in {*found, *faults}]
            shown = self.vpcs.described(spoke, missing, dhcp_options)
            found |= {vpc.ref.id: vpc for vpc in shown.vpcs}
            faults |= shown.faults
            if pause is None or faults.keys() | found.keys() >= set(vpc_ids):
                break
            self.sleep(pause)
        return found, faults

    def _progressed(
        self, run: VpcRun, account: Account, vpc: Vpc, removal_guard: RemovalGuard, quota: VpcQuota
    ) -> bool:
        """Carry out the steps of a VPC's plan; return whether the VPC must be described again."""
        plan = self._plan(run, account, vpc)
        damping = self._damping.counted(run, plan.zones)
        if damping is None:
            self._damp(run)
            return False
        self._store(run, account, vpc, plan, damping)
        before = len(run.steps)
        for step in self.steps.unpaused(run, plan.steps):
            # AWS may not show the finished step yet, and a remaining authorization must not be forgotten.
            tried = step in run.steps or step in run.faults
            incomplete = step.act is Act.FORGET and run.row.record(step.target).in_progress
            if tried or incomplete or not self.steps.may(run, step, removal_guard, self.clock()):
                continue
            if refusal := quota.refusal(run, step):
                self.steps.refuse(run, step, refusal)
                continue
            self.steps.count_removal(run, step, self.clock())
            if not self.steps.carry_out(run, step):
                break
        if vpc.profile_coming and not (run.retry or run.paused):
            # The association that the Profile replaces stays until AWS has associated the Profile.
            run.retry = NOT_YET
        if len(run.steps) == before:
            # Store the plan again, with the reason of each refused step.
            self._planned(run, account, vpc)
        return (len(run.steps) > before or bool(run.retry)) and not (run.out_of_time or run.paused)

    def _planned(self, run: VpcRun, account: Account, vpc: Vpc) -> AssociationPlan:
        """Return the VPC's plan, and store the state of the zones in the VPC."""
        plan = self._plan(run, account, vpc)
        self._store(run, account, vpc, plan, run.row.damping)
        return plan

    def _plan(self, run: VpcRun, account: Account, vpc: Vpc) -> AssociationPlan:
        policy = self.policy
        return association_plan(
            vpc, account, run.row, policy.association_policies, self.zone_ids, associate=policy.associate
        )

    def _store(self, run: VpcRun, account: Account, vpc: Vpc, plan: AssociationPlan, damping: Damping) -> None:
        row = replace(run.row, vpc=vpc, account=account, zones=plan.zones, damping=damping)
        if row != run.row:
            self.rows.put_vpc(vpc, account, plan.zones, damping)
            run.row = row

    def _damp(self, run: VpcRun) -> None:
        """Ignore the events of a VPC for a while. It keeps its associations, but no authorization."""
        self._damping.damp(run)
        for step in self.steps.unpaused(run, clearing_steps(run.row, self.zone_ids.values())):
            if not self.steps.carry_out(run, step):
                break

    @property
    def _damping(self) -> VpcDamping:
        return VpcDamping(self.rows, self.approvals, self.clock)

    def _removal_guard(self, runs: Mapping[str, VpcRun]) -> RemovalGuard:
        policies = self.policy.association_policies
        return RemovalGuard(policies, self.zone_ids, self.rows, self.approvals, self.guard, runs, self.clock())

    def _abandon(
        self, rows: Mapping[str, VpcRow], runs: Mapping[str, VpcRun], removal_guard: RemovalGuard | None = None
    ) -> None:
        """Clean up after those VPCs that the ledger knows, and forget them.

        Without a guard they do not exist any more. With a guard, what has left a zone is remembered for a while.
        """
        owned = frozenset(self.zone_ids.values())
        runs = {vpc_id: run for vpc_id, run in runs.items() if vpc_id in rows}
        for vpc_id, run in runs.items():
            run.row = rows[vpc_id]
        for run in runs.values():
            with run.alone():
                self._clean_up(run, owned, removal_guard)

    def _clean_up(self, run: VpcRun, owned: Collection[str], removal_guard: RemovalGuard | None) -> None:
        done = True
        for step in self.steps.unpaused(run, cleanup_steps(run.row, owned)):
            if removal_guard is not None and not self.steps.may(run, step, removal_guard, self.clock()):
                done = False
            elif not self.steps.carry_out(run, step):
                done = False
                break
        if done and not (run.faults or run.paused or run.retry or run.withheld):
            left = {} if removal_guard is None else run.row.records
            ended = {associated: record for associated, record in left.items() if record.left_at}
            self.rows.forget_vpc(run.row.ref, ended)
            run.row, run.removed = VpcRow(run.row.ref, records=ended), True


def _uncovered(row: VpcRow) -> bool:
    return any(zone.leaving is Cause.COVERAGE for zone in row.zones)
