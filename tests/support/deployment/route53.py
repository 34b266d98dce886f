"""The records of zones in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.deployment.aws import Answer, refused


@dataclass
class Route53:
    """The record sets of each zone, in pages of two.

    Attributes:
        zones: The record sets, by zone.
        batches: How many changes each batch had.
    """

    zones: dict[str, list[Answer]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    def list_resource_record_sets(self, HostedZoneId: str, NextToken: str = "0") -> Answer:
        found, start = self.zones.get(HostedZoneId, []), int(NextToken)
        more = {"NextToken": str(start + 2)} if len(found) > start + 2 else {}
        return {"ResourceRecordSets": found[start : start + 2]} | more

    def change_resource_record_sets(self, HostedZoneId: str, ChangeBatch: Any) -> Answer:
        changes = ChangeBatch["Changes"]
        gone = [each["ResourceRecordSet"] for each in changes]
        assert {each["Action"] for each in changes} == {"DELETE"}
        if any(each not in self.zones[HostedZoneId] for each in gone):
            raise refused("ChangeResourceRecordSets", "InvalidChangeBatch")
        self.batches.append(len(changes))
        self.zones[HostedZoneId] = [each for each in self.zones[HostedZoneId] if each not in gone]
        return {}
