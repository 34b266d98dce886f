"""Where instances with names run, and why names do not resolve there, whoever owns the VPC. Pure.

The description of VPCs starts from accounts that orgdns covers. An instance can run elsewhere: in a VPC that another
account shares with its own, in one that policy leaves out, or in one that cannot be described.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime.associator.findings import bypassed
from hub.runtime.model.names import Spoke

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.observation import Observation
    from hub.runtime.model.vpcs import VpcRow, VpcsStatus

# The report has at most so many VPCs, and so many accounts and zones of each.
VPCS: Final = 200
LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class UnresolvedNames:
    """Names of the instances in a VPC that do not resolve there, or of which orgdns cannot tell, for one reason.

    `owner` is the account of the VPC, empty if it is not known, and `accounts` are those of the instances. `trouble`
    is false where nothing is known to be wrong: policy leaves out the VPC, or instances there ask other DNS servers.
    `example` is one of the names.
    """

    region: str
    vpc_id: str
    owner: str
    accounts: tuple[str, ...]
    zones: tuple[str, ...]
    instances: int
    names: int
    reason: str
    trouble: bool
    example: str


@dataclass(frozen=True, slots=True)
class InstanceVpcs:
    """The VPCs with such instances, those with most instances first; `more` counts those left out.

    `unreadable` counts instances whose rows this version cannot read.
    """

    unresolved: tuple[UnresolvedNames, ...] = ()
    more: int = 0
    unreadable: int = 0

    @property
    def well(self) -> bool:
        """Whether all names resolve where their instances run, as far as policy wants it and orgdns can see."""
        return not self.unreadable and not any(found.trouble for found in self.unresolved)


@dataclass(slots=True)
class _Found:
    """What was counted for one VPC and one reason."""

    accounts: set[str] = field(default_factory=set)
    zones: set[str] = field(default_factory=set)
    instances: int = 0
    names: int = 0
    example: str = ""

    def unresolved(self, known: KnownVpcs, where: tuple[str, str, str, bool]) -> UnresolvedNames:
        region, vpc_id, reason, trouble = where
        return UnresolvedNames(
            region=region,
            vpc_id=vpc_id,
            owner=known.owner(region, vpc_id),
            accounts=tuple(sorted(self.accounts)[:LISTED]),
            zones=tuple(sorted(self.zones)[:LISTED]),
            instances=self.instances,
            names=self.names,
            reason=reason,
            trouble=trouble,
            example=self.example,
        )


@dataclass(frozen=True, slots=True)
class KnownVpcs:
    """What the ledger knows about VPCs: those described, and the owners of those that are shared."""

    rows: Mapping[tuple[str, str], VpcRow]
    owners: Mapping[tuple[str, str], str]
    covered: frozenset[Spoke]

    @classmethod
    def of(cls, rows: Iterable[VpcRow], vpcs_statuses: Iterable[VpcsStatus], covered: Collection[Spoke]) -> KnownVpcs:
        """What rows and statuses of the ledger know; `covered` are the accounts and regions that orgdns covers."""
        owners = {
            (status.spoke.region, shared.id): shared.owner for status in vpcs_statuses for shared in status.shared
        }
        return cls({(row.ref.region, row.ref.id): row for row in rows}, owners, frozenset(covered))

    @property
    def zones(self) -> dict[str, str]:
        """The zones that orgdns associates, with their domains."""
        return {zone.zone_id: zone.domain.removesuffix(".") for row in self.rows.values() for zone in row.zones}

    def owner(self, region: str, vpc_id: str) -> str:
        """The account that owns a VPC, empty if it is not known."""
        row = self.rows.get((region, vpc_id))
        return row.ref.account if row else self.owners.get((region, vpc_id), "")

    def unseen(self, region: str, vpc_id: str) -> str:
        """Why orgdns knows nothing about a VPC, and what to do."""
        owner = self.owner(region, vpc_id)
        if not owner:
            return "orgdns does not know the VPC: it is new, or belongs to an account that orgdns does not cover"
        if Spoke(owner, region) in self.covered:
            return f"account {owner} owns the VPC, and its VPCs are not described yet: see {owner}/{region}"
        return (
            f"account {owner} owns the VPC and shares it, and orgdns does not cover {owner}/{region}: only the owner "
            "can associate the VPC. Cover the account, or have it associate the VPC by hand"
        )

    def why_not(self, region: str, vpc_id: str, zone_id: str) -> tuple[str, bool] | None:
        """Why a VPC does not resolve a zone, and whether that is a trouble; None if it resolves the zone."""
        row = self.rows.get((region, vpc_id))
        if row is None or row.vpc is None:
            return self.unseen(region, vpc_id), True
        known = {zone.id for zone in row.vpc.zones} | {zone.zone_id for zone in row.vpc.others_zones}
        zone = next((zone for zone in row.zones if zone.zone_id == zone_id), None)
        if zone is not None and zone.blocked:
            return zone.blocked, True
        if zone_id not in known and not (zone is not None and zone.resolves):
            return "policy does not select the VPC for the zone", False
        if zone is not None and (reason := bypassed(row.vpc, zone.domain)):
            # Policy does not select the VPC: otherwise the zone is blocked.
            return reason, False
        if row.vpc.dns_servers and not row.vpc.asks_resolver:
            servers = ", ".join(row.vpc.other_servers)
            return f"instances ask {servers}, and orgdns cannot see what these DNS servers answer", False
        return None


def instance_vpcs(observations: Iterable[Observation | None], known: KnownVpcs) -> InstanceVpcs:
    """The VPCs in which names of instances do not resolve; an instance whose row cannot be read is None.

    Only the zones count whose VPCs are configured. An instance asks the Resolver of its primary interface's VPC.
    """
    zones = known.zones
    reasons: dict[tuple[str, str, str], tuple[str, bool] | None] = {}
    found: dict[tuple[str, str, str, bool], _Found] = {}
    unreadable = 0
    for observation in observations:
        if observation is None:
            unreadable += 1
            continue
        if observation.ended or observation.instance is None or not observation.instance.interfaces:
            continue
        place = observation.ref.region, observation.instance.interfaces[0].vpc_id
        told: set[tuple[str, bool]] = set()
        for claim in observation.claims:
            zone_id = claim.key.zone_id
            if zone_id not in zones:
                continue
            if (*place, zone_id) not in reasons:
                reasons[*place, zone_id] = known.why_not(*place, zone_id)
            reason = reasons[*place, zone_id]
            if reason is None:
                continue
            counted = found.setdefault((*place, *reason), _Found())
            counted.zones.add(zones[zone_id])
            counted.names += 1
            counted.instances += reason not in told
            counted.accounts.add(observation.ref.account)
            counted.example = counted.example or claim.key.fqdn.removesuffix(".")
            told.add(reason)
    unresolved = sorted(
        (counted.unresolved(known, where) for where, counted in found.items()),
        key=lambda each: (not each.trouble, -each.instances, each.region, each.vpc_id, each.reason),
    )
    return InstanceVpcs(tuple(unresolved[:VPCS]), len(unresolved[VPCS:]), unreadable)
