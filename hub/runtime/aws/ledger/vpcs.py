"""The ledger's rows of VPCs: each as last described, and the associations that orgdns made.

All rows are in one partition, so that one query reads them. The description and the associations are separate
attributes, which are written separately: a sweep never overwrites what the associator recorded meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import account_row, damping_row
from hub.runtime.aws.ledger.vpc_rows import (
    is_vpc,
    record_row,
    vpc_row,
    vpc_rows_of,
    vpcs_key,
    vpcs_status_of,
    zone_rows,
)
from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import readable
from hub.runtime.guard import WINDOW
from hub.runtime.model.vpcs import (
    AssociationRecord,
    Vpc,
    VpcRef,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.damping import Damping
    from hub.runtime.model.names import Account, Spoke

# The attributes of a VPC that say how often events changed it.
DAMPING_NAMES: Final = ("changes_used", "changes_at", "damped_until", "damped_reason")


class DynamoVpcs:
    """The rows about VPCs. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def vpc_rows(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        """The rows of a spoke's VPCs."""
        return tuple(vpc_rows_of(self._table.query(contract.VPCS_KEY, f"{spoke}/")))

    def account_vpc_rows(self, account_id: str) -> tuple[VpcRow, ...]:
        """The rows of an account's VPCs in all regions."""
        return tuple(vpc_rows_of(self._table.query(contract.VPCS_KEY, f"{account_id}/")))

    def all_vpc_rows(self) -> Iterator[VpcRow]:
        """The rows of all VPCs, read page by page."""
        return vpc_rows_of(self._table.query(contract.VPCS_KEY))

    def vpcs_statuses(self) -> tuple[VpcsStatus, ...]:
        """The result of the last discovery of each spoke's VPCs."""
        rows = (row for row in self._table.query(contract.VPCS_KEY) if not is_vpc(row))
        found = (readable(vpcs_status_of, row, "") for row in rows)
        return tuple(status for status in found if isinstance(status, VpcsStatus))

    def vpcs_status(self, spoke: Spoke) -> VpcsStatus:
        """The result of the last discovery of a spoke's VPCs; a new status if there was none."""
        row = self._table.get(vpcs_key(spoke))
        return vpcs_status_of(row) if row else VpcsStatus(spoke)

    def put_vpc(self, vpc: Vpc, account: Account, zones: tuple[ZoneInVpc, ...], damping: Damping | None = None) -> None:
        """Record the description of a VPC, the state of its zones, and its damping, if given. All else stays."""
        described = {
            "seen_at": self._table.now(),
            "vpc": vpc_row(vpc, {zone.zone_id for zone in zones}),
            "account": account_row(account),
            "zones": zone_rows(zones),
        }
        row = {} if damping is None else damping_row(damping)
        over = () if damping is None else DAMPING_NAMES
        # The row may be what remains of a VPC whose account was not covered for a while.
        removed = (contract.EXPIRES, *(name for name in over if name not in row))
        self._table.update(vpcs_key(vpc.ref), described | row, removed)

    def put_damping(self, ref: VpcRef, damping: Damping) -> None:
        """Record how often events changed what policy wants for a VPC."""
        self._table.update(vpcs_key(ref), damping_row(damping))

    def put_zones(self, ref: VpcRef, zones: tuple[ZoneInVpc, ...]) -> None:
        """Record the state of the zones in a VPC that cannot be described any more."""
        self._table.update(vpcs_key(ref), {"zones": zone_rows(zones)})

    def put_association(self, ref: VpcRef, target: str, record: AssociationRecord) -> None:
        """Record the association of a VPC with one zone, or with the Profile."""
        attribute = f"{contract.ASSOCIATION_PREFIX}{target}"
        if record == AssociationRecord():
            self._table.update(vpcs_key(ref), {}, (attribute,))
        else:
            self._table.update(vpcs_key(ref), {attribute: record_row(record)})

    def forget_vpc(self, ref: VpcRef, ended: Mapping[str, AssociationRecord] | None = None) -> None:
        """Delete the row of a VPC. If the guard must count ended associations, only these stay for a while."""
        if not ended:
            self._table.delete(vpcs_key(ref))
            return
        rows = {f"{contract.ASSOCIATION_PREFIX}{target}": record_row(record) for target, record in ended.items()}
        self._table.put(vpcs_key(ref) | rows | {contract.EXPIRES: self._table.expiry(WINDOW)})

    def put_vpcs_status(self, status: VpcsStatus) -> None:
        """Record the result of a discovery of a spoke's VPCs."""
        row: Row = {"tried_at": status.seen_at, "blocked": status.blocked, "fault": status.fault}
        # While the VPCs cannot be described, the last description stays.
        shared = [[vpc.id, vpc.owner] for vpc in status.shared]
        row |= (
            {}
            if status.fault
            else {
                "seen_at": status.seen_at,
                "vpcs": status.vpcs,
                "shared": shared,
                "unreadable": status.unreadable,
                "unreadable_first": [[each.what, bounded(each.reason)] for each in status.unreadable_first],
            }
        )
        self._table.update(vpcs_key(status.spoke), row)
