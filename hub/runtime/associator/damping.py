"""VPCs that keep changing what policy wants for them: their events are ignored for a while. Over ports; no AWS, no log.

Only events are damped. The tasks of sweeps always work. So a damped VPC comes in line with policy with the next sweep.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.runtime.model.damping import VPC_CHANGES

if TYPE_CHECKING:
    from hub.runtime.associator.ports import ApprovalLedger, VpcLedger
    from hub.runtime.associator.run import VpcRun
    from hub.runtime.model.damping import Damping
    from hub.runtime.model.vpcs import AssociationMethod, VpcRow, ZoneInVpc
    from hub.runtime.ports import Clock


@dataclass(frozen=True, slots=True)
class VpcDamping:
    """Counts the changes that events make to what policy wants for VPCs, and ignores the events of damped VPCs.

    Two tasks for one VPC at a time may count as one change.
    """

    rows: VpcLedger
    statuses: ApprovalLedger
    clock: Clock

    def ignores(self, run: VpcRun, row: VpcRow | None) -> bool:
        """Note and return whether the event of a run is ignored.

        An association that a worker left unfinished is finished first.
        """
        if row is None or not run.by_event or any(record.in_progress for record in row.records.values()):
            return False
        run.ignored = row.damping.damps(self.clock())
        if run.ignored:
            run.retry = ""
        return run.ignored

    def counted(self, run: VpcRun, zones: tuple[ZoneInVpc, ...]) -> Damping | None:
        """Return the state with the change, if any, that the description of a VPC brings; None if no change is left.

        What an event finds for the first time is no change.
        """
        row, now = run.row, self.clock()
        if not run.by_event or row.vpc is None or _wanted(row.zones) == _wanted(zones):
            return row.damping.passed(now)
        return row.damping.changed(VPC_CHANGES, now)

    def damp(self, run: VpcRun) -> None:
        """Record that events of the VPC are ignored for a while. Everything else in its row stays."""
        damping = run.row.damping.begun(VPC_CHANGES)
        # First, so that the sweep comes also if the worker is killed here.
        self.statuses.note_event(run.row.ref.spoke)
        self.rows.put_damping(run.row.ref, damping)
        run.row = replace(run.row, damping=damping)
        run.damped = damping.reason


def _wanted(zones: tuple[ZoneInVpc, ...]) -> dict[str, AssociationMethod | None]:
    """Return by which method policy wants the VPC to resolve each zone."""
    return {zone.zone_id: zone.wanted for zone in zones if zone.wanted}
