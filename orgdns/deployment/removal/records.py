"""Delete the records of this owner from the zones, and nobody else's.

A record set is ours if its SetIdentifier is this owner's. A DELETE has the exact values and TTL that Route 53 listed: a
record set that someone changes meanwhile stays ("ChangeResourceRecordSets",
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.pace.calls import turn, until_changed
from hub.runtime.aws.sessions import error_code
from hub.runtime.rate_limit import Demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.model.owner import Owner

# A change batch has at most 1,000 values, and a record set of orgdns has few.
_BATCH: Final = 100
# Someone may change a record set between the listing and the change. A person looks after so many attempts.
_PASSES: Final = 5
_REFUSED: Final = frozenset({"InvalidChangeBatch"})


@dataclass(frozen=True, slots=True)
class OwnRecords:
    """The record sets of an owner in the zones.

    Attributes:
        client: A client of Route 53.
        owner: The owner.
        turns: The turns of its calls.
    """

    client: Any
    owner: Owner
    turns: Turns

    def listed(self, zone_id: str) -> tuple[Mapping[str, Any], ...]:
        """The record sets of a zone that the owner has, as Route 53 lists them."""
        return tuple(self._listed(zone_id))

    def _listed(self, zone_id: str) -> Iterator[Mapping[str, Any]]:
        pages = iter(self.client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id))
        while True:
            with turn(self.turns, Demand.listing()) as answered:
                page = next(pages, None)
                if page is not None:
                    answered(page)
            if page is None:
                return
            for each in page["ResourceRecordSets"]:
                if each.get("MultiValueAnswer") and self.owner.holder(each.get("SetIdentifier")):
                    yield each

    def delete(self, zone_id: str) -> tuple[int, int]:
        """Delete the record sets of a zone that the owner has. Returns how many went, and how many Route 53 refused."""
        gone, left = 0, 0
        for _ in range(_PASSES):
            found = self.listed(zone_id)
            deleted = sum(
                self._deleted(zone_id, found[start : start + _BATCH]) for start in range(0, len(found), _BATCH)
            )
            gone, left = gone + deleted, len(found) - deleted
            if not left:
                break
        return gone, left

    def _deleted(self, zone_id: str, record_sets: Sequence[Mapping[str, Any]]) -> int:
        """Delete record sets in one change batch, or one by one if Route 53 refuses the batch; how many went."""
        changes = [{"Action": "DELETE", "ResourceRecordSet": each} for each in record_sets]
        demand = Demand.batch(len(changes), zone_id=zone_id)

        def change() -> Mapping[str, Any]:
            answer: Mapping[str, Any] = self.client.change_resource_record_sets(
                HostedZoneId=zone_id, ChangeBatch={"Changes": changes}
            )
            return answer

        try:
            until_changed(self.turns, demand, change)
        except ClientError as error:
            if error_code(error) not in _REFUSED:
                raise
            return sum(self._deleted(zone_id, [each]) for each in record_sets) if len(changes) > 1 else 0
        return len(changes)
