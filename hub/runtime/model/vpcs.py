"""The nouns of associations: VPCs, and what a VPC's Resolver answers from. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import NEVER, Millis, Ref, Spoke

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import Account, Fqdn


class AssociationMethod(StrEnum):
    """By what a VPC resolves a zone."""

    ASSOCIATION = "association"
    PROFILE = "profile"


@dataclass(frozen=True, slots=True, order=True)
class VpcRef(Ref):
    """Which VPC."""


@dataclass(frozen=True, slots=True, order=True)
class AssociatedZone:
    """A private hosted zone that a VPC is associated with, whoever owns it: an account, or a service of AWS."""

    id: str
    domain: Fqdn
    owner: str


@dataclass(frozen=True, slots=True, order=True)
class ForwardRule:
    """A Resolver rule of a VPC by which queries for a domain, and all below it, are asked elsewhere."""

    id: str
    domain: Fqdn


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC, as its account shows it: its facts, and all that decides what its Resolver answers from.

    `profiles` are the ids of the Route 53 Profiles that it is associated with, `autodefined_rules` whether EC2's own
    rules for reverse lookups are in force, `profile` the id of the Profile of orgdns in its region, where there is one.
    `profile_zones` are the ids of the zones which that Profile carries, and `profile_coming` says that AWS has not yet
    done associating the VPC with it.
    """

    ref: VpcRef
    cidrs: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    dns_support: bool = True
    dns_hostnames: bool = True
    zones: tuple[AssociatedZone, ...] = ()
    rules: tuple[ForwardRule, ...] = ()
    profiles: tuple[str, ...] = ()
    autodefined_rules: bool = True
    profile: str = ""
    profile_zones: tuple[str, ...] = ()
    profile_coming: bool = False

    @property
    def has_profile(self) -> bool:
        """Whether the VPC is associated with the Profile of orgdns, also where that is still being made."""
        return bool(self.profile) and self.profile in self.profiles

    def by_profile(self, zone_id: str) -> bool:
        """Whether the VPC resolves a zone by the Profile of orgdns, now."""
        return self.has_profile and not self.profile_coming and zone_id in self.profile_zones

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None when the VPC does not carry it."""
        return next((value for name, value in self.tags if name == key), None)


@dataclass(frozen=True, slots=True)
class AssociationRecord:
    """What the ledger remembers of one zone, or of the Profile, in one VPC.

    `managed` when orgdns associated it. `in_progress` from before the first call of an association until after the
    last: an
    authorisation may be left then. `fault` is why the last try failed, and `awaiting_approval` that ending it waits
    for a person.
    """

    managed: bool = False
    in_progress: bool = False
    fault: str = ""
    awaiting_approval: bool = False


@dataclass(frozen=True, slots=True)
class ZoneInVpc:
    """How one zone stands in a VPC.

    `wanted` is by what means policy has the VPC resolve the zone, None where it has not; `method` by what it does now.
    `blocked` says why no name of the zone is answered though policy wants it; `notes` what else a person should know.
    """

    zone_id: str
    domain: Fqdn
    wanted: AssociationMethod | None = None
    method: AssociationMethod | None = None
    managed: bool = False
    blocked: str = ""
    notes: tuple[str, ...] = ()

    @property
    def resolves(self) -> bool:
        """Whether the VPC resolves the zone, as far as can be seen."""
        return self.method is not None and not self.blocked


@dataclass(frozen=True, slots=True)
class VpcRow:
    """What the ledger knows of a VPC: as it was last seen, with its account then, and what orgdns did there.

    `zones` are how the zones stood then, by the policy that was deployed. `records` are by the zone's id, and the
    Profile's by its own.
    """

    ref: VpcRef
    seen_at: Millis = NEVER
    vpc: Vpc | None = None
    account: Account | None = None
    zones: tuple[ZoneInVpc, ...] = ()
    records: Mapping[str, AssociationRecord] = field(default_factory=dict)

    def record(self, of: str) -> AssociationRecord:
        """What is remembered of a zone, or of a Profile."""
        return self.records.get(of, AssociationRecord())


@dataclass(frozen=True, slots=True)
class VpcsStatus:
    """How looking at the VPCs of a spoke went; `fault` says why they could not be seen."""

    spoke: Spoke
    seen_at: Millis = NEVER
    vpcs: int = 0
    blocked: int = 0
    fault: str = ""
