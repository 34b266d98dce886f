"""The ports of the use cases for associations: what they need, not how it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hub.runtime.ports import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.model.damping import Damping
    from hub.runtime.model.names import Account, Spoke
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.vpcs import AssociationRecord, DescribedVpcs, Vpc, VpcRef, VpcRow, VpcsStatus, ZoneInVpc


class AssociationRefused(Fault):
    """AWS refused to make or end an association, and would refuse it again now. The message says why.

    `taken` says that the VPC already has a zone of that name, which may be the same zone. `full` says that a quota is
    used up.
    """

    def __init__(self, message: str, *, taken: bool = False, full: bool = False) -> None:
        super().__init__(message)
        self.taken = taken
        self.full = full


class Vpcs(Protocol):
    """The VPCs of every spoke, with everything that decides what their Resolvers answer."""

    def described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None = None,
        dhcp_options: Mapping[str, tuple[str, ...]] | None = None,
        known: Mapping[str, Vpc] | None = None,
    ) -> DescribedVpcs:
        """Return all VPCs that the spoke shows, or those with these ids; raises SpokeUnreachable if any cannot be read.

        `dhcp_options` are the DNS servers of the DHCP options sets that need not be read again, and `known` the VPCs
        whose DNS attributes and zones need not.
        """
        ...


class VpcLedger(Protocol):
    """The rows of VPCs; each method raises LedgerUnavailable."""

    def vpc_rows(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        """Return the rows of a spoke's VPCs, read consistently."""
        ...

    def account_vpc_rows(self, account_id: str) -> tuple[VpcRow, ...]:
        """Return the rows of an account's VPCs in all regions, read consistently."""
        ...

    def all_vpc_rows(self) -> Iterator[VpcRow]:
        """Yield the rows of all VPCs, read consistently."""
        ...

    def put_vpc(self, vpc: Vpc, account: Account, zones: tuple[ZoneInVpc, ...], damping: Damping | None = None) -> None:
        """Store a VPC as described, the state of the zones in it, and its damping, if given. All else stays."""
        ...

    def put_damping(self, ref: VpcRef, damping: Damping) -> None:
        """Store how often events changed what policy wants for a VPC. All else in its row stays."""
        ...

    def put_zones(self, ref: VpcRef, zones: tuple[ZoneInVpc, ...]) -> None:
        """Store the state of the zones in a VPC that cannot be described any more."""
        ...

    def put_association(self, ref: VpcRef, target: str, record: AssociationRecord) -> None:
        """Store the record of one zone, or of the Profile, in a VPC."""
        ...

    def forget_vpc(self, ref: VpcRef, ended: Mapping[str, AssociationRecord] | None = None) -> None:
        """Delete the row of a VPC. If the guard must count ended associations, only these stay for a while."""
        ...

    def put_vpcs_status(self, status: VpcsStatus) -> None:
        """Store the result of describing a spoke's VPCs."""
        ...


class SpokeHealthLedger(Protocol):
    """What the statuses of spokes say of their VPCs; each method raises LedgerUnavailable."""

    def put_vpc_health(self, spoke: Spoke, fault: str, refused: int, refusal: str) -> None:
        """Record why the VPCs of a spoke could not be described, and since when; empty if they could.

        `refused` counts the VPCs of which AWS refused an association or its end the last time, with a reason.
        """
        ...


class SpokeLedger(Protocol):
    """The statuses of spokes; raises LedgerUnavailable."""

    def keep_vpcs(self, spoke: Spoke, number: int) -> None:
        """Store how many VPCs of a withdrawn spoke still have associations made by orgdns."""
        ...

    def count_vpcs(self, spoke: Spoke, vpcs: Mapping[str, int], damped: int = 0) -> None:
        """Store how many VPCs of a spoke are associated with each zone, and how many are damped."""
        ...

    def note_vpc_work(self, spoke: Spoke, number: int) -> None:
        """Store how much the sweep of a spoke's VPCs found to do."""
        ...


class ApprovalLedger(Protocol):
    """The ends of a zone's associations that await approval, and other requests of the associator in statuses.

    Each method raises LedgerUnavailable.
    """

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """Return the status of a zone; a new status if the ledger has none."""
        ...

    def await_approval(self, zone_id: str, vpc: str) -> None:
        """Add a VPC to those whose associations with the zone await approval to end."""
        ...

    def note_event(self, spoke: Spoke) -> None:
        """Store that an event of a spoke came, so that it is swept within the hour, also if it has no instances."""
        ...

    def note_vpc_work(self, spoke: Spoke, number: int) -> None:
        """Store how many of a spoke's VPCs wait for the associator."""
        ...

    def end_approval(self, zone_id: str, vpc: str) -> None:
        """Remove a VPC from those, and from those that a person approved. Other VPCs stay."""
        ...


class Authorizations(Protocol):
    """The calls of the zones' owner; each raises ZoneUnavailable, ZoneClosed, or AssociationRefused."""

    def authorize(self, zone_id: str, ref: VpcRef) -> None:
        """Authorize the VPC's account to associate exactly this VPC with the zone."""
        ...

    def clear(self, zone_id: str, ref: VpcRef) -> None:
        """Delete the authorization, if there is one."""
        ...

    def disassociate(self, zone_id: str, ref: VpcRef) -> None:
        """End the association of a VPC, if there is one."""
        ...


class Associations(Protocol):
    """The calls of the VPC's account; each raises SpokeUnreachable or AssociationRefused."""

    def associate(self, zone_id: str, ref: VpcRef) -> None:
        """Associate the VPC with the zone."""
        ...

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        """Associate the VPC with a Profile, unless it already is."""
        ...

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        """End the association of the VPC with a Profile, if there is one."""
        ...

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        """Disable the autodefined rules for reverse lookups in the VPC."""
        ...
