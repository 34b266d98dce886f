"""The associations that orgdns may end, those that would end, and those that ended: what the guard decides by. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hub.runtime.guard import Cause, Removal
from hub.runtime.model.vpcs import AssociationMethod

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hub.runtime.model.names import Fqdn, Millis
    from hub.runtime.model.vpcs import Vpc, VpcRow
    from hub.runtime.policy.vpc_selection import AssociationPolicy


@dataclass(frozen=True, slots=True)
class Removals:
    """What a zone loses: the number of its VPCs by account, those that would leave it, and those that left it lately.

    A VPC is counted once, whether it resolves the zone by an association, by the Profile, or by both.
    """

    present: Counter[str] = field(default_factory=Counter)
    leaving: dict[str, Removal] = field(default_factory=dict)
    left: dict[str, Removal] = field(default_factory=dict)

    def __or__(self, other: Removals) -> Removals:
        """The removals among these VPCs and among other ones."""
        return Removals(self.present + other.present, self.leaving | other.leaving, self.left | other.left)


def removals(
    rows: Iterable[VpcRow],
    association_policies: Collection[AssociationPolicy],
    zone_ids: Mapping[Fqdn, str],
    since: Millis,
) -> dict[str, Removals]:
    """Return the removals among these rows, by zone. What left a zone before `since` does not count any more.

    Only associations that orgdns may end count: those it made, or all of them where policy owns all. A VPC that policy
    wants again, or whose row was deleted with the VPC, has not left. The rows are read in a stream, so that those of a
    large organization need not fit into memory.
    """
    found: defaultdict[str, Removals] = defaultdict(Removals)
    for row in rows:
        for policy in association_policies:
            zone_id = zone_ids[policy.domain]
            cause = leaving_cause(row, policy, zone_id)
            if _present(row, policy, zone_id, cause):
                found[zone_id].present[row.ref.account] += 1
                if cause:
                    found[zone_id].leaving[str(row.ref)] = _removal(row, cause)
            elif cause or row.vpc is None:
                for left_for in _left_for(row, policy, zone_id, zone_ids, since):
                    found[zone_id].left[str(row.ref)] = _removal(row, left_for)
    return dict(found)


def leaving_cause(row: VpcRow, policy: AssociationPolicy, zone_id: str) -> Cause | None:
    """Return why a VPC is to lose a zone, None if it is not."""
    recorded = row.leaving(zone_id)
    if recorded is Cause.COVERAGE:
        return recorded
    if row.vpc is None or row.account is None or policy.wants(row.vpc, row.account):
        return None
    return recorded or Cause.POLICY


def without(vpc: Vpc, associated: str) -> Vpc:
    """Return the VPC without its association with a zone or a Profile."""
    return replace(
        vpc,
        zones=tuple(zone for zone in vpc.zones if zone.id != associated),
        profiles=tuple(profile for profile in vpc.profiles if profile != associated),
    )


def _present(row: VpcRow, policy: AssociationPolicy, zone_id: str, cause: Cause | None) -> bool:
    """Whether a VPC has the zone by an association that orgdns may end."""
    if row.vpc is None or row.account is None:
        return False
    # Of an account that is not covered, orgdns ends only what it made.
    owned = policy.owns_all and cause is not Cause.COVERAGE
    direct = any(zone.id == zone_id for zone in row.vpc.zones) and (owned or row.record(zone_id).managed)
    return direct or (
        policy.method is AssociationMethod.PROFILE and any(row.record(profile).managed for profile in row.vpc.profiles)
    )


def _left_for(
    row: VpcRow, policy: AssociationPolicy, zone_id: str, zone_ids: Mapping[Fqdn, str], since: Millis
) -> Iterator[Cause]:
    for associated, record in row.records.items():
        by_profile = policy.method is AssociationMethod.PROFILE and associated not in zone_ids.values()
        if record.left_for and record.left_at > since and (associated == zone_id or by_profile):
            yield record.left_for


def _removal(row: VpcRow, cause: Cause) -> Removal:
    return Removal(row.ref.account, requested=cause is Cause.OWNER)


def zones_lost(
    associated: str, association_policies: Iterable[AssociationPolicy], zone_ids: Mapping[Fqdn, str]
) -> frozenset[str]:
    """Return the zones that a VPC loses when an association ends: one zone, or all of the Profile."""
    if associated in zone_ids.values():
        return frozenset({associated})
    return frozenset(
        zone_ids[policy.domain] for policy in association_policies if policy.method is AssociationMethod.PROFILE
    )
