"""The sweeper: sweeps spokes and audits zones when schedules enqueue tasks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.dynamodb
from troposphere import Ref

from hub.environment import authorizer, environment, guards, limits, member_roles, route53_share, zone_ids
from hub.grants import assume_in_network, keep_ledger, list_spokes, read_account_names, read_instances
from hub.runtime import contract
from orgdns.cfn.queues import rule_arn, send, take
from orgdns.cfn.trust import role_arn
from orgdns.cfn.worker import REPEATED_RETENTION, Worker, queue_pair, queue_source

if TYPE_CHECKING:
    from troposphere.dynamodb import Table
    from troposphere.sqs import Queue

    from orgdns.config.load import Config

TIMEOUT: Final = 900
# Seconds. Each spoke is swept every hour, so a task that waited for a day is obsolete.
_RETENTION: Final = 86_400
# A sweep takes some three seconds, mostly of waiting for the services of another region, and five begin in a second.
_CONCURRENCY: Final = 20


def sweeper_worker(config: Config, ledger: Table, associations: Queue | None) -> Worker:
    """The sweeper reads spokes and zones, compares them with the ledger, and writes to the ledger only.

    `associations` is the associator's queue, to which the sweeper also sends tasks.
    """
    queue, dead_letters = queue_pair(
        "Sweeps",
        config.names.sweeps_queue,
        config.names.sweeps_dead_letter_queue,
        timeout=TIMEOUT,
        retention=_RETENTION,
        dead_retention=REPEATED_RETENTION,
    )
    queues = [queue, *([associations] if associations else [])]
    included = [config.names.included_region_stack_set] if config.organization.included else []
    return Worker(
        title="Sweeper",
        function=config.names.sweeper_function,
        role=config.names.sweeper_role,
        handler=contract.SWEEPER_HANDLER,
        description="Sweeps spokes and audits zones, and repairs what others change in the zones.",
        timeout=TIMEOUT,
        variables=environment(config, ledger)
        | zone_ids(config)
        | guards(config)
        | limits(config)
        | member_roles(config)
        | route53_share(config)
        | {
            contract.ENV_SWEEPS_QUEUE_URL: Ref(queue),
            contract.ENV_ZONE_READER_ROLE_ARN: role_arn(config, config.network.account, config.names.zone_reader_role),
        }
        | ({contract.ENV_ASSOCIATIONS_QUEUE_URL: Ref(associations)} | authorizer(config) if associations else {}),
        statements=(
            take("TakeTasks", queue),
            send("EnqueueTasks", *queues),
            keep_ledger(
                ledger,
                awacs.dynamodb.GetItem,
                awacs.dynamodb.BatchGetItem,
                awacs.dynamodb.Query,
                awacs.dynamodb.Scan,
                awacs.dynamodb.PutItem,
                awacs.dynamodb.UpdateItem,
            ),
            *list_spokes(config, (config.names.region_stack_set, *included)),
            *read_instances(config),
            read_account_names(config),
            assume_in_network("ReadZones", config, config.names.zone_reader_role),
        ),
        # One task an invocation, so that a sweep has the function's whole timeout.
        source=queue_source(queue, concurrency=_CONCURRENCY),
        dead_letters=dead_letters,
        failures="Sweeps or audits failed five times, or their schedules could not enqueue them.",
        queue=queue,
        rules=(rule_arn(f"{config.names.event_bus}/{config.names.bus_zone_changes_rule}"),),
    )
