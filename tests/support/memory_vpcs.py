"""VPCs, accounts and the zones' owner in memory, behind the associator's ports. A worker can be killed at any call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.damping import Damping
from hub.runtime.model.names import Account, Fqdn, Millis, Spoke
from hub.runtime.model.status import ZoneStatus
from hub.runtime.model.vpcs import (
    AssociatedZone,
    AssociationRecord,
    DescribedVpcs,
    SharedVpc,
    Vpc,
    VpcRef,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)
from hub.runtime.ports import LedgerUnavailable, SpokeDenied, SpokeUnreachable, ZoneClosed, ZoneUnavailable
from tests.support.build import PAYMENTS, ZONE_IDS

NETWORK = "333333333333"
DOMAINS = {zone_id: domain for domain, zone_id in ZONE_IDS.items()}


class Killed(BaseException):
    """Lambda stopped the worker."""


def vpc_ref(number: int = 1, account: str = PAYMENTS.id, region: str = "eu-central-1") -> VpcRef:
    return VpcRef(account, region, f"vpc-{number:017x}")


@dataclass(slots=True)
class MemoryVpcs:
    """The VPCs and associations in AWS, and every call to it, in order.

    `kill_before` and `kill_after` are the number of the call that the worker does not survive; `lost_answers` the calls
    that succeed and whose answer never comes, `faults` those that are refused with these errors.
    """

    vpcs: dict[VpcRef, Vpc] = field(default_factory=dict)
    # Foreign zones that a VPC is associated with.
    foreign: dict[VpcRef, tuple[AssociatedZone, ...]] = field(default_factory=dict)
    associated: set[tuple[str, VpcRef]] = field(default_factory=set)
    authorized: set[tuple[str, VpcRef]] = field(default_factory=set)
    profiles: dict[str, str] = field(default_factory=dict)
    profiled: set[tuple[str, VpcRef]] = field(default_factory=set)
    # The zones that each Profile carries, None for all; and the VPCs that AWS has not yet associated with it.
    carried: tuple[str, ...] | None = None
    coming: set[VpcRef] = field(default_factory=set)
    without_autodefined_rules: set[VpcRef] = field(default_factory=set)
    unreachable: set[Spoke] = field(default_factory=set)
    denied: set[Spoke] = field(default_factory=set)
    # VPCs of other accounts that a spoke can see.
    shared: dict[Spoke, tuple[SharedVpc, ...]] = field(default_factory=dict)
    hidden: set[VpcRef] = field(default_factory=set)
    # The VPCs of which the last description need not read everything.
    known: frozenset[str] = frozenset()
    # VPCs that cannot be read, and those of which not even the id can be read.
    unreadable: set[VpcRef] = field(default_factory=set)
    nameless: set[VpcRef] = field(default_factory=set)
    quota: int = 300
    calls: list[str] = field(default_factory=list)
    kill_before: int | None = None
    kill_after: int | None = None
    lost_answers: set[str] = field(default_factory=set)
    faults: dict[str, Exception] = field(default_factory=dict)

    def add(self, number: int = 1, *, account: str = PAYMENTS.id, region: str = "eu-central-1", **facts: object) -> Vpc:
        ref = vpc_ref(number, account, region)
        made = replace(Vpc(ref, cidrs=(f"10.{number % 250}.0.0/16",)), **facts)  # type: ignore[arg-type]  # a Vpc's own
        self.vpcs[ref] = made
        return made

    def zones_of(self, ref: VpcRef) -> set[str]:
        return {zone_id for zone_id, associated in self.associated if associated == ref}

    def described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None = None,
        dhcp_options: Mapping[str, tuple[str, ...]] | None = None,  # noqa: ARG002 - the port's; these VPCs have one set
        known: Mapping[str, Vpc] | None = None,
    ) -> DescribedVpcs:
        self.known = frozenset(known or ())
        self._call("seen")
        if spoke in self.denied:
            raise SpokeDenied(f"{spoke}: AccessDenied")
        if spoke in self.unreachable:
            raise SpokeUnreachable(f"{spoke}: RequestLimitExceeded")
        found = [
            ref
            for ref in sorted(self.vpcs)
            if ref.spoke == spoke and (vpc_ids is None or ref.id in vpc_ids) and ref not in self.hidden
        ]
        unreadable = [Unreadable(ref.id, "no CidrBlock") for ref in found if ref in self.unreadable]
        unreadable += [Unreadable("", "no VpcId") for ref in found if ref in self.nameless]
        shown = [self._shown(self.vpcs[ref]) for ref in found if ref not in self.unreadable | self.nameless]
        return DescribedVpcs(tuple(shown), self.shared.get(spoke, ()), tuple(unreadable))

    def _shown(self, vpc: Vpc) -> Vpc:
        own = {AssociatedZone(zone_id, DOMAINS[zone_id], NETWORK) for zone_id in self.zones_of(vpc.ref)}
        return replace(
            vpc,
            zones=tuple(sorted({*own, *self.foreign.get(vpc.ref, ())})),
            profile=self.profiles.get(vpc.ref.region, ""),
            profiles=tuple(sorted(profile for profile, ref in self.profiled if ref == vpc.ref)),
            profile_zones=tuple(DOMAINS) if self.carried is None else self.carried,
            profile_coming=vpc.ref in self.coming,
            autodefined_rules=vpc.ref not in self.without_autodefined_rules,
        )

    def authorize(self, zone_id: str, ref: VpcRef) -> None:
        with_answer = self._call("authorize")
        self.authorized.add((zone_id, ref))
        self._answered(with_answer, ZoneUnavailable("no answer"))

    def clear(self, zone_id: str, ref: VpcRef) -> None:
        with_answer = self._call("clear")
        self.authorized.discard((zone_id, ref))
        self._answered(with_answer, ZoneUnavailable("no answer"))

    def disassociate(self, zone_id: str, ref: VpcRef) -> None:
        with_answer = self._call("disassociate")
        others = {other for zone, other in self.associated if zone == zone_id} - {ref}
        if (zone_id, ref) in self.associated and not others:
            raise AssociationRefused("LastVPCAssociation: the VPC is the last one of the zone")
        self.associated.discard((zone_id, ref))
        self._answered(with_answer, ZoneUnavailable("no answer"))

    def associate(self, zone_id: str, ref: VpcRef) -> None:
        with_answer = self._call("associate")
        if ref.spoke in self.denied:
            raise SpokeDenied(f"{ref.spoke}: AccessDenied")
        if ref.account != NETWORK and (zone_id, ref) not in self.authorized:
            raise SpokeUnreachable("NotAuthorizedException")
        if ref not in self.vpcs:
            raise AssociationRefused("InvalidVPCId")
        named = {zone.domain for zone in self._shown(self.vpcs[ref]).zones}
        if DOMAINS[zone_id] in named:
            raise AssociationRefused("ConflictingDomainExists", taken=True)
        if len([vpc for zone, vpc in self.associated if zone == zone_id]) >= self.quota:
            raise AssociationRefused("LimitsExceeded", full=True)
        self.associated.add((zone_id, ref))
        self._answered(with_answer, SpokeUnreachable("no answer"))

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        with_answer = self._call("associate_profile")
        self.profiled.add((profile_id, ref))
        self._answered(with_answer, SpokeUnreachable("no answer"))

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        with_answer = self._call("disassociate_profile")
        self.profiled.discard((profile_id, ref))
        self._answered(with_answer, SpokeUnreachable("no answer"))

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        self._call("disable_autodefined_rules")
        self.without_autodefined_rules.add(ref)

    def _call(self, name: str) -> bool:
        """Count a call; return whether its answer will arrive."""
        self.calls.append(name)
        if self.kill_before == len(self.calls):
            raise Killed
        if name in self.faults:
            raise self.faults[name]
        return name not in self.lost_answers

    def _answered(self, with_answer: bool, silence: Exception) -> None:  # noqa: FBT001 - what the call before said
        if self.kill_after == len(self.calls):
            raise Killed
        if not with_answer:
            raise silence


@dataclass(slots=True)
class MemoryVpcRows:
    """The ledger's rows of VPCs, and the statuses of spokes and zones."""

    aws: MemoryVpcs
    rows: dict[VpcRef, VpcRow] = field(default_factory=dict)
    statuses: dict[Spoke, VpcsStatus] = field(default_factory=dict)
    zones: dict[str, ZoneStatus] = field(default_factory=dict)
    events: set[Spoke] = field(default_factory=set)
    # The VPCs whose rows DynamoDB does not accept.
    refused: set[VpcRef] = field(default_factory=set)
    # How many VPCs of a spoke wait, and the spokes whose rows DynamoDB does not accept.
    work: dict[Spoke, int] = field(default_factory=dict)
    refused_spokes: set[Spoke] = field(default_factory=set)
    # How often the rows of all VPCs were read.
    full_reads: int = 0

    def vpc_rows(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        return tuple(row for ref, row in sorted(self.rows.items()) if ref.spoke == spoke)

    def account_vpc_rows(self, account_id: str) -> tuple[VpcRow, ...]:
        return tuple(row for ref, row in sorted(self.rows.items()) if ref.account == account_id)

    def all_vpc_rows(self) -> Iterator[VpcRow]:
        self.full_reads += 1
        return iter([row for _, row in sorted(self.rows.items())])

    def put_vpc(self, vpc: Vpc, account: Account, zones: tuple[ZoneInVpc, ...], damping: Damping | None = None) -> None:
        described = replace(self._row(vpc.ref), vpc=vpc, account=account, zones=zones, seen_at=Millis(1))
        self._write(vpc.ref, replace(described, damping=damping or described.damping))

    def put_damping(self, ref: VpcRef, damping: Damping) -> None:
        self._write(ref, replace(self._row(ref), damping=damping))

    def put_association(self, ref: VpcRef, target: str, record: AssociationRecord) -> None:
        records = {name: remembered for name, remembered in self._row(ref).records.items() if name != target}
        records |= {} if record == AssociationRecord() else {target: record}
        self._write(ref, replace(self._row(ref), records=records))

    def put_zones(self, ref: VpcRef, zones: tuple[ZoneInVpc, ...]) -> None:
        self._write(ref, replace(self._row(ref), zones=zones))

    def forget_vpc(self, ref: VpcRef, ended: Mapping[str, AssociationRecord] | None = None) -> None:
        self.aws._call("forget_vpc")  # noqa: SLF001 - counted with the others
        self.rows.pop(ref, None)
        if ended:
            self.rows[ref] = VpcRow(ref, records=dict(ended))

    def put_vpcs_status(self, status: VpcsStatus) -> None:
        self.statuses[status.spoke] = status

    def zone_status(self, zone_id: str) -> ZoneStatus:
        return self.zones.get(zone_id, ZoneStatus(zone_id))

    def await_approval(self, zone_id: str, vpc: str) -> None:
        status = self.zone_status(zone_id)
        self.zones[zone_id] = replace(status, pending_vpcs=tuple(sorted({*status.pending_vpcs, vpc})))

    def note_event(self, spoke: Spoke) -> None:
        self.events.add(spoke)

    def note_vpc_work(self, spoke: Spoke, number: int) -> None:
        if spoke in self.refused_spokes:
            raise LedgerUnavailable("ValidationException: Item size has exceeded the maximum allowed size")
        self.work[spoke] = number

    def end_approval(self, zone_id: str, vpc: str) -> None:
        status = self.zone_status(zone_id)
        pending = tuple(pending for pending in status.pending_vpcs if pending != vpc)
        self.zones[zone_id] = replace(status, pending_vpcs=pending, approved_vpcs=status.approved_vpcs - {vpc})

    def approve(self, zone_id: str) -> None:
        status = self.zone_status(zone_id)
        self.zones[zone_id] = replace(status, approved_vpcs=frozenset(status.pending_vpcs))

    def _row(self, ref: VpcRef) -> VpcRow:
        return self.rows.get(ref, VpcRow(ref))

    def _write(self, ref: VpcRef, row: VpcRow) -> None:
        with_answer = self.aws._call("write")  # noqa: SLF001 - counted with the others
        if ref in self.refused:
            raise LedgerUnavailable("ValidationException: Item size has exceeded the maximum allowed size")
        self.rows[ref] = row
        self.aws._answered(with_answer, RuntimeError("writes are answered"))  # noqa: SLF001 - as above


def foreign_zone(domain: str = "corp.internal.", zone_id: str = "Z0FOREIGN") -> AssociatedZone:
    return AssociatedZone(zone_id, Fqdn(domain), "999999999999")


def closed(zone_id: str) -> ZoneClosed:
    return ZoneClosed(f"{zone_id}: NoSuchHostedZone")
