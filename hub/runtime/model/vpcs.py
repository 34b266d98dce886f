"""The nouns of associations: VPCs, and the zones that a VPC's Resolver answers from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.model.damping import Damping
from hub.runtime.model.names import NEVER, Millis, Ref, Spoke
from hub.runtime.model.resolver import AMAZON_DNS, RESOLVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.guard import Cause
    from hub.runtime.model.names import Account, Fqdn
    from hub.runtime.model.resolver import FirewallRule, ProfileZone, ResolverRule


# How long a report shows that someone else ended an association, in milliseconds: a week, so that a pipeline that runs
# on working days is not forgotten over the weekend.
REMOVED_WINDOW: Final = 7 * 86_400_000


class AssociationMethod(StrEnum):
    """How a VPC resolves a zone."""

    ASSOCIATION = "association"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True, order=True)
class VpcRef(Ref):
    """A VPC."""


@dataclass(frozen=True, slots=True, order=True)
class AssociatedZone:
    """A private hosted zone that a VPC is associated with; the owner is an account or an AWS service."""

    id: str
    domain: Fqdn
    owner: str


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC as its account shows it: its facts, and everything that decides what its Resolver answers from.

    `default` means that it is the default VPC, which AWS creates in every region of an account. `profiles` are the ids
    of the Route 53 Profiles that the VPC is associated with. `autodefined_rules` says whether Resolver's autodefined
    rules for reverse lookups are active. `profile` is the id of the orgdns Profile in the region, empty if there is
    none, and `profile_zones` are the ids of the zones in that Profile. `profile_coming` means that AWS is still
    associating the VPC with it.

    `dns_servers` are the DNS servers that the VPC's DHCP options set `dhcp_options` gives to instances, in order; empty
    if they are not known. `resolver_address` is the address of the VPC's Resolver in its primary CIDR. `firewall` are
    the rules of DNS Firewall in the order in which they are evaluated, and `others_zones` the zones of orgdns that
    Profiles of others bring. `unknown` says what else decides answers in the VPC, but could not be read.
    """

    ref: VpcRef
    cidrs: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    default: bool = False
    dns_support: bool = True
    dns_hostnames: bool = True
    zones: tuple[AssociatedZone, ...] = ()
    rules: tuple[ResolverRule, ...] = ()
    profiles: tuple[str, ...] = ()
    autodefined_rules: bool = True
    profile: str = ""
    profile_zones: tuple[str, ...] = ()
    profile_coming: bool = False
    dhcp_options: str = ""
    dns_servers: tuple[str, ...] = (AMAZON_DNS,)
    resolver_address: str = ""
    firewall: tuple[FirewallRule, ...] = ()
    others_zones: tuple[ProfileZone, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def has_profile(self) -> bool:
        """Whether the VPC is associated with the orgdns Profile; the association may still be in progress."""
        return bool(self.profile) and self.profile in self.profiles

    @property
    def other_servers(self) -> tuple[str, ...]:
        """The DNS servers that instances ask besides the Resolver of the VPC."""
        own = {*RESOLVER, self.resolver_address}
        return tuple(server for server in self.dns_servers if server not in own)

    @property
    def asks_resolver(self) -> bool:
        """Whether the Resolver of the VPC is among the DNS servers that instances ask, as far as they are known."""
        return len(self.other_servers) < len(self.dns_servers)

    def by_profile(self, zone_id: str) -> bool:
        """Whether the VPC resolves a zone by the orgdns Profile now."""
        return self.has_profile and not self.profile_coming and zone_id in self.profile_zones

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None if the VPC does not have the tag."""
        return next((value for name, value in self.tags if name == key), None)


@dataclass(frozen=True, slots=True, order=True)
class SharedVpc:
    """A VPC whose owner shares subnets with an account, which can launch instances there, and not associate it."""

    id: str
    owner: str


@dataclass(frozen=True, slots=True)
class DescribedVpcs:
    """The VPCs that a spoke owns, and those of other accounts that it can see.

    `unreadable` are VPCs that exist and cannot be read, by their ids. The id is empty if not even that can be read: any
    VPC that is not among the others may be it. `denied` are AWS's messages about calls that a policy denies, and
    without which the VPCs are described in part.
    """

    vpcs: tuple[Vpc, ...] = ()
    shared: tuple[SharedVpc, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    denied: tuple[str, ...] = ()

    @property
    def faults(self) -> Mapping[str, str]:
        """Why VPCs cannot be read, by their ids."""
        return {each.what: each.reason for each in self.unreadable}


def is_profile(zone_or_profile_id: str) -> bool:
    """Whether an id is that of a Route 53 Profile, and not of a zone (API Reference, AssociateProfile: `rp-...`)."""
    return zone_or_profile_id.startswith("rp-")


@dataclass(frozen=True, slots=True)
class AssociationRecord:
    """What the ledger records about one zone, or the Profile, in one VPC.

    `managed` means that orgdns made the association. `in_progress` is set from before the first call of an association
    until after the last; an authorization may remain if it stays set. `fault` says why the last attempt failed.
    `awaiting_approval` means that the association ends once a person approves. `left_at` is when orgdns last ended the
    association without an approval, and `left_for` why: the guard counts it for a day. `removed_by_others` is how often
    orgdns found that someone else had ended the association, and `removed_at` when it last did.
    """

    managed: bool = False
    in_progress: bool = False
    fault: str = ""
    awaiting_approval: bool = False
    left_at: Millis = NEVER
    left_for: Cause | None = None
    removed_by_others: int = 0
    removed_at: Millis = NEVER

    def started(self, *, managed: bool, in_progress: bool = False) -> AssociationRecord:
        """The record while the association is made again, and after that. It keeps how often others ended it."""
        return AssociationRecord(
            managed, in_progress, removed_by_others=self.removed_by_others, removed_at=self.removed_at
        )

    def found_removed(self, now: Millis) -> AssociationRecord:
        """The record after someone else ended the association. What is long ago does not count any more."""
        times = self.removals_by_others(now) + 1
        return replace(self, removed_by_others=times, removed_at=now)

    def removals_by_others(self, now: Millis) -> int:
        """How often someone else ended the association, or 0 if the last time is long ago."""
        return self.removed_by_others if self.removed_at > now - REMOVED_WINDOW else 0

    @property
    def ended(self) -> AssociationRecord:
        """What remains of the record when the association has ended."""
        return AssociationRecord(left_at=self.left_at, left_for=self.left_for)


@dataclass(frozen=True, slots=True)
class ZoneInVpc:
    """The state of one zone in a VPC.

    `wanted` is the method by which policy wants the VPC to resolve the zone, or None; `method` is the one in use now.
    `blocked` says why the VPC resolves no name of a zone that policy wants. `notes` are further facts for a person.
    `leaving` is why policy no longer wants the VPC to resolve the zone. It stays until policy wants it again.
    `removed_by_others` means that someone else ended the association that orgdns made, and orgdns is to make it again.
    A zone that is `withheld` is in dry run: its associations stay as they are.
    """

    zone_id: str
    domain: Fqdn
    wanted: AssociationMethod | None = None
    method: AssociationMethod | None = None
    managed: bool = False
    blocked: str = ""
    notes: tuple[str, ...] = ()
    leaving: Cause | None = None
    removed_by_others: bool = False
    withheld: bool = False

    @property
    def resolves(self) -> bool:
        """Whether the VPC resolves the zone, as far as orgdns can see."""
        return self.method is not None and not self.blocked


@dataclass(frozen=True, slots=True)
class VpcRow:
    """What the ledger knows about a VPC: the VPC and its account as last described, and what orgdns did there.

    `zones` is the state of the zones at that time, by the policy of that time. `records` has a record for each zone's
    id, and one for the Profile's id. `row_fault` says why the row cannot be read: nothing else is known then, and
    orgdns neither changes the VPC nor writes over the row. `damping` says how often events changed what policy wants.
    """

    ref: VpcRef
    seen_at: Millis = NEVER
    vpc: Vpc | None = None
    account: Account | None = None
    zones: tuple[ZoneInVpc, ...] = ()
    records: Mapping[str, AssociationRecord] = field(default_factory=dict)
    row_fault: str = ""
    damping: Damping = field(default_factory=Damping)

    def leaving(self, zone_id: str) -> Cause | None:
        """Why the VPC is to lose a zone, as far as the ledger knows."""
        return next((zone.leaving for zone in self.zones if zone.zone_id == zone_id), None)

    def lost(self, vpc: Vpc, zone_id: str, method: AssociationMethod) -> bool:
        """Whether someone else ended the association by which the VPC, as it was last described, had a zone.

        `vpc` is the VPC as it is now, and `method` is how policy wants it to resolve the zone. orgdns made the
        association, and did not end it: it ends only what policy did not want when it looked last.
        """
        by_profile = method is AssociationMethod.PROFILE
        record = self.record(vpc.profile if by_profile else zone_id)
        before = next((zone for zone in self.zones if zone.zone_id == zone_id), None)
        if before is None or not record.managed or record.in_progress:
            return False
        present = vpc.has_profile if by_profile else any(zone.id == zone_id for zone in vpc.zones)
        return not present and (before.removed_by_others or before.wanted is method is before.method)

    def record(self, zone_or_profile_id: str) -> AssociationRecord:
        """The record of a zone or a Profile."""
        return self.records.get(zone_or_profile_id, AssociationRecord())


def known_dhcp_options(rows: Iterable[VpcRow]) -> dict[str, tuple[str, ...]]:
    """The DNS servers of the DHCP options sets that the ledger knows. A set never changes."""
    return {row.vpc.dhcp_options: row.vpc.dns_servers for row in rows if row.vpc and row.vpc.dns_servers}


@dataclass(frozen=True, slots=True)
class VpcsStatus:
    """The result of the last discovery of a spoke's VPCs; `fault` says why they could not be described.

    `shared` are VPCs of other accounts in which the spoke can launch instances. `unreadable` counts the VPCs that
    cannot be read, or whose rows cannot, and `unreadable_first` are some of them, each with the reason.
    """

    spoke: Spoke
    seen_at: Millis = NEVER
    vpcs: int = 0
    blocked: int = 0
    fault: str = ""
    shared: tuple[SharedVpc, ...] = ()
    unreadable: int = 0
    unreadable_first: tuple[Unreadable, ...] = ()
