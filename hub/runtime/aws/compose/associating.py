"""Composes the associator with its adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime import contract
from hub.runtime.associator.associator import Associator
from hub.runtime.associator.steps import StepRunner
from hub.runtime.aws import settings
from hub.runtime.aws.associations import VpcOwner, ZoneOwner
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.vpcs import DynamoVpcs

if TYPE_CHECKING:
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.aws.sessions import AssumedClients
    from hub.runtime.aws.vpcs import SpokeVpcs
    from hub.runtime.ports import Accounts, Clock, Sleep


def associator_of(
    table: Table, clients: AssumedClients, vpcs: SpokeVpcs, accounts: Accounts, turns: Turns, clock: Clock, sleep: Sleep
) -> Associator:
    """Return the associator."""
    policy, zone_ids = settings.policy(), settings.zone_ids()
    rows, approvals = DynamoVpcs(table), DynamoStatuses(table)
    steps = StepRunner(
        association_policies=policy.association_policies,
        zone_ids=zone_ids,
        zone_owner=settings.account_of_role(contract.ENV_AUTHORIZER_ROLE_ARN),
        vpcs=vpcs,
        rows=rows,
        approvals=approvals,
        authorizations=ZoneOwner(clients, settings.value(contract.ENV_AUTHORIZER_ROLE_ARN), turns),
        associations=VpcOwner(clients, settings.member_roles()),
        pause=approvals.paused,
        associate=policy.associate,
    )
    return Associator(
        policy=policy,
        zone_ids=zone_ids,
        accounts=accounts,
        vpcs=vpcs,
        rows=rows,
        approvals=approvals,
        guard=settings.guard(),
        steps=steps,
        clock=clock,
        account_vpcs=settings.limits().account_vpcs,
        sleep=sleep,
    )
