"""Whether an association may end without a person's approval. One guard serves one task."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hub.runtime.associator.plan import Act
from hub.runtime.associator.removals import Removals, leaving_cause, removals, without, zones_lost
from hub.runtime.guard import WINDOW, Cause
from hub.runtime.model.names import Millis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.associator.ports import ApprovalLedger, VpcLedger
    from hub.runtime.associator.run import VpcRun
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.vpcs import VpcRow
    from hub.runtime.policy.vpc_selection import AssociationPolicy

_ENDS = frozenset({Act.DISASSOCIATE, Act.DISASSOCIATE_PROFILE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The zones that a VPC may lose only after a person approves.

    If there are none, `counts_for` is why the VPC leaves, None if that does not count: a person approved it, or the VPC
    has the zone by another association, too.
    """

    awaiting_approval: frozenset[str] = frozenset()
    counts_for: Cause | None = None


@dataclass(slots=True)
class RemovalGuard:
    """Decides whether associations of the VPCs of one task, `runs`, may end; `now` is the time of the task.

    The rows of all other VPCs are read once, when the first association is to end. For the task's own VPCs, the rows of
    its runs count, so that each decision includes what the task did before. Two tasks at a time do not overlook each
    other: the row of a VPC says that it leaves a zone before the rows of the others are read.
    """

    association_policies: tuple[AssociationPolicy, ...]
    zone_ids: Mapping[Fqdn, str]
    rows: VpcLedger
    approvals: ApprovalLedger
    guard: Guard
    runs: Mapping[str, VpcRun]
    now: Millis
    _others: dict[str, Removals] | None = field(default=None, init=False)

    def judge(self, run: VpcRun, associated: str) -> Verdict:
        """Judge the end of one association of a VPC.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        vpc = str(run.row.ref)
        awaiting: set[str] = set()
        counted: set[Cause] = set()
        for zone_id in sorted(zones_lost(associated, self.association_policies, self.zone_ids)):
            status = self.approvals.zone_status(zone_id)
            found = self._removals(zone_id)
            if vpc in self.guard.awaiting_approval(
                found.leaving, found.present, status.approved_vpcs, tuple(found.left.values())
            ):
                awaiting.add(zone_id)
            elif vpc in found.leaving and vpc not in status.approved_vpcs:
                counted |= self._causes(run.row, zone_id)
        # Of a Profile's zones, one may count for all VPCs, and another one for those of the account alone.
        counts_for = min(counted, key=lambda cause: (cause is Cause.OWNER, cause), default=None)
        return Verdict(frozenset(awaiting), None if awaiting else counts_for)

    def _causes(self, row: VpcRow, zone_id: str) -> set[Cause]:
        policies = (policy for policy in self.association_policies if self.zone_ids[policy.domain] == zone_id)
        return {cause for policy in policies if (cause := leaving_cause(row, policy, zone_id))}

    def _removals(self, zone_id: str) -> Removals:
        since = Millis(self.now - WINDOW)
        if self._others is None:
            own = {run.row.ref for run in self.runs.values()}
            others = (row for row in self.rows.all_vpc_rows() if row.ref not in own)
            self._others = removals(others, self.association_policies, self.zone_ids, since)
        own_rows = map(_as_left, self.runs.values())
        own_removals = removals(own_rows, self.association_policies, self.zone_ids, since)
        return self._others.get(zone_id, Removals()) | own_removals.get(zone_id, Removals())


def _as_left(run: VpcRun) -> VpcRow:
    """Return the row of a run without what the run has ended, which the row shows until the VPC is described again."""
    row = run.row
    for step in run.steps:
        if step.act in _ENDS and row.vpc is not None:
            row = replace(row, vpc=without(row.vpc, step.target))
    return row
