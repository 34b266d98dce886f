"""End the associations of VPCs with zones that the ledger says orgdns made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.aws.sessions import error_code

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from hub.runtime.model.names import Millis
    from hub.runtime.model.vpcs import VpcRef

# Seconds between two calls. Route 53 accepts five a second ("Throttling",
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html).
_PAUSE: Final = 0.5
# Someone else ended it.
_ENDED: Final = frozenset({"VPCAssociationNotFound"})
# A zone keeps its last VPC.
_LAST: Final = "LastVPCAssociation"


def own_associations(
    client: Any,  # noqa: ANN401 - a client of DynamoDB
    table: str,
    zone_ids: Collection[str],
    clock: Callable[[], Millis],
    sleep: Callable[[float], None],
) -> tuple[tuple[str, VpcRef], ...]:
    """The zones and VPCs that orgdns associated with each other.

    Raises:
        LedgerUnavailable: if the ledger cannot be read, without which nobody knows who made an association.
    """
    rows = DynamoVpcs(Table(client, table, clock, sleep)).all_vpc_rows()
    return tuple(
        sorted(
            (zone_id, row.ref)
            for row in rows
            for zone_id, record in row.records.items()
            if record.managed and zone_id in zone_ids
        )
    )


def end_associations(
    client: Any,  # noqa: ANN401 - a client of Route 53
    associations: Collection[tuple[str, VpcRef]],
    sleep: Callable[[float], None],
) -> tuple[tuple[str, VpcRef], ...]:
    """End associations. Returns those that stay, because a private zone keeps its last VPC."""
    left = []
    for zone_id, ref in associations:
        vpc = {"VPCRegion": ref.region, "VPCId": ref.id}
        try:
            client.disassociate_vpc_from_hosted_zone(HostedZoneId=zone_id, VPC=vpc)
        except ClientError as error:
            if error_code(error) == _LAST:
                left.append((zone_id, ref))
            elif error_code(error) not in _ENDED:
                raise
        sleep(_PAUSE)
    return tuple(left)
