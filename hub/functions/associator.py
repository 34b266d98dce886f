"""The associator: associates VPCs with the hosted zones that policy selects for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.dynamodb

from hub.environment import authorizer, environment, guards, limits, member_roles, route53_share, zone_ids
from hub.grants import assume_in_covered_accounts, assume_in_network, keep_ledger, read_account_names
from hub.runtime import contract
from orgdns.cfn.queues import rule_arn, take
from orgdns.cfn.worker import REPEATED_RETENTION, Worker, queue_pair, queue_source

if TYPE_CHECKING:
    from troposphere.dynamodb import Table

    from orgdns.config.load import Config

TIMEOUT: Final = 300
# Seconds. Each sweep enqueues the remaining work again.
_RETENTION: Final = 86_400
# How many runs work at a time. Each makes some ten calls to describe a VPC. An account that flips the tags of five VPCs
# every second keeps them occupied until its VPCs are damped, after five changes of each. With fewer runs, VPCs of other
# accounts would wait for more than a minute until then (docs/bench.md). All runs share the pace of Route 53.
_CONCURRENCY: Final = 5


def associator_worker(config: Config, ledger: Table) -> Worker:
    """The associator describes VPCs through reader roles, and associates them through the VPC and authorizer roles."""
    queue, dead_letters = queue_pair(
        "Associations",
        config.names.associations_queue,
        config.names.associations_dead_letter_queue,
        timeout=TIMEOUT,
        retention=_RETENTION,
        dead_retention=REPEATED_RETENTION,
    )
    return Worker(
        title="Associator",
        function=config.names.associator_function,
        role=config.names.associator_role,
        handler=contract.ASSOCIATOR_HANDLER,
        description="Associates VPCs with the hosted zones that policy selects for them.",
        timeout=TIMEOUT,
        variables=environment(config, ledger)
        | zone_ids(config)
        | guards(config)
        | limits(config)
        | member_roles(config)
        | route53_share(config)
        | authorizer(config),
        statements=(
            take("TakeTasks", queue),
            keep_ledger(
                ledger,
                awacs.dynamodb.GetItem,
                awacs.dynamodb.Query,
                awacs.dynamodb.PutItem,
                awacs.dynamodb.UpdateItem,
                awacs.dynamodb.DeleteItem,
            ),
            *assume_in_covered_accounts(
                "ReadAndAssociateVpcs", config, config.names.reader_role, config.names.vpc_role
            ),
            read_account_names(config),
            assume_in_network("AuthorizeAssociations", config, config.names.authorizer_role),
        ),
        source=queue_source(queue, concurrency=_CONCURRENCY),
        dead_letters=dead_letters,
        failures="Associations of VPCs failed five times, or events of VPCs did not reach the associator's queue.",
        queue=queue,
        rules=(rule_arn(f"{config.names.event_bus}/{config.names.vpcs_rule}"),),
    )
