"""The overview of the ledger, and when it needs the list of the rollout's stacks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from orgdns.cli.sources.deployed import Deployed
from orgdns.cli.sources.ledger import HubLedger, overview
from tests.support.aws.dynamodb import table
from tests.support.build import CORP_ZONE, PAYMENTS, ZONE_IDS

__all__ = ["table"]

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
STATUS = SpokeStatus(SPOKE, tried_at=Millis(1), fault="AccessDenied", fault_since=Millis(1))


@pytest.fixture
def hub(table: Table) -> HubLedger:
    ledger, vpcs = DynamoLedger(table), DynamoVpcs(table)
    return HubLedger(Deployed(ZONE_IDS, "ledger"), table, DynamoStatuses(table), ledger, vpcs)


def test_stacks_are_not_listed_without_a_withdrawn_spoke(hub: HubLedger) -> None:
    """Without a withdrawn spoke, the list of stacks decides nothing, and listing them takes many calls."""
    hub.statuses.put_spoke_status(STATUS)

    def listed() -> frozenset[Spoke]:
        raise AssertionError("the stacks are listed")

    assert overview(hub, listed).health.unreachable == {SPOKE}


@pytest.mark.parametrize("listed", [frozenset[Spoke](), frozenset({SPOKE})])
def test_withdrawn_spoke_is_listed_while_it_has_a_stack(hub: HubLedger, listed: frozenset[Spoke]) -> None:
    """As for the metrics, a withdrawn spoke is closed as long as the rollout has a stack for it."""
    hub.statuses.put_spoke_status(replace(STATUS, closed=True, withdrawn=True))
    assert overview(hub, lambda: listed).health.closed == listed
    hub.statuses.put_spoke_status(replace(STATUS, withdrawn=True))
    assert overview(hub, lambda: listed).health.unreachable == listed


def test_zone_that_the_configuration_no_longer_has_is_left_out(hub: HubLedger) -> None:
    """As for the metrics: nothing audits it, so it would be overdue forever."""
    for zone_id in (CORP_ZONE, "Z0REMOVED"):
        hub.statuses.put_zone_status(ZoneStatus(zone_id, tried_at=Millis(1), audited_at=Millis(1)))
    assert overview(hub).health.overdue_zones == {CORP_ZONE}
