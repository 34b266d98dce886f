"""The associations that orgdns may end, and those that would end: the numbers that the guard decides by. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.model.vpcs import AssociationMethod

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.vpcs import Vpc, VpcRow
    from hub.runtime.policy.vpc_selection import AssociationPolicy

# A zone that VPCs may lose, and the id of what the association is with: the zone itself, or a Profile.
Loss = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Removals:
    """For each loss, the number of VPCs that have the association, and the VPCs that policy no longer selects."""

    present: Counter[Loss] = field(default_factory=Counter)
    losing: dict[Loss, frozenset[str]] = field(default_factory=dict)

    def vpcs(self, loss: Loss) -> tuple[int, frozenset[str]]:
        """Return the number of VPCs that have the association, and those that would lose it."""
        return self.present[loss], self.losing.get(loss, frozenset())


def removals(
    rows: Iterable[VpcRow], association_policies: Collection[AssociationPolicy], zone_ids: Mapping[Fqdn, str]
) -> Removals:
    """Return the losses among these rows.

    Only associations that orgdns may end count: those it made, or all of them where policy owns all. The rows are read
    in a stream, so that those of a large organization need not fit into memory.
    """
    present: Counter[Loss] = Counter()
    losing: dict[Loss, set[str]] = {}
    for row in rows:
        if row.vpc is None or row.account is None:
            continue
        for policy in association_policies:
            zone_id = zone_ids[policy.domain]
            for associated in _candidates(row.vpc, policy, zone_id):
                owned = policy.owns_all and associated == zone_id
                if not (row.record(associated).managed or owned):
                    continue
                present[zone_id, associated] += 1
                if not policy.wants(row.vpc, row.account):
                    losing.setdefault((zone_id, associated), set()).add(str(row.ref))
    return Removals(present, {loss: frozenset(vpcs) for loss, vpcs in losing.items()})


def _candidates(vpc: Vpc, policy: AssociationPolicy, zone_id: str) -> tuple[str, ...]:
    direct = (zone_id,) if any(zone.id == zone_id for zone in vpc.zones) else ()
    return (*direct, *(vpc.profiles if policy.method is AssociationMethod.PROFILE else ()))


def zones_lost(
    associated: str, association_policies: Iterable[AssociationPolicy], zone_ids: Mapping[Fqdn, str]
) -> frozenset[str]:
    """Return the zones that a VPC loses when an association ends: one zone, or all of the Profile."""
    if associated in zone_ids.values():
        return frozenset({associated})
    return frozenset(
        zone_ids[policy.domain] for policy in association_policies if policy.method is AssociationMethod.PROFILE
    )
