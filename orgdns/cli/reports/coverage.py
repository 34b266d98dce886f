"""What orgdns covers: accounts, regions and VPCs, what is wrong with each, and what to do. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.health.near_limit import near_limit
from hub.runtime.model.names import NEVER
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.usage import PROFILE_VPCS, ZONE_VPCS
from hub.runtime.model.vpcs import AssociationMethod
from orgdns.cli.reports.instance_vpcs import InstanceVpcs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.health.attention import Health
    from hub.runtime.model.names import Millis, Spoke
    from hub.runtime.model.usage import Limits
    from hub.runtime.model.vpcs import AssociationRecord, VpcRow, VpcsStatus, ZoneInVpc

CURRENT: Final = "CURRENT"
# The stacks of the management account, whose state the hub account cannot see: a sweep shows whether they work.
UNLISTED: Final = "UNLISTED"


@dataclass(frozen=True, slots=True)
class StackInstance:
    """The status of a stack of the rollout, as StackSets reports it, or that no StackSet lists it."""

    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SpokeCoverage:
    """One account in one region: its stack, its last sweep, and its VPCs.

    `closed` is why it has been unreachable for too long, which is no trouble any more; otherwise it is empty.
    """

    spoke: Spoke
    stack: StackInstance | None
    status: SpokeStatus | None
    vpcs_status: VpcsStatus | None
    vpcs: tuple[VpcRow, ...]
    troubles: tuple[str, ...] = ()
    closed: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing is wrong with the spoke."""
        return not self.troubles


@dataclass(frozen=True, slots=True)
class ZoneCoverage:
    """How many VPCs should resolve a zone, how many do, and by which method.

    `default` counts the default VPCs that policy does not select. `quota` is how many VPCs may be associated.
    `fullest_profile` is how many VPCs resolve the zone by the Profile in the region where they are most, and
    `profile_quota` how many may use a Profile. `removed` counts the VPCs whose associations someone else ended lately,
    `removals` how often, and `removed_at` is when orgdns last found that.
    """

    zone_id: str
    domain: str
    wanted: int
    resolving: int
    associated: int
    by_profile: int
    default: int = 0
    quota: int = ZONE_VPCS
    fullest_profile: int = 0
    profile_quota: int = PROFILE_VPCS
    removed: int = 0
    removals: int = 0
    removed_at: Millis = NEVER

    @property
    def zone_nearly_full(self) -> bool:
        """Whether the zone is close to its quota of VPCs."""
        return near_limit(self.associated, self.quota)

    @property
    def nearly_full(self) -> bool:
        """Whether the zone, or the Profile of a region, is close to its quota of VPCs."""
        return self.zone_nearly_full or near_limit(self.fullest_profile, self.profile_quota)


@dataclass(frozen=True, slots=True)
class Coverage:
    """All spokes, and all zones whose VPCs are configured. `paused` is why no association changes now, or None."""

    spokes: tuple[SpokeCoverage, ...]
    zones: tuple[ZoneCoverage, ...]
    instances: InstanceVpcs = field(default_factory=InstanceVpcs)
    paused: str | None = None

    @property
    def troubled(self) -> tuple[SpokeCoverage, ...]:
        """The spokes that have troubles."""
        return tuple(spoke for spoke in self.spokes if not spoke.well)

    @property
    def closed(self) -> tuple[SpokeCoverage, ...]:
        """The spokes that have been unreachable for too long, and in which nothing is left to do."""
        return tuple(spoke for spoke in self.spokes if spoke.closed)

    @property
    def well(self) -> bool:
        """Whether no spoke has troubles, nobody else ends associations, and names resolve where policy wants it."""
        lost = any(zone.removed for zone in self.zones)
        return not self.troubled and not lost and self.instances.well

    def only(self, spokes: Collection[Spoke]) -> Coverage:
        """The coverage of only some spokes; the numbers of the zones and the instances stay."""
        return replace(self, spokes=tuple(found for found in self.spokes if found.spoke in spokes))


def coverage(
    stacks: Mapping[Spoke, StackInstance],
    statuses: Iterable[SpokeStatus],
    vpcs_statuses: Iterable[VpcsStatus],
    rows: Iterable[VpcRow],
    health: Health,
    now: Millis,
    limits: Limits | None = None,
) -> Coverage:
    """The coverage that StackSets and the ledger show together; `health` is that of the spokes with these stacks.

    `limits` are those of the hub, with the quotas of VPCs.
    """
    by_spoke = {status.spoke: status for status in statuses}
    vpcs_by_spoke = {status.spoke: status for status in vpcs_statuses}
    vpcs: defaultdict[Spoke, list[VpcRow]] = defaultdict(list)
    for row in rows:
        vpcs[row.ref.spoke].append(row)
    spokes = []
    for spoke in sorted({*health.known, *stacks, *vpcs}):
        found = SpokeCoverage(
            spoke=spoke,
            stack=stacks.get(spoke),
            status=by_spoke.get(spoke),
            vpcs_status=vpcs_by_spoke.get(spoke),
            vpcs=tuple(sorted(vpcs[spoke], key=_place)),
        )
        if spoke in health.closed:
            spokes.append(replace(found, closed=found.status.fault if found.status else ""))
        else:
            spokes.append(replace(found, troubles=tuple(_troubles(found, health))))
    zone_vpcs = limits.zone_vpcs if limits else ZONE_VPCS
    profile_vpcs = limits.profile_vpcs if limits else PROFILE_VPCS
    zones = (replace(zone, quota=zone_vpcs, profile_quota=profile_vpcs) for zone in _zones(spokes, now))
    return Coverage(tuple(spokes), tuple(zones))


def _place(row: VpcRow) -> str:
    return str(row.ref)


def _troubles(found: SpokeCoverage, health: Health) -> Iterable[str]:
    """What is wrong with a spoke, each with what to do."""
    fault = found.status.fault if found.status else ""
    if found.stack is None:
        yield "no stack of the rollout: the account left the covered units, or the region is no longer covered"
    elif found.stack.status not in {CURRENT, UNLISTED}:
        reason = f" ({found.stack.reason})" if found.stack.reason else ""
        yield f"its stack is {found.stack.status}{reason}: see the operations of the StackSet in CloudFormation"
    if found.spoke in health.unreachable:
        more = ": run orgdns deploy --management" if found.stack and found.stack.status == UNLISTED else ""
        yield f"unreachable: {fault}{more}"
    elif found.spoke in health.never_swept:
        yield "not swept yet: the first sweep starts within five minutes of the rollout"
    elif found.spoke in health.overdue:
        yield f"no complete sweep for hours: {fault or 'see the log of the sweeper'}"
    if found.vpcs_status and found.vpcs_status.fault and found.spoke not in health.unreachable:
        yield f"its VPCs cannot be described: {found.vpcs_status.fault}"
    yield from _events(found.status or SpokeStatus(found.spoke), health)
    yield from _unreadable(found)
    for row in found.vpcs:
        for zone in row.zones:
            if zone.blocked:
                yield f"{row.ref.id} does not resolve {_shown(zone)}: {zone.blocked}"


def _events(status: SpokeStatus, health: Health) -> Iterable[str]:
    """What keeps the events of a spoke from names."""
    if status.spoke in health.failing_looks:
        look = status.failed_look
        yield f"events of {look.events:,} instances wait, because the last look failed: {look.reason}"
    if status.spoke in health.undelivered:
        number = f"{status.undelivered_new:,} since the sweep before"
        yield f"events do not reach the hub: {status.undelivered_fault or number}"
    if status.spoke in health.missing_events:
        yield f"sweeps find changes that no event reports: {status.missed:,} by the last one"


def _unreadable(found: SpokeCoverage) -> Iterable[str]:
    """The VPCs that orgdns cannot read, or whose rows in the ledger it cannot read."""
    rows = {row.ref.id: f"its row in the ledger: {row.row_fault}" for row in found.vpcs if row.row_fault}
    status = found.vpcs_status
    shown = {each.what: each.reason for each in status.unreadable_first} if status else {}
    for vpc_id, reason in sorted((shown | rows).items()):
        what = vpc_id or "a VPC without an id"
        yield f"{what} cannot be read, and keeps its associations: {reason}"
    if status and (more := status.unreadable - len(status.unreadable_first)) > 0:
        yield f"{more:,} more VPCs cannot be read, and keep their associations"


def _zones(spokes: Iterable[SpokeCoverage], now: Millis) -> tuple[ZoneCoverage, ...]:
    by_zone: defaultdict[tuple[str, str], list[ZoneInVpc]] = defaultdict(list)
    removed: defaultdict[str, list[AssociationRecord]] = defaultdict(list)
    default, by_region = Counter[str](), defaultdict[str, Counter[str]](Counter)
    for spoke in spokes:
        for row in spoke.vpcs:
            for zone in row.zones:
                by_zone[_shown(zone), zone.zone_id].append(zone)
                default[zone.zone_id] += row.vpc is not None and row.vpc.default and zone.wanted is None
                record = record_in(row, zone)
                if record.removals_by_others(now):
                    removed[zone.zone_id].append(record)
                by_region[zone.zone_id][row.ref.region] += zone.method is AssociationMethod.PROFILE
    return tuple(
        ZoneCoverage(
            zone_id=zone_id,
            domain=domain,
            wanted=sum(zone.wanted is not None for zone in in_vpcs),
            resolving=sum(zone.wanted is not None and zone.resolves for zone in in_vpcs),
            associated=sum(zone.method is AssociationMethod.ASSOCIATION for zone in in_vpcs),
            by_profile=sum(zone.method is AssociationMethod.PROFILE for zone in in_vpcs),
            default=default[zone_id],
            fullest_profile=max(by_region[zone_id].values()),
            removed=len(removed[zone_id]),
            removals=sum(record.removed_by_others for record in removed[zone_id]),
            removed_at=max((record.removed_at for record in removed[zone_id]), default=NEVER),
        )
        for (domain, zone_id), in_vpcs in sorted(by_zone.items())
    )


def record_in(row: VpcRow, zone: ZoneInVpc) -> AssociationRecord:
    """The record of the association by which a VPC has a zone, or is to have it."""
    by_profile = AssociationMethod.PROFILE in {zone.wanted, zone.method} and row.vpc is not None
    return row.record(row.vpc.profile if by_profile and row.vpc else zone.zone_id)


def _shown(zone: ZoneInVpc) -> str:
    return zone.domain.removesuffix(".")
