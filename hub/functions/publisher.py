"""The publisher: processes the ledger's stream, and publishes claims to the hosted zones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import awacs.dynamodb
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Sub
from troposphere import awslambda as lambda_

from hub.environment import environment, ledger_stream, route53_share, with_zone_ids
from hub.grants import assume_in_network, keep_ledger
from hub.runtime import contract
from orgdns.cfn.queues import queue, send
from orgdns.cfn.trust import role_arn
from orgdns.cfn.worker import PARTIAL_BATCHES, Worker
from orgdns.cfn.zone_ids import zone_id

if TYPE_CHECKING:
    from troposphere.dynamodb import Table
    from troposphere.sqs import Queue

    from orgdns.config.load import Config

TIMEOUT: Final = 300
# Seconds. A stream keeps a record for 24 hours; the other half is for investigating a failure.
_OLDEST_RECORD: Final = 12 * 3600


def publisher_worker(config: Config, ledger: Table) -> Worker:
    """The publisher processes the ledger's stream, reads all claims on a name, and writes through the writer role."""
    dead_letters = queue("PublisherDeadLetterQueue", contract.PUBLISHER_DEAD_LETTER_QUEUE)
    return Worker(
        title="Publisher",
        function=contract.PUBLISHER_FUNCTION,
        role=contract.PUBLISHER_ROLE,
        handler=contract.PUBLISHER_HANDLER,
        description="Publishes claims on names to the hosted zones.",
        timeout=TIMEOUT,
        variables=environment(ledger)
        | route53_share(config)
        | _adopting_zones(config)
        | {
            contract.ENV_WRITER_ROLE_ARN: role_arn(config, config.network.account, contract.WRITER_ROLE),
        },
        statements=_statements(config, ledger, dead_letters),
        source=_source(ledger, dead_letters),
        dead_letters=dead_letters,
        failures="The publisher failed on changes of the ledger until Lambda discarded them.",
    )


def _statements(config: Config, ledger: Table, dead_letters: Queue) -> tuple[Statement, ...]:
    return (
        Statement(
            Sid="FollowLedger",
            Effect=Allow,
            Action=[
                awacs.dynamodb.DescribeStream,
                awacs.dynamodb.GetRecords,
                awacs.dynamodb.GetShardIterator,
                awacs.dynamodb.ListStreams,
            ],
            Resource=[Sub(f"${{{ledger.title}.Arn}}/stream/*")],
        ),
        keep_ledger(
            ledger,
            awacs.dynamodb.Query,
            awacs.dynamodb.GetItem,
            awacs.dynamodb.BatchGetItem,
            awacs.dynamodb.BatchWriteItem,
            awacs.dynamodb.PutItem,
            awacs.dynamodb.DescribeTable,
        ),
        send("SetFailuresAside", dead_letters),
        assume_in_network("WriteToZones", config, contract.WRITER_ROLE),
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
        "FilterCriteria": lambda_.FilterCriteria(Filters=[lambda_.Filter(Pattern=json.dumps(_claims_pattern()))]),
        "DestinationConfig": lambda_.DestinationConfig(
            OnFailure=lambda_.OnFailure(Destination=GetAtt(dead_letters, "Arn"))
        ),
    }


def _claims_pattern() -> dict[str, Any]:
    """The filter for changes of claims and audit marks. The publisher's own rows do not invoke it."""
    return {"dynamodb": {"Keys": {contract.SORT_KEY: {"S": [{"prefix": contract.CLAIM_PREFIX}, contract.MARK_KEY]}}}}


def _adopting_zones(config: Config) -> dict[str, Any]:
    """The environment variable with the zones in which orgdns adopts records that other tools left."""
    zones = [zone for zone in config.zones if zone.adopt]
    ids = json.dumps([zone_id(zone) for zone in zones], separators=(",", ":"))
    return {contract.ENV_ADOPTING_ZONES: with_zone_ids(ids, zones)}
