"""The historian: follows the ledger's stream, and keeps who had which name when in a bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import awacs.s3
from awacs.aws import Allow, Statement
from troposphere import GetAtt, Ref, Sub
from troposphere import awslambda as lambda_

from hub.buckets import add_private_bucket
from hub.environment import environment, ledger_stream
from hub.grants import follow_ledger
from hub.runtime import contract
from hub.runtime.history.filters import FILTERS
from hub.runtime.history.objects import DAYS, RAW, RAW_DAYS
from orgdns.cfn.kms.encryption import HISTORY
from orgdns.cfn.worker import PARTIAL_BATCHES, Worker

if TYPE_CHECKING:
    from troposphere import Template
    from troposphere.dynamodb import Table
    from troposphere.s3 import Bucket

    from orgdns.config.load import Config

_TIMEOUT: Final = 300
# Seconds for which changes are gathered, the longest that Lambda accepts: each run writes one object, and a shard of
# the stream makes at most 288 a day ("Lambda parameters for Amazon DynamoDB event source mappings",
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html).
_WINDOW: Final = 300
# A run has at most 6 MB of records, which Lambda sees to; a record of a name has a few kilobytes with both its images.
_BATCH: Final = 5_000


def add_history_bucket(template: Template, config: Config) -> Bucket:
    """The bucket of history, which outlives the stack."""
    name = config.names.history_bucket(config.hub.account, config.hub.region)
    return add_private_bucket(template, HISTORY, name, {RAW: RAW_DAYS, DAYS: config.history.days})


def historian_worker(config: Config, ledger: Table, bucket: Bucket) -> Worker:
    """The historian reads the stream beside the publisher, which two readers of a shard may do, and no row.

    "DynamoDB Streams quotas": at most two processes should read from a shard at the same time
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html#Streams.Processing).
    """
    return Worker(
        title="Historian",
        function=config.names.historian_function,
        role=config.names.historian_role,
        handler=contract.HISTORIAN_HANDLER,
        description="Keeps who had which name when.",
        timeout=_TIMEOUT,
        variables=environment(config, ledger)
        | {contract.ENV_HISTORY_BUCKET: Ref(bucket), contract.ENV_HUB_ACCOUNT: config.hub.account},
        statements=(
            follow_ledger(ledger),
            Statement(
                Sid="KeepHistory",
                Effect=Allow,
                Action=[awacs.s3.GetObject, awacs.s3.PutObject],
                Resource=[Sub(f"${{{bucket.title}.Arn}}/{prefix}*") for prefix in (RAW, DAYS)],
            ),
            Statement(Sid="ListHistory", Effect=Allow, Action=[awacs.s3.ListBucket], Resource=[GetAtt(bucket, "Arn")]),
        ),
        source={
            "EventSourceArn": ledger_stream(ledger),
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": _BATCH,
            "MaximumBatchingWindowInSeconds": _WINDOW,
            "ParallelizationFactor": 1,
            # A batch that fails is tried until the stream loses it, after 24 hours. A record that cannot be read fails
            # no batch. The alarm `history-behind` tells of it hours before.
            "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": -1,
            "FunctionResponseTypes": list(PARTIAL_BATCHES),
            "FilterCriteria": lambda_.FilterCriteria(
                Filters=[lambda_.Filter(Pattern=json.dumps(each)) for each in FILTERS]
            ),
        },
    )
