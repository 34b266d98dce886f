"""Delete the records of this owner from the zones, and nobody else's.

A record set is ours if its SetIdentifier is this owner's. A DELETE has the exact values and TTL that Route 53 listed: a
record set that someone changes meanwhile stays ("ChangeResourceRecordSets",
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hub.runtime.model.owner import Owner

# A change batch has at most 1,000 values, and a record set of orgdns has few.
_BATCH: Final = 100
# Seconds after a batch of this many changes: half of the changes that Route 53 accepts from the account ("Throttling",
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html).
_CHANGES_A_SECOND: Final = 50
# Someone may change a record set between the listing and the change. A person looks after so many attempts.
_PASSES: Final = 5
_REFUSED: Final = frozenset({"InvalidChangeBatch"})


def own_records(client: Any, zone_id: str, owner: Owner) -> tuple[Mapping[str, Any], ...]:  # noqa: ANN401 - a client of Route 53
    """The record sets of a zone that the owner has, as Route 53 lists them."""
    return tuple(_own(client, zone_id, owner))


def _own(client: Any, zone_id: str, owner: Owner) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - as above
    for page in client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id):
        for each in page["ResourceRecordSets"]:
            if each.get("MultiValueAnswer") and owner.holder(each.get("SetIdentifier")):
                yield each


def delete_records(
    client: Any,  # noqa: ANN401 - as above
    zone_id: str,
    owner: Owner,
    sleep: Callable[[float], None],
) -> tuple[int, int]:
    """Delete the record sets of a zone that the owner has. Returns how many went, and how many Route 53 refused."""
    gone, left = 0, 0
    for _ in range(_PASSES):
        found = own_records(client, zone_id, owner)
        deleted = sum(
            _deleted(client, zone_id, found[start : start + _BATCH], sleep) for start in range(0, len(found), _BATCH)
        )
        gone, left = gone + deleted, len(found) - deleted
        if not left:
            break
    return gone, left


def _deleted(
    client: Any,  # noqa: ANN401 - as above
    zone_id: str,
    record_sets: Sequence[Mapping[str, Any]],
    sleep: Callable[[float], None],
) -> int:
    """Delete record sets in one change batch, or one by one if Route 53 refuses the batch; how many went."""
    changes = [{"Action": "DELETE", "ResourceRecordSet": each} for each in record_sets]
    try:
        client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    except ClientError as error:
        if error_code(error) not in _REFUSED:
            raise
        sleep(len(changes) / _CHANGES_A_SECOND)
        if len(changes) == 1:
            return 0
        return sum(_deleted(client, zone_id, [each], sleep) for each in record_sets)
    sleep(max(1 / 4, len(changes) / _CHANGES_A_SECOND))
    return len(changes)
