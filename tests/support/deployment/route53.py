"""The records of zones in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.runtime.model.owner import DEFAULT_OWNER
from tests.support.build import ref
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


def record(identifier: str | None, name: str = "web.corp.internal.", *, multivalue: bool = True) -> Answer:
    """A record set of a name: multivalue with this SetIdentifier, weighted, or simple."""
    found: Answer = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    if identifier:
        found["SetIdentifier"] = identifier
        found |= {"MultiValueAnswer": True} if multivalue else {"Weight": 1}
    return found


# A record of the default owner.
OURS = record(DEFAULT_OWNER.set_identifier(str(ref(1))))
