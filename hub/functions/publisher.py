"""The publisher: processes the ledger's stream and the backlog, and publishes claims to the hosted zones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import awacs.dynamodb
from troposphere import GetAtt, Ref
from troposphere import awslambda as lambda_

from hub.environment import environment, ledger_stream, route53_share, with_zone_ids, zone_ids
from hub.grants import assume_in_network, follow_ledger, keep_ledger
from hub.runtime import contract
from orgdns.cfn.queues import queue, send, take
from orgdns.cfn.trust import role_arn
from orgdns.cfn.worker import PARTIAL_BATCHES, REPEATED_RETENTION, QueueSource, Worker, queue_pair, queue_source
from orgdns.cfn.zone_ids import zone_id

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere.dynamodb import Table
    from troposphere.sqs import Queue

    from orgdns.config.load import Config

TIMEOUT: Final = 300
# Seconds. A stream keeps a record for 24 hours; the other half is for investigating a failure.
_OLDEST_RECORD: Final = 12 * 3600
# Seconds. A name that waits for longer is found by the daily audit.
_BACKLOG_RETENTION: Final = 86_400
# A message whose names found no tokens in time comes again after half an hour. That is no failure, and may happen many
# times while others use the account's quota, too. What never succeeds is a dead letter before the retention ends.
_BACKLOG_RECEIVES: Final = 40
# How many runs the backlog's mapping starts at a time: the fewest that Lambda accepts for a queue. The pace of releases
# is the same for one run.
_RELEASES: Final = 2
# How many messages of the backlog a run takes with the whole quota; with a share of it, it takes this share of them.
# At 100 names a message, those of a run come back in ten seconds. Messages that come meanwhile wait for them, those of
# quiet accounts, too. If messages have few names each, a run receives further ones itself.
_MESSAGES_A_RUN: Final = 10
# Seconds for which the backlog's mapping gathers messages. Each release gives each shard a small batch. So a few large
# releases take fewer requests of the quota than many small ones.
_WINDOW: Final = 3
# Megabytes: half of a processor, because a burst is thousands of names, and reading one takes a millisecond of a whole
# processor. Lambda gives a function processor time in proportion to its memory; 1,769 MB are one processor ("Configure
# Lambda function memory", https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
_MEMORY: Final = 1_024


def publisher_worker(config: Config, ledger: Table) -> Worker:
    """The publisher processes the ledger's stream, reads all claims on a name, and writes through the writer role."""
    dead_letters = queue("PublisherDeadLetterQueue", config.names.publisher_dead_letter_queue)
    backlog = _backlog(config)
    return Worker(
        title="Publisher",
        function=config.names.publisher_function,
        role=config.names.publisher_role,
        handler=contract.PUBLISHER_HANDLER,
        description="Publishes claims on names to the hosted zones.",
        timeout=TIMEOUT,
        variables=environment(config, ledger)
        | route53_share(config)
        | zone_ids(config)
        | _adopting_zones(config)
        | {
            contract.ENV_WRITER_ROLE_ARN: role_arn(config, config.network.account, config.names.writer_role),
            contract.ENV_BACKLOG_QUEUE_URL: Ref(backlog.queue),
            contract.ENV_OBJECTIVE_SECONDS: str(config.objective.seconds),
        },
        statements=_statements(config, ledger, dead_letters, backlog.queue),
        source=_source(ledger, dead_letters),
        dead_letters=dead_letters,
        failures="The publisher failed on changes of the ledger until Lambda discarded them.",
        memory=_MEMORY,
        further=backlog,
    )


def _backlog(config: Config) -> QueueSource:
    """The queue of names of accounts that change names faster than their rate allows.

    The publisher sends to this queue, and processes it. Lambda stops a function that sends to a queue while the same
    queue invokes it. The publisher never does that: when this queue invokes it, it brings names back through the
    ledger, and Lambda does not detect loops through DynamoDB ("Use Lambda recursive loop detection to prevent infinite
    loops", https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html). So the detection stays on.
    """
    queue, dead_letters = queue_pair(
        "Backlog",
        config.names.backlog_queue,
        config.names.backlog_dead_letter_queue,
        timeout=TIMEOUT,
        retention=_BACKLOG_RETENTION,
        dead_retention=REPEATED_RETENTION,
        receives=_BACKLOG_RECEIVES,
    )
    return QueueSource(
        title="BacklogSource",
        queue=queue,
        dead_letters=dead_letters,
        failures="The publisher could not bring back names of the backlog. The next audit finds them.",
        source=queue_source(queue, concurrency=_RELEASES, batch_size=_messages_a_run(config), window=_WINDOW),
    )


def _messages_a_run(config: Config) -> int:
    """The messages that two runs can release in time, at the pace of the configured share."""
    return max(1, int(_MESSAGES_A_RUN * config.network.route53_share))


def _statements(config: Config, ledger: Table, dead_letters: Queue, backlog: Queue) -> tuple[Statement, ...]:
    return (
        follow_ledger(ledger),
        keep_ledger(
            ledger,
            awacs.dynamodb.Query,
            awacs.dynamodb.GetItem,
            awacs.dynamodb.BatchGetItem,
            awacs.dynamodb.BatchWriteItem,
            awacs.dynamodb.PutItem,
            awacs.dynamodb.UpdateItem,
            awacs.dynamodb.DescribeTable,
        ),
        send("SetFailuresAside", dead_letters),
        send("DeferNames", backlog),
        take("TakeDeferredNames", backlog),
        assume_in_network("WriteToZones", config, config.names.writer_role),
    )


def _source(ledger: Table, dead_letters: Queue) -> dict[str, Any]:
    return {
        "EventSourceArn": ledger_stream(ledger),
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 1000,
        # Without a batching window, a single change is published at once, and changes that arrive meanwhile form the
        # next batch. That is the default. For batches above ten, the API's documentation asks for a window of at least
        # a second if one is given ("Lambda parameters for Amazon DynamoDB event source mappings",
        # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html).
        "ParallelizationFactor": 1,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 100,
        "MaximumRecordAgeInSeconds": _OLDEST_RECORD,
        "FunctionResponseTypes": list(PARTIAL_BATCHES),
        "FilterCriteria": lambda_.FilterCriteria(
            Filters=[lambda_.Filter(Pattern=json.dumps(each)) for each in _patterns()]
        ),
        "DestinationConfig": lambda_.DestinationConfig(
            OnFailure=lambda_.OnFailure(Destination=GetAtt(dead_letters, "Arn"))
        ),
    }


def _patterns() -> tuple[dict[str, Any], ...]:
    """The filters for changes of claims and audit marks, for releases and heartbeats. Other rows do not invoke it.

    The row of a release stays for a while, and when it expires nothing is to be done.
    """

    def with_sort_key(*patterns: object) -> dict[str, Any]:
        return {"dynamodb": {"Keys": {contract.SORT_KEY: {"S": list(patterns)}}}}

    return (
        with_sort_key({"prefix": contract.CLAIM_PREFIX}, contract.MARK_KEY),
        {"eventName": ["INSERT", "MODIFY"]} | with_sort_key(contract.RELEASED_KEY, contract.HEARTBEAT_KEY),
    )


def _adopting_zones(config: Config) -> dict[str, Any]:
    """The environment variable with the zones in which orgdns adopts records that other tools left."""
    zones = [zone for zone in config.zones if zone.adopt]
    ids = json.dumps([zone_id(zone) for zone in zones], separators=(",", ":"))
    return {contract.ENV_ADOPTING_ZONES: with_zone_ids(ids, zones)}
