"""Whether an association may end without a person's approval. One guard serves one task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.associator.plan import Act, Step
from hub.runtime.associator.removals import removals, zones_lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.associator.ports import ApprovalLedger, VpcLedger
    from hub.runtime.associator.removals import Loss, Removals
    from hub.runtime.associator.run import VpcRun
    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.vpcs import VpcRow
    from hub.runtime.policy.vpc_selection import AssociationPolicy


@dataclass(slots=True)
class RemovalGuard:
    """Decides whether associations of the VPCs of one task, `runs`, may end.

    The rows of all other VPCs are read once, when the first association is to end. For the task's own VPCs, the rows of
    its runs count, so that each decision includes what the task did before. The other rows are read again only where
    VPCs of a zone await approval, before the last VPC of the task loses the zone: other tasks may have ended the rest
    in the meantime.
    """

    association_policies: tuple[AssociationPolicy, ...]
    zone_ids: Mapping[Fqdn, str]
    rows: VpcLedger
    approvals: ApprovalLedger
    guard: Guard
    runs: Mapping[str, VpcRun]
    _others: Removals | None = field(default=None, init=False)

    def awaiting_approval(self, run: VpcRun, associated: str) -> frozenset[str]:
        """Return the zones that this VPC may lose only after a person approves.

        Afterwards the ledger has all VPCs that await approval, until the last one has lost the zone.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written.
        """
        vpc = str(run.row.ref)
        lost = {
            zone_id: self.approvals.zone_status(zone_id)
            for zone_id in zones_lost(associated, self.association_policies, self.zone_ids)
        }
        if any(status.pending_vpcs and self._last((zone_id, associated), vpc) for zone_id, status in lost.items()):
            self._others = None
        return frozenset(
            zone_id for zone_id, status in lost.items() if self._awaits(vpc, (zone_id, associated), status)
        )

    def _awaits(self, vpc: str, loss: Loss, status: ZoneStatus) -> bool:
        present, losing = self._counted(loss)
        zone_id, _ = loss
        awaiting = self.guard.awaiting_approval(dict.fromkeys(losing, 1), present, status.approved_vpcs)
        # An approval is valid until the last of the approved VPCs has lost the zone.
        if awaiting != frozenset(status.pending_vpcs) and (awaiting or losing <= {vpc}):
            self.approvals.put_pending_vpcs(zone_id, sorted(awaiting))
        return vpc in awaiting

    def _last(self, loss: Loss, vpc: str) -> bool:
        """Whether no other VPC of the task would lose the zone."""
        _, losing = self._own(loss)
        return losing <= {vpc}

    def _counted(self, loss: Loss) -> tuple[int, frozenset[str]]:
        if self._others is None:
            own = {run.row.ref for run in self.runs.values()}
            self._others = self._removals(row for row in self.rows.all_vpc_rows() if row.ref not in own)
        others, own_now = self._others.vpcs(loss), self._own(loss)
        return others[0] + own_now[0], others[1] | own_now[1]

    def _own(self, loss: Loss) -> tuple[int, frozenset[str]]:
        _, associated = loss
        # Until the VPC is described again, its row shows the association, which counts if policy owns all.
        ended = Step(Act.DISASSOCIATE, associated)
        return self._removals(run.row for run in self.runs.values() if ended not in run.steps).vpcs(loss)

    def _removals(self, rows: Iterable[VpcRow]) -> Removals:
        return removals(rows, self.association_policies, self.zone_ids)
