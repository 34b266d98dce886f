"""How the associator carries out one step in a VPC, over ports. No AWS, no log.

The ledger records an association as in progress before its first call, and as done after its last. A repeat after a
crash therefore finds everything that remains, including an authorization, and gives the same result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.associator.plan import Act, Step, is_withheld
from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.associator.removals import zones_lost
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.names import NEVER
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.ports import LedgerUnavailable, SpokeDenied, SpokeUnreachable, ZoneClosed, ZoneUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hub.runtime.associator.ports import ApprovalLedger, Associations, Authorizations, VpcLedger, Vpcs
    from hub.runtime.associator.removal_guard import RemovalGuard
    from hub.runtime.associator.run import VpcRun
    from hub.runtime.model.names import Fqdn, Millis, Spoke
    from hub.runtime.model.vpcs import AssociationRecord
    from hub.runtime.policy.vpc_selection import AssociationPolicy

# A run begins no further step if fewer seconds than this remain.
STEP_SECONDS: Final = HUB_CALLS.seconds()
NO_TIME: Final = "no time is left in this run"
_MADE_BY: Final = {Act.ASSOCIATE: AssociationMethod.ASSOCIATION, Act.ASSOCIATE_PROFILE: AssociationMethod.PROFILE}


@dataclass(frozen=True, slots=True)
class StepRunner:
    """Carries out steps. `zone_owner` is the networking account. `pause` returns why orgdns is paused, or None.

    If it is not to `associate`, the associations of all zones are in dry run.
    """

    association_policies: tuple[AssociationPolicy, ...]
    zone_ids: Mapping[Fqdn, str]
    zone_owner: str
    vpcs: Vpcs
    rows: VpcLedger
    approvals: ApprovalLedger
    authorizations: Authorizations
    associations: Associations
    pause: Callable[[], str | None]
    associate: bool = True

    def unpaused(self, run: VpcRun, steps: Iterable[Step]) -> Iterator[Step]:
        """Yield the steps of a run, each unless orgdns is paused by then; note in the run if it is.

        What a dry run keeps back is left out, and the run notes it. orgdns is paused if that cannot be read. The work
        is not lost: the next sweep plans the same steps.
        """
        for step in steps:
            if is_withheld(step, self.association_policies, self.zone_ids, associate=self.associate):
                run.withheld = True
                continue
            try:
                reason = self.pause()
            except LedgerUnavailable as unavailable:
                run.retry = str(unavailable)
                return
            if reason is not None:
                run.paused = f"publishing is paused: {reason}"
                return
            yield step

    def keep_paused(self, spoke: Spoke, runs: Iterable[VpcRun]) -> None:
        """Record that VPCs of a spoke wait for the end of the pause, so that the spoke is swept when it ends.

        A spoke that is not covered is swept as long as it has associations.
        """
        paused = [run for run in runs if run.paused and not run.not_covered]
        try:
            if paused:
                self.approvals.note_vpc_work(spoke, len(paused))
        except LedgerUnavailable as unavailable:
            for run in paused:
                run.retry = str(unavailable)

    def carry_out(self, run: VpcRun, step: Step) -> bool:
        """Carry out one step; return whether further steps may follow in this run.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        if not run.deadline.allows(STEP_SECONDS):
            run.out_of_time, run.retry = True, NO_TIME
            return False
        try:
            self._act(run, step)
        except (AssociationRefused, ZoneClosed, SpokeDenied) as refused:
            run.full |= isinstance(refused, AssociationRefused) and refused.full
            self.refuse(run, step, str(refused))
        except (ZoneUnavailable, SpokeUnreachable) as unavailable:
            run.retry = str(unavailable)
            return False
        else:
            run.steps.append(step)
        return True

    def refuse(self, run: VpcRun, step: Step, reason: str) -> None:
        """Store why a step is refused. The reason stays in the ledger until the step succeeds or is not needed."""
        run.faults[step] = reason
        record = run.row.record(step.target)
        if step.target and record.fault != reason:
            self.remember(run, step.target, replace(record, fault=reason))

    def remember(self, run: VpcRun, associated: str, record: AssociationRecord) -> None:
        """Store the association record of one zone, or of the Profile, in the VPC."""
        self.rows.put_association(run.row.ref, associated, record)
        run.row = replace(run.row, records={**run.row.records, associated: record})

    def may(self, run: VpcRun, step: Step, removal_guard: RemovalGuard, now: Millis) -> bool:
        """Whether a step needs no approval. Only steps that take a zone from a VPC need one.

        The ledger records before the call that the VPC leaves: a worker that is killed after the call must not hide it.
        """
        if step.act not in {Act.DISASSOCIATE, Act.DISASSOCIATE_PROFILE}:
            return True
        verdict, record = removal_guard.judge(run, step.target), run.row.record(step.target)
        run.awaiting_approval |= verdict.awaiting_approval
        left_at = now if verdict.counts_for else NEVER
        updated = (
            replace(record, awaiting_approval=True)
            if verdict.awaiting_approval
            else replace(record, left_at=left_at, left_for=verdict.counts_for)
        )
        if updated != record:
            self.remember(run, step.target, updated)
        for zone_id in sorted(verdict.awaiting_approval):
            # After the record, by which the VPC is removed from the list again.
            self.approvals.await_approval(zone_id, str(run.row.ref))
        return not verdict.awaiting_approval

    def count_removal(self, run: VpcRun, step: Step, now: Millis) -> None:
        """If a step makes an association again that someone else ended, store how often that happened."""
        method = _MADE_BY.get(step.act)
        if method is None:
            return
        zones = tuple(
            replace(zone, removed_by_others=False)
            if zone.wanted is method and (zone.zone_id == step.target or method is AssociationMethod.PROFILE)
            else zone
            for zone in run.row.zones
        )
        if zones != run.row.zones:
            # The zones first, so that a repeat after a crash does not count the same removal twice.
            self.rows.put_zones(run.row.ref, zones)
            run.row = replace(run.row, zones=zones)
            record = run.row.record(step.target).found_removed(now)
            self.remember(run, step.target, record)
            run.removed_by_others[step.target] = record.removed_by_others

    def _act(self, run: VpcRun, step: Step) -> None:
        ref, associated = run.row.ref, step.target
        match step.act:
            case Act.CLEAR:
                self.authorizations.clear(associated, ref)
                self.remember(run, associated, replace(run.row.record(associated), in_progress=False, fault=""))
            case Act.RELEASE:
                self._release(run, associated)
                self.remember(run, associated, replace(run.row.record(associated), awaiting_approval=False))
            case Act.FORGET:
                self.remember(run, associated, run.row.record(associated).ended)
            case Act.ASSOCIATE:
                self._associate(run, associated)
            case Act.DISASSOCIATE:
                self.authorizations.disassociate(associated, ref)
                self._release(run, associated)
                self.remember(run, associated, run.row.record(associated).ended)
            case Act.ASSOCIATE_PROFILE:
                before = run.row.record(associated)
                self.remember(run, associated, before.started(managed=True))
                try:
                    self.associations.associate_profile(associated, ref)
                except (AssociationRefused, SpokeDenied):
                    self.remember(run, associated, before)
                    raise
            case Act.DISASSOCIATE_PROFILE:
                self.associations.disassociate_profile(associated, ref)
                self._release(run, associated)
                self.remember(run, associated, run.row.record(associated).ended)
            case Act.DISABLE_AUTODEFINED_RULES:
                self.associations.disable_autodefined_rules(ref)

    def _associate(self, run: VpcRun, zone_id: str) -> None:
        """Authorize, associate, and clear the authorization, even if the association was refused."""
        ref, before = run.row.ref, run.row.record(zone_id)
        # The zones' owner needs no authorization for its own VPCs.
        authorized = ref.account != self.zone_owner
        if authorized:
            self.remember(run, zone_id, before.started(managed=before.managed, in_progress=True))
            self.authorizations.authorize(zone_id, ref)
        # Only after the authorization: an association that appears without one was made by someone else.
        self.remember(run, zone_id, before.started(managed=True, in_progress=authorized))
        # Even if no answer comes: the call may have succeeded, and then orgdns made the association.
        managed = True
        try:
            managed = self._associate_once(run, zone_id) or before.managed
        except (AssociationRefused, SpokeDenied):
            managed = False
            raise
        finally:
            left = self._left(run, zone_id) if authorized else ""
            record = before.started(managed=managed, in_progress=bool(left))
            self.remember(run, zone_id, replace(record, fault=left))

    def _left(self, run: VpcRun, zone_id: str) -> str:
        """Delete the authorization of an association; return why it is left, or an empty text.

        What became of the association does not depend on it. The record says that it is left, so that the next plan
        deletes it: in this run if that may succeed soon, and otherwise after the next sweep.
        """
        try:
            self.authorizations.clear(zone_id, run.row.ref)
        except (AssociationRefused, ZoneClosed) as refused:
            run.faults[Step(Act.CLEAR, zone_id)] = str(refused)
            return str(refused)
        except ZoneUnavailable as unavailable:
            run.retry = str(unavailable)
            return str(unavailable)
        return ""

    def _associate_once(self, run: VpcRun, zone_id: str) -> bool:
        """Associate the VPC; return False if it already is, by an unanswered call or by someone else."""
        ref = run.row.ref
        try:
            self.associations.associate(zone_id, ref)
        except AssociationRefused as refused:
            if not refused.taken:
                raise
            domain = next(domain for domain, own_id in self.zone_ids.items() if own_id == zone_id)
            vpcs = self.vpcs.described(ref.spoke, [ref.id]).vpcs
            same_name = [zone for vpc in vpcs for zone in vpc.zones if zone.domain == domain]
            if any(zone.id == zone_id for zone in same_name):
                return False
            if not same_name:
                raise SpokeUnreachable(f"{ref} has a zone of that name which does not show yet: {refused}") from refused
            raise
        return True

    def _release(self, run: VpcRun, associated: str) -> None:
        """Remove the VPC from those whose association awaits approval to end."""
        if run.row.record(associated).awaiting_approval:
            for zone_id in zones_lost(associated, self.association_policies, self.zone_ids):
                self.approvals.end_approval(zone_id, str(run.row.ref))
