"""How many VPCs of one account may resolve a zone by an association, or use a Profile. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.associator.plan import Act

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.associator.plan import Step
    from hub.runtime.associator.run import VpcRun
    from hub.runtime.model.vpcs import VpcRow


@dataclass(frozen=True, slots=True)
class VpcQuota:
    """Decides whether VPCs of one task, `runs`, may be associated. `others` are the rows of the account's other VPCs.

    It refuses new associations only: no VPC loses an association because its account is above the limit.
    """

    limit: int
    others: Iterable[VpcRow]
    runs: Mapping[str, VpcRun]

    def refusal(self, run: VpcRun, step: Step) -> str:
        """Return why a step would exceed the limit of the account, empty if it may be carried out."""
        if step.act not in {Act.ASSOCIATE, Act.ASSOCIATE_PROFILE}:
            return ""
        own = (other.row for other in self.runs.values() if other.row.ref != run.row.ref)
        if sum(_associated(row, step.target) for row in (*self.others, *own)) < self.limit:
            return ""
        what = "zone" if step.act is Act.ASSOCIATE else "Profile of orgdns in this region"
        return f"the account has reached its limit of {self.limit:,} VPCs of the {what} (guards.account_vpcs)"


def _associated(row: VpcRow, target: str) -> bool:
    """Whether a VPC is associated with a zone or a Profile, or about to be."""
    record = row.record(target)
    if record.managed or record.in_progress or row.vpc is None:
        return record.managed or record.in_progress
    return target in row.vpc.profiles or any(zone.id == target for zone in row.vpc.zones)
