"""The associations of VPCs that the ledger says orgdns made: with zones, which are ended, and with Profiles.

Only the account of a VPC can end its association with a Profile ("Responsibilities and permissions for shared Route 53
Profiles", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html#sharing-perms), and a Profile
with associations cannot be deleted ("DeleteProfile",
https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_DeleteProfile.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.aws.pace.calls import turn
from hub.runtime.aws.sessions import error_code
from hub.runtime.model.vpcs import is_profile
from hub.runtime.rate_limit import ASSOCIATION_CHANGES, DISASSOCIATE, Demand
from orgdns.deployment.accounts import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.model.vpcs import VpcRef, VpcRow
    from orgdns.deployment.planning import Deployment

# Someone else ended it.
_ENDED: Final = frozenset({"VPCAssociationNotFound"})
# A zone keeps its last VPC.
_LAST: Final = "LastVPCAssociation"


@dataclass(frozen=True, slots=True, order=True)
class Association:
    """A VPC, and the id of the zone or the Profile that it is associated with."""

    to: str
    vpc: VpcRef

    @property
    def command(self) -> str:
        """The command that ends the association with a Profile, with credentials of the VPC's account."""
        return (
            f"aws route53profiles disassociate-profile --region {self.vpc.region} --profile-id {self.to} "
            f"--resource-id {self.vpc.id}"
        )


def vpc_rows(deployment: Deployment) -> tuple[VpcRow, ...]:
    """What the ledger knows of VPCs.

    Raises:
        LedgerUnavailable: if the ledger cannot be read, without which nobody knows who made an association.
    """
    config = deployment.config
    client = deployment.accounts.client(Kind.HUB, "dynamodb", config.hub.region)
    table = Table(client, config.names.ledger_table, deployment.clock, deployment.sleep)
    return tuple(DynamoVpcs(table).all_vpc_rows())


def own_associations(rows: Collection[VpcRow], zone_ids: Collection[str]) -> tuple[Association, ...]:
    """The zones and VPCs that orgdns associated with each other."""
    return tuple(
        sorted(
            Association(zone_id, row.ref)
            for row in rows
            for zone_id, record in row.records.items()
            if record.managed and zone_id in zone_ids
        )
    )


def with_profile(rows: Collection[VpcRow]) -> tuple[Association, ...]:
    """The VPCs that had the Profile of orgdns when they were last described, whoever associated them."""
    found = {Association(row.vpc.profile, row.ref) for row in rows if row.vpc and row.vpc.has_profile}
    made = {
        Association(to, row.ref)
        for row in rows
        for to, record in row.records.items()
        if is_profile(to) and record.managed
    }
    return tuple(sorted(found | made))


def end_associations(
    client: Any,  # noqa: ANN401 - a client of Route 53
    associations: Collection[Association],
    turns: Turns,
) -> tuple[Association, ...]:
    """End associations with zones. Returns those that stay, because a private zone keeps its last VPC."""
    left = []
    for each in associations:
        vpc = {"VPCRegion": each.vpc.region, "VPCId": each.vpc.id}
        demand = Demand.association(DISASSOCIATE, ASSOCIATION_CHANGES, each.to)
        try:
            with turn(turns, demand) as answered:
                answered(client.disassociate_vpc_from_hosted_zone(HostedZoneId=each.to, VPC=vpc))
        except ClientError as error:
            if error_code(error) == _LAST:
                left.append(each)
            elif error_code(error) not in _ENDED:
                raise
    return tuple(left)
