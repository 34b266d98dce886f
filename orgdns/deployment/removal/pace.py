"""The pace of calls to Route 53: the turns of the ledger's row, which the functions of the hub take, too.

The ledger outlives the hub. Without it, the calls of this process alone are paced, by the same share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.pace.row import DynamoPaceRow
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.ports import LedgerUnavailable, Outdated
from orgdns.deployment.accounts import Kind

if TYPE_CHECKING:
    from hub.runtime.aws.pace.turns import PaceRow
    from hub.runtime.rate_limit import Pace
    from orgdns.deployment.planning import Deployment


@dataclass(slots=True)
class PaceRowIfAny:
    """The stored pace, as long as the ledger has one that can be written."""

    row: PaceRow
    gone: bool = False

    def replaced(self, before: int, pace: Pace) -> Pace | None:
        """Store a pace in place of the one of this version; return None, or the one that is stored instead of that."""
        try:
            return None if self.gone else self.row.replaced(before, pace)
        except (LedgerUnavailable, Outdated):
            self.gone = True
            return None


def turns_of(deployment: Deployment) -> Turns:
    """The turns of the calls of a removal."""
    config, clock = deployment.config, deployment.clock
    rows = deployment.accounts.client(Kind.HUB, "dynamodb", config.hub.region)
    table, share = Table(rows, config.names.ledger_table, clock, deployment.sleep), config.network.route53_share
    return Turns(PaceRowIfAny(DynamoPaceRow(table, share)), share, clock, deployment.sleep)
