"""Damping of VPCs: ignores the events of a VPC that keeps changing so that the policy wants other zones for it.

Over ports; no AWS, no log. Events may change what the policy wants for a VPC five times at once, and then once in ten
minutes (`VPC_CHANGES`). Tasks of sweeps are never ignored, so the next sweep brings a damped VPC in line with policy.
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
    """Counts how often events change what the policy wants for a VPC, and ignores the events of damped VPCs.

    Two runs that work on one VPC at the same time may count two changes as one.
    """

    rows: VpcLedger
    statuses: ApprovalLedger
    clock: Clock

    def ignores(self, run: VpcRun, row: VpcRow | None) -> bool:
        """Return whether the event of a run is ignored because the VPC is damped, and note it in the run.

        An event of a VPC with an unfinished association is not ignored: it finishes what another worker began.
        """
        if row is None or not run.by_event or any(record.in_progress for record in row.records.values()):
            return False
        run.ignored = row.damping.damps(self.clock())
        if run.ignored:
            run.retry = ""
        return run.ignored

    def counted(self, run: VpcRun, zones: tuple[ZoneInVpc, ...]) -> Damping | None:
        """Return the VPC's damping after a description; None if it is a change, and the allowance is used up.

        It is a change if an event caused the description, and the policy now wants other zones for the VPC, or wants
        them by another method. The first description of a VPC does not count.
        """
        row, now = run.row, self.clock()
        if not run.by_event or row.vpc is None or _wanted(row.zones) == _wanted(zones):
            return row.damping.passed(now)
        return row.damping.changed(VPC_CHANGES, now)

    def damp(self, run: VpcRun) -> None:
        """Record that events of the VPC are ignored for a while. Everything else in its row stays."""
        damping = run.row.damping.begun(VPC_CHANGES)
        # Before the row: if the worker is killed between the two writes, the spoke is still swept within the hour.
        self.statuses.note_event(run.row.ref.spoke)
        self.rows.put_damping(run.row.ref, damping)
        run.row = replace(run.row, damping=damping)
        run.damped = damping.reason


def _wanted(zones: tuple[ZoneInVpc, ...]) -> dict[str, AssociationMethod | None]:
    """Return by which method policy wants the VPC to resolve each zone."""
    return {zone.zone_id: zone.wanted for zone in zones if zone.wanted}
