"""The associator: has VPCs resolve the zones that policy says, over ports. No AWS, no log; what it did is returned.

It is level-triggered: of each VPC that it is told of it looks at all anew, and works out what is left to do. Before the
first call of an association the ledger says that it is under way, and after the last that it is done: whatever happens
in between, a repeat finds what is left, an authorisation too, and ends the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.associator.plan import Act, AssociationPlan, Step, association_plan, cleanup_steps
from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.membership import NotMember, Subject, member_account
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, VpcRef, VpcRow
from hub.runtime.ports import (
    LedgerUnavailable,
    SpokeDenied,
    SpokeUnreachable,
    ZoneClosed,
    ZoneUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.associator.ports import ApprovalLedger, Associations, Authorizations, VpcLedger, Vpcs
    from hub.runtime.deadline import Deadline
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Account, Fqdn, Spoke
    from hub.runtime.model.tasks import Associate
    from hub.runtime.model.vpcs import Vpc
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import Accounts, Sleep

# What an event told of may not show yet (EC2 API Reference, "Eventual consistency"). Seconds between looks.
LOOK_AGAIN_AFTER: Final = (0.5, 1.0, 2.0)
# A run with less than this many seconds left begins no further step.
STEP_SECONDS: Final = HUB_CALLS.seconds()
# Associated, the Profile associated, and then what it takes the place of ended, one of them tried once more: with a
# last look, no more than these.
PASSES: Final = 5
# Seconds, after botocore has tried four times.
TRY_AGAIN_AFTER: Final = 5.0
NO_TIME: Final = "no time is left in this run"
NOT_YET: Final = "AWS has not yet associated the VPC with the Profile"


@dataclass(frozen=True, slots=True)
class VpcOutcome:
    """What was done in one VPC.

    `faults` are what could not be done and why, `awaiting_approval` the zones whose end waits for a person, `full`
    whether a quota
    is used up, `gone` whether the VPC was let go. `retry` says why the rest is to be tried again, if it is.
    """

    ref: VpcRef
    steps: tuple[Step, ...] = ()
    faults: tuple[tuple[Step, str], ...] = ()
    awaiting_approval: tuple[str, ...] = ()
    full: bool = False
    gone: bool = False
    retry: str = ""


@dataclass(slots=True)
class _Run:
    """One VPC's bookkeeping: what was done, or tried, and is not tried again; the row is as the ledger has it."""

    row: VpcRow
    deadline: Deadline
    steps: list[Step] = field(default_factory=list)
    faults: dict[Step, str] = field(default_factory=dict)
    awaiting_approval: set[str] = field(default_factory=set)
    full: bool = False
    gone: bool = False
    retry: str = ""
    out_of_time: bool = False

    @property
    def done(self) -> VpcOutcome:
        return VpcOutcome(
            self.row.ref,
            tuple(self.steps),
            tuple(self.faults.items()),
            tuple(sorted(self.awaiting_approval)),
            self.full,
            self.gone,
            self.retry,
        )


@dataclass(frozen=True, slots=True)
class Associator:
    """Has VPCs resolve zones, or not any more. `zone_owner` is the networking account."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    zone_owner: str
    accounts: Accounts
    vpcs: Vpcs
    rows: VpcLedger
    removals: ApprovalLedger
    authorizations: Authorizations
    associations: Associations
    guard: Guard
    sleep: Sleep

    def associate(self, task: Associate, deadline: Deadline) -> list[VpcOutcome]:
        """Have VPCs of a spoke resolve what they should; what was done in each of them.

        What may succeed later says so in `retry`, and is safe to repeat. Nothing is taken from a VPC because it, or
        its account, could not be read.
        """
        account_id, region = task.spoke.account, task.spoke.region
        runs = {vpc_id: _Run(VpcRow(VpcRef(account_id, region, vpc_id)), deadline) for vpc_id in sorted(task.vpc_ids)}
        try:
            self._work(task, runs)
        except SpokeDenied as denied:
            # Waiting does not help; the hourly sweep asks again.
            for run in runs.values():
                run.faults.setdefault(Step(Act.ASSOCIATE), str(denied))
        except (SpokeUnreachable, LedgerUnavailable) as unavailable:
            for run in runs.values():
                run.retry = run.retry or str(unavailable)
        return [run.done for run in runs.values()]

    def _work(self, task: Associate, runs: Mapping[str, _Run]) -> None:
        """Work on the VPCs of a member account; abandon those of an account that left, if the task says so."""
        try:
            account = member_account(task.spoke, self.accounts, self.policy, Subject.VPCS)
        except NotMember as refused:
            if refused.cause.temporary:
                raise SpokeUnreachable(str(refused)) from refused
            if refused.cause.account_left and task.abandon:
                self._abandon(self._rows(task.spoke), runs)
            return
        self._see_to(task.spoke, account, runs)

    def _rows(self, spoke: Spoke) -> dict[str, VpcRow]:
        return {row.ref.id: row for row in self.rows.vpc_rows(spoke)}

    def _see_to(self, spoke: Spoke, account: Account, runs: Mapping[str, _Run]) -> None:
        """Look at the VPCs and do what is to be done, until nothing is."""
        waiting = list(runs)
        for _ in range(PASSES):
            if any(runs[vpc_id].retry for vpc_id in waiting):
                # A zone is changed by one call at a time, and throttled calls pass soon: long before the message comes
                # again.
                self.sleep(TRY_AGAIN_AFTER)
            rows = self._rows(spoke)
            for vpc_id in waiting:
                runs[vpc_id].row = rows.get(vpc_id, runs[vpc_id].row)
                runs[vpc_id].retry = ""
            seen = self._shown(spoke, waiting)
            self._abandon(rows, {vpc_id: runs[vpc_id] for vpc_id in waiting if vpc_id not in seen})
            waiting = [vpc_id for vpc_id, vpc in seen.items() if self._improved(runs[vpc_id], account, vpc)]
            if not waiting:
                return

    def _shown(self, spoke: Spoke, vpc_ids: Collection[str]) -> dict[str, Vpc]:
        """Those of the VPCs that the spoke shows; what does not show is looked at again for a while."""
        seen: dict[str, Vpc] = {}
        for pause in (*LOOK_AGAIN_AFTER, None):
            seen |= {vpc.ref.id: vpc for vpc in self.vpcs.seen(spoke, [one for one in vpc_ids if one not in seen])}
            if pause is None or len(seen) == len(vpc_ids):
                break
            self.sleep(pause)
        return seen

    def _improved(self, run: _Run, account: Account, vpc: Vpc) -> bool:
        """Do what is to be done in a VPC; whether anything was, so that it is to be looked at again."""
        found = self._seen(run, account, vpc)
        before = len(run.steps)
        for step in found.steps:
            # What was done may not show yet; and an authorisation that is left must not be forgotten.
            tried = step in run.steps or step in run.faults
            left = step.act is Act.FORGET and run.row.record(step.of).in_progress
            if tried or left or not self._may(run, step):
                continue
            if not self._done(run, step):
                break
        if vpc.profile_coming and not run.retry:
            # What it takes the place of stays until it is there.
            run.retry = NOT_YET
        if len(run.steps) == before:
            # What was refused is told with the zone.
            self._seen(run, account, vpc)
        return (len(run.steps) > before or bool(run.retry)) and not run.out_of_time

    def _seen(self, run: _Run, account: Account, vpc: Vpc) -> AssociationPlan:
        """How the zones stand in a VPC, which the ledger knows then."""
        found = association_plan(vpc, account, run.row, self.policy.association_policies, self.zone_ids)
        if (run.row.vpc, run.row.account, run.row.zones) != (vpc, account, found.zones):
            self.rows.put_vpc(vpc, account, found.zones)
            run.row = replace(run.row, vpc=vpc, account=account, zones=found.zones)
        return found

    def _abandon(self, rows: Mapping[str, VpcRow], runs: Mapping[str, _Run]) -> None:
        """Do what is left to do for VPCs that are gone, of those that the ledger knows."""
        owned = frozenset(self.zone_ids.values())
        for vpc_id, run in runs.items():
            if vpc_id not in rows:
                continue
            run.row = rows[vpc_id]
            if all(self._done(run, step) for step in cleanup_steps(run.row, owned)) and not run.faults:
                self.rows.forget_vpc(run.row.ref)
                run.gone = True

    def _done(self, run: _Run, step: Step) -> bool:
        """Do one step; whether others may follow."""
        if not run.deadline.allows(STEP_SECONDS):
            run.out_of_time, run.retry = True, NO_TIME
            return False
        try:
            self._do(run, step)
        except (AssociationRefused, ZoneClosed, SpokeDenied) as refused:
            run.full |= isinstance(refused, AssociationRefused) and refused.full
            # Why a step cannot be done stands in the ledger for whoever asks, until it is done or not wanted any more.
            run.faults[step] = str(refused)
            if step.of:
                self._remember(run, step.of, replace(run.row.record(step.of), fault=str(refused)))
        except (ZoneUnavailable, SpokeUnreachable) as unavailable:
            run.retry = str(unavailable)
            return False
        else:
            run.steps.append(step)
        return True

    def _remember(self, run: _Run, of: str, record: AssociationRecord) -> None:
        self.rows.put_association(run.row.ref, of, record)
        run.row = replace(run.row, records={**run.row.records, of: record})

    def _do(self, run: _Run, step: Step) -> None:
        ref, of = run.row.ref, step.of
        match step.act:
            case Act.CLEAR:
                self.authorizations.clear(of, ref)
                self._remember(run, of, replace(run.row.record(of), in_progress=False))
            case Act.RELEASE:
                self._release(run, of)
            case Act.FORGET:
                self._remember(run, of, AssociationRecord())
            case Act.ASSOCIATE:
                self._associate(run, of)
            case Act.DISASSOCIATE:
                self.authorizations.disassociate(of, ref)
                self._release(run, of)
                self._remember(run, of, AssociationRecord())
            case Act.ASSOCIATE_PROFILE:
                before = run.row.record(of)
                self._remember(run, of, AssociationRecord(managed=True))
                try:
                    self.associations.associate_profile(of, ref)
                except (AssociationRefused, SpokeDenied):
                    self._remember(run, of, before)
                    raise
            case Act.DISASSOCIATE_PROFILE:
                self.associations.disassociate_profile(of, ref)
                self._remember(run, of, AssociationRecord())
            case Act.DISABLE_AUTODEFINED_RULES:
                self.associations.disable_autodefined_rules(ref)

    def _associate(self, run: _Run, zone_id: str) -> None:
        """Authorise, associate, and take the authorisation away again, also when the association was refused."""
        ref, before = run.row.ref, run.row.record(zone_id)
        # The zones' owner needs no authorisation for its own VPCs.
        authorized = ref.account != self.zone_owner
        if authorized:
            self._remember(run, zone_id, AssociationRecord(managed=before.managed, in_progress=True))
            self.authorizations.authorize(zone_id, ref)
        # Not before: where no authorisation was had, what somebody associates meanwhile is his.
        self._remember(run, zone_id, AssociationRecord(managed=True, in_progress=authorized))
        # Also where no answer comes: it may have succeeded all the same, and is ours then.
        managed = True
        try:
            managed = self._associate_once(run, zone_id) or before.managed
        except (AssociationRefused, SpokeDenied):
            managed = False
            raise
        finally:
            if authorized:
                self.authorizations.clear(zone_id, ref)
            self._remember(run, zone_id, AssociationRecord(managed=managed))

    def _associate_once(self, run: _Run, zone_id: str) -> bool:
        """Associate a VPC; False when it is so already, by an earlier try of which no answer came, or by others."""
        ref = run.row.ref
        try:
            self.associations.associate(zone_id, ref)
        except AssociationRefused as refused:
            if not refused.taken:
                raise
            domain = next(domain for domain, one in self.zone_ids.items() if one == zone_id)
            there = [zone for vpc in self.vpcs.seen(ref.spoke, [ref.id]) for zone in vpc.zones if zone.domain == domain]
            if any(zone.id == zone_id for zone in there):
                return False
            if not there:
                raise SpokeUnreachable(f"{ref} has a zone of that name which does not show yet: {refused}") from refused
            raise
        return True

    def _release(self, run: _Run, of: str) -> None:
        """Have the end of an association not wait for a person any more."""
        if not run.row.record(of).awaiting_approval:
            return
        for zone_id in self._zones_of(of):
            waiting = self.removals.zone_status(zone_id).pending_vpcs
            left = [vpc for vpc in waiting if vpc != str(run.row.ref)]
            if len(left) < len(waiting):
                self.removals.put_pending_vpcs(zone_id, left)
        self._remember(run, of, replace(run.row.record(of), awaiting_approval=False))

    def _zones_of(self, of: str) -> frozenset[str]:
        """The zones that a VPC loses with what is ended: one zone, or all of the Profile."""
        if of in self.zone_ids.values():
            return frozenset({of})
        by_profile = (
            association_policy
            for association_policy in self.policy.association_policies
            if association_policy.method is AssociationMethod.PROFILE
        )
        return frozenset(self.zone_ids[association_policy.domain] for association_policy in by_profile)

    def _may(self, run: _Run, step: Step) -> bool:
        """Whether a step may be taken without a person's approval: only what takes a zone from a VPC needs one."""
        if step.act not in {Act.DISASSOCIATE, Act.DISASSOCIATE_PROFILE}:
            return True
        waiting = {zone_id for zone_id in self._zones_of(step.of) if self._waits(run.row.ref, zone_id, step.of)}
        run.awaiting_approval |= waiting
        if bool(waiting) != run.row.record(step.of).awaiting_approval:
            self._remember(run, step.of, replace(run.row.record(step.of), awaiting_approval=bool(waiting)))
        return not waiting

    def _waits(self, ref: VpcRef, zone_id: str, of: str) -> bool:
        """Whether too many VPCs would lose a zone at once, this one among them, so that it waits for a person."""
        association_policy = next(
            association_policy
            for association_policy in self.policy.association_policies
            if self.zone_ids[association_policy.domain] == zone_id
        )
        losing: dict[str, int] = {}
        there = 0
        for row in self.rows.all_vpc_rows():
            if row.vpc is None or row.account is None or not _is_in(row.vpc, of):
                continue
            if row.record(of).managed or (association_policy.owns_all and of == zone_id):
                there += 1
                losing |= {} if association_policy.wants(row.vpc, row.account) else {str(row.ref): 1}
        status = self.removals.zone_status(zone_id)
        awaiting_approval = self.guard.awaiting_approval(losing, there, status.approved_vpcs)
        # What was approved stays so until the last of it is done.
        if awaiting_approval != frozenset(status.pending_vpcs) and (awaiting_approval or losing.keys() <= {str(ref)}):
            self.removals.put_pending_vpcs(zone_id, sorted(awaiting_approval))
        return str(ref) in awaiting_approval


def _is_in(vpc: Vpc, of: str) -> bool:
    return of in vpc.profiles or any(zone.id == of for zone in vpc.zones)
