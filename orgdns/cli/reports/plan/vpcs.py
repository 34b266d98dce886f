"""How a changed policy would change which VPCs resolve each zone, based on the last sweeps. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.associator.plan import association_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.vpcs import VpcRef, VpcRow, ZoneInVpc
    from hub.runtime.policy.vpc_selection import AssociationPolicy


@dataclass(frozen=True, slots=True)
class AssociationChange:
    """The changes to the VPCs of a zone: `gained` will resolve it, `lost` will no longer resolve it.

    `kept` are no longer selected, but others associated them, or the zone no longer has `resolved_by`; orgdns does not
    end these associations. `method_changed` will resolve the zone by a Profile instead of association, or vice versa.
    """

    zone_id: str
    domain: Fqdn
    gained: tuple[VpcRef, ...] = ()
    lost: tuple[VpcRef, ...] = ()
    kept: tuple[VpcRef, ...] = ()
    method_changed: tuple[VpcRef, ...] = ()


def association_changes(
    rows: Iterable[VpcRow], association_policies: Collection[AssociationPolicy], zone_ids: Mapping[Fqdn, str]
) -> tuple[AssociationChange, ...]:
    """The zones whose VPCs change, sorted by domain."""
    owns_all = {
        zone_ids[association_policy.domain]
        for association_policy in association_policies
        if association_policy.owns_all
    }
    in_policy = {zone_ids[association_policy.domain] for association_policy in association_policies}
    domains: dict[str, Fqdn] = {}
    found: defaultdict[str, defaultdict[str, list[VpcRef]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.vpc is None or row.account is None:
            continue
        after = {
            zone.zone_id: zone
            for zone in association_plan(row.vpc, row.account, row, association_policies, zone_ids).zones
        }
        before = {zone.zone_id: zone for zone in row.zones}
        for zone_id in before.keys() | after.keys():
            managed = zone_id in in_policy and (row.record(zone_id).managed or zone_id in owns_all)
            if kind := _kind(before.get(zone_id), after.get(zone_id), managed=managed):
                found[zone_id][kind].append(row.ref)
                domains[zone_id] = (after.get(zone_id) or before[zone_id]).domain
    changes = (
        AssociationChange(zone_id, domains[zone_id], **{kind: tuple(sorted(refs)) for kind, refs in kinds.items()})
        for zone_id, kinds in found.items()
    )
    return tuple(sorted(changes, key=lambda change: (change.domain, change.zone_id)))


def _kind(before: ZoneInVpc | None, after: ZoneInVpc | None, *, managed: bool) -> str:
    was, will = before.wanted if before else None, after.wanted if after else None
    if was is will:
        return ""
    if was is None:
        # If others associated it already, nothing changes.
        return "gained" if after and after.method is None else ""
    if will is not None:
        return "method_changed"
    return "lost" if managed or (before and before.managed and after) else "kept"
