"""What the statuses of spokes say of failed looks and of VPCs that could not be described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.aws.ledger.status_rows import spoke_key
from hub.runtime.model.names import NEVER

if TYPE_CHECKING:
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.model.names import Spoke
    from hub.runtime.model.status import FailedLook


class DynamoSpokeHealth:
    """The rows of the spokes. Each method raises LedgerUnavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put_failed_look(self, spoke: Spoke, look: FailedLook) -> None:
        """Record why the last look at instances of a spoke failed; an empty one if it did not."""
        row = {"look_fault": look.reason, "look_fault_at": look.at, "look_fault_since": look.since}
        self._table.update(spoke_key(spoke), row | {"looks_waiting": look.events, "looks_first": list(look.instances)})

    def put_vpc_health(self, spoke: Spoke, fault: str, refused: int, refusal: str) -> None:
        """Record why the VPCs of a spoke could not be described, and since when; empty if they could.

        `refused` counts the VPCs of which AWS refused an association or its end the last time, with a reason.
        """
        if fault:
            self._table.begin(spoke_key(spoke), "vpc_fault_since", self._table.now())
        row = {"vpc_fault": fault, "refused_vpcs": refused, "refusal": refusal}
        self._table.update(spoke_key(spoke), row if fault else row | {"vpc_fault_since": NEVER})
