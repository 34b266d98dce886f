"""Composes the publisher and its backlog with their adapters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hub.runtime import contract
from hub.runtime.aws import settings
from hub.runtime.aws.backlog.queue import BacklogQueue
from hub.runtime.aws.backlog.rows import DynamoBacklog
from hub.runtime.aws.ledger.health.path import DynamoPath
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.zone_checks import ZoneChecks
from hub.runtime.aws.zones import WriterZones
from hub.runtime.publisher.backlog.deferral import Deferral
from hub.runtime.publisher.backlog.releaser import Releaser
from hub.runtime.publisher.backlog.turnstile import Turnstile
from hub.runtime.publisher.health.reporter import Reporter
from hub.runtime.publisher.publisher import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs import SQSClient

    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.aws.sessions import AssumedClients
    from hub.runtime.ports import Clock


def publisher_of(
    table: Table, clients: AssumedClients, turns: Turns, queues: Callable[[], SQSClient], clock: Clock
) -> Publisher:
    """Return the publisher.

    What it takes from instances depends on the generation of the ledger. A restored table has another stream than the
    environment variable says, until someone updates the stack, so the publisher asks for the table's own.
    """
    queue = BacklogQueue(queues, settings.value(contract.ENV_BACKLOG_QUEUE_URL))
    return Publisher(
        ledger=DynamoLedger(table),
        controls=DynamoStatuses(table, table.latest_stream),
        zones=WriterZones(clients, settings.value(contract.ENV_WRITER_ROLE_ARN), turns, settings.owner()),
        clock=clock,
        adopting=frozenset(json.loads(settings.value(contract.ENV_ADOPTING_ZONES))),
        backlog=Deferral(Turnstile(), queue, DynamoBacklog(table)),
        dry_run=settings.dry_run(),
    )


def reporter_of(table: Table, clients: AssumedClients, turns: Turns, clock: Clock) -> Reporter:
    """Return what reports heartbeats, stalls and closed zones of the publisher."""
    zones = ZoneChecks(WriterZones(clients, settings.value(contract.ENV_WRITER_ROLE_ARN), turns, settings.owner()))
    return Reporter(
        DynamoPath(table), DynamoStatuses(table), zones, settings.zone_ids(), clock, settings.policy().silent
    )


def releaser_of(table: Table, clients: AssumedClients, turns: Turns, clock: Clock) -> Releaser:
    """Return the use case that brings names back from the backlog."""
    zones = WriterZones(clients, settings.value(contract.ENV_WRITER_ROLE_ARN), turns, settings.owner())
    return Releaser(DynamoBacklog(table), turns, turns.most_releases, zones, clock)
