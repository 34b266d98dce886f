"""What the use cases of associations need of the world. Pure: nothing here says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hub.runtime.model.names import Account, Spoke
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.vpcs import AssociationRecord, Vpc, VpcRef, VpcRow, VpcsStatus, ZoneInVpc


class AssociationRefused(Exception):
    """An association will not be made, or ended, by trying again now; the message says why.

    `taken` when the VPC has a zone of that name already, which may be this very zone. `full` when a quota is used up.
    """

    def __init__(self, message: str, *, taken: bool = False, full: bool = False) -> None:
        super().__init__(message)
        self.taken = taken
        self.full = full


class Vpcs(Protocol):
    """The VPCs of every spoke, with what their Resolvers answer from."""

    def seen(self, spoke: Spoke, vpc_ids: Collection[str] | None = None) -> tuple[Vpc, ...]:
        """All VPCs, or those of these ids, that the spoke shows; raises SpokeUnreachable unless all could be read."""
        ...


class VpcLedger(Protocol):
    """What the ledger knows of VPCs; each raises LedgerUnavailable."""

    def vpc_rows(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        """The rows of a spoke's VPCs, read consistently."""
        ...

    def all_vpc_rows(self) -> Iterator[VpcRow]:
        """The rows of all VPCs, as they are asked for, read consistently."""
        ...

    def put_vpc(self, vpc: Vpc, account: Account, zones: tuple[ZoneInVpc, ...]) -> None:
        """Remember how a VPC was seen, and how the zones stand in it; what orgdns did there stays."""
        ...

    def put_association(self, ref: VpcRef, of: str, record: AssociationRecord) -> None:
        """Remember how one zone, or the Profile, stands in a VPC."""
        ...

    def forget_vpc(self, ref: VpcRef) -> None:
        """Forget a VPC that is gone."""
        ...

    def put_vpcs_status(self, status: VpcsStatus) -> None:
        """Remember how looking at the VPCs of a spoke went."""
        ...


class SpokeLedger(Protocol):
    """What the ledger knows of spokes; raises LedgerUnavailable."""

    def keep_vpcs(self, spoke: Spoke, number: int) -> None:
        """Store in how many VPCs of a withdrawn spoke something that orgdns associated is left."""
        ...


class ApprovalLedger(Protocol):
    """What waits for a person of a zone's associations; each raises LedgerUnavailable."""

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """What is known of a zone; a new status where nothing is."""
        ...

    def put_pending_vpcs(self, zone_id: str, vpcs: Collection[str]) -> None:
        """Remember which associations wait to be ended, none of them if that is over."""
        ...


class Authorizations(Protocol):
    """What the zones' owner does; each raises ZoneUnavailable, ZoneClosed, or AssociationRefused."""

    def authorize(self, zone_id: str, ref: VpcRef) -> None:
        """Let the VPC's account associate exactly this VPC with the zone."""
        ...

    def clear(self, zone_id: str, ref: VpcRef) -> None:
        """Take the authorisation away again, if there is one."""
        ...

    def disassociate(self, zone_id: str, ref: VpcRef) -> None:
        """End the association of a VPC, if there is one."""
        ...


class Associations(Protocol):
    """What the VPC's account does; each raises SpokeUnreachable or AssociationRefused."""

    def associate(self, zone_id: str, ref: VpcRef) -> None:
        """Associate the VPC with the zone."""
        ...

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        """Associate the VPC with a Profile, if it is not."""
        ...

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        """End the association of the VPC with a Profile, if there is one."""
        ...

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        """Switch EC2's own reverse rules off in the VPC."""
        ...
