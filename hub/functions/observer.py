"""The observer: describes the instances that events name, and writes their claims to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.dynamodb
from troposphere import Ref

from hub.environment import environment, limits, member_roles, zone_ids
from hub.grants import keep_ledger, read_account_names, read_instances
from hub.runtime import contract
from orgdns.cfn.event_patterns import instance_calls
from orgdns.cfn.queues import rule_arn, send, take
from orgdns.cfn.worker import Worker, queue_pair, queue_source

if TYPE_CHECKING:
    from troposphere.dynamodb import Table
    from troposphere.sqs import Queue

    from orgdns.config.load import Config

TIMEOUT: Final = 120
_RETENTION: Final = 4 * 86_400
# A run spends most of its time waiting for the answers of accounts, one after the other: a third of a second for each
# account-region. With so many runs, a burst in 200 account-regions is described as fast as Route 53's quota lets its
# names be published (docs/bench.md). The limit keeps most of the account's concurrency for the other functions.
_CONCURRENCY: Final = 80


def observer_worker(config: Config, ledger: Table, sweeps: Queue) -> Worker:
    """The observer processes a queue of events and describes instances through the reader roles.

    `sweeps` is the sweeper's queue, to which the observer sends the sweeps that calls cause.
    """
    calls = bool(instance_calls(config))
    queue, dead_letters = queue_pair(
        "Events",
        config.names.events_queue,
        config.names.events_dead_letter_queue,
        timeout=TIMEOUT,
        retention=_RETENTION,
    )
    return Worker(
        title="Observer",
        function=config.names.observer_function,
        role=config.names.observer_role,
        handler=contract.OBSERVER_HANDLER,
        description="Turns events of instances into claims on names.",
        timeout=TIMEOUT,
        variables=environment(config, ledger)
        | zone_ids(config)
        | limits(config)
        | {contract.ENV_EVENTS_QUEUE_URL: Ref(queue)}
        | member_roles(config)
        | ({contract.ENV_SWEEPS_QUEUE_URL: Ref(sweeps)} if calls else {}),
        statements=(
            take("TakeEvents", queue),
            keep_ledger(
                ledger,
                awacs.dynamodb.GetItem,
                awacs.dynamodb.BatchGetItem,
                awacs.dynamodb.Query,
                awacs.dynamodb.PutItem,
                awacs.dynamodb.UpdateItem,
            ),
            *read_instances(config),
            read_account_names(config),
            *([send("EnqueueSweeps", sweeps)] if calls else []),
        ),
        source=queue_source(queue, concurrency=_CONCURRENCY, batch_size=contract.EVENTS_A_BATCH),
        dead_letters=dead_letters,
        failures="Events of instances failed five times, or did not reach the observer's queue.",
        queue=queue,
        rules=(rule_arn(f"{config.names.event_bus}/{config.names.instances_rule}"),),
    )
