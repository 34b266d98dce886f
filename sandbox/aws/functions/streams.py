"""The poller of table streams, shard by shard: gives batches to a function and handles the reported failures.

A simulation, which cites its sources.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends

from sandbox.aws.dynamodb.shards import hashed, shard_of
from sandbox.aws.functions.environment import qualifier_of
from sandbox.aws.functions.mappings import qualifier_of_mapping
from sandbox.aws.functions.records import batch_info, iso_time, reported_failures, stream_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from sandbox.aws.functions.pollers import Invoker
    from sandbox.aws.functions.records import Outcome
    from sandbox.clock import Clock

Event = dict[str, Any]
# A function, mapping or stream of the emulator, which ships no types.
Moto = Any

# A new on-demand table serves 4,000 writes a second, and a partition 1,000: "DynamoDB on-demand capacity mode"
# (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html) and "Partitions and
# data distribution in DynamoDB" (.../HowItWorks.Partitions.html). Each partition has a shard.
SHARDS: Final = 4
# "Change data capture for DynamoDB Streams": records are kept for 24 hours
# (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
STREAM_RETENTION_SECONDS: Final = 24 * 3600
# AWS does not document how long Lambda waits between attempts at a stream's batch, only that it backs off.
FIRST_RETRY_SECONDS: Final = 1.0
LAST_RETRY_SECONDS: Final = 60.0


def shard_number(key: Mapping[str, str], shards: int) -> int:
    """The shard of a partition key of any type."""
    return shard_of(json.dumps(key), shards)


@dataclass(slots=True)
class _Batch:
    """Records of a shard that a function receives together, until they succeed or are discarded."""

    records: list[Event]
    attempts: int = 0
    # Those attempts that were not throttled.
    invocations: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class _Shard:
    """A shard: the positions of its records in the stream that were not read yet, and the batches in progress."""

    number: int
    unread: deque[int] = field(default_factory=deque)
    # Since when Lambda gathers records for the next batch.
    gathering: float | None = None
    batches: deque[_Batch] = field(default_factory=deque)

    @property
    def id(self) -> str:
        """An id of the form of AWS's."""
        return f"shardId-{self.number:020}-{hashed(str(self.number)).hex()}"


@dataclass(slots=True)
class StreamPoller:
    """Polls a table's stream for a function, each shard in order.

    Changes of items with one partition key are in one shard, in the order in which they were made ("Change data capture
    for DynamoDB Streams", https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html). By default
    (ParallelizationFactor 1) Lambda processes one batch of a shard at a time, and shards concurrently ("Polling and
    batching streams", https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html). So a batch that fails stops its own
    shard only, and each shard has an environment of its own. Here the shards take turns, in a random order.

    "How Lambda processes records from stream and queue-based event sources"
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html), "Configuring partial batch
    response with DynamoDB and Lambda" (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)
    and "Retaining discarded records for a DynamoDB event source in Lambda"
    (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
    """

    service: Invoker
    clock: Clock
    mapping: Moto
    random: Random
    shards: int = SHARDS
    function: Moto = None
    _position: int = -1
    _shards: list[_Shard] = field(default_factory=list)

    def __post_init__(self) -> None:
        if int(self.mapping.parallelization_factor or 1) != 1:
            raise NotImplementedError("a ParallelizationFactor above 1 is not simulated")
        stream = self._stream()
        self._position = len(stream.items) if stream and self.mapping.starting_position == "LATEST" else 0
        self._shards = [_Shard(number) for number in range(self.shards)]

    @property
    def retrying(self) -> bool:
        """Whether a batch of any shard failed, and waits for its next attempt."""
        return any(shard.batches for shard in self._shards)

    def poll(self) -> int:
        """Give the function a batch of each shard, a failed one again if it is due; the number of records."""
        for action in ("DescribeStream", "GetShardIterator", "GetRecords", "ListStreams"):
            self.service.check(self.function, f"dynamodb:{action}", self.mapping.event_source_arn)
        self._share_out()
        return sum(map(self._poll, self.random.sample(self._shards, len(self._shards))))

    def _poll(self, shard: _Shard) -> int:
        if not shard.batches:
            if not self._gathered(shard):
                return 0
            records = self._read(shard)
            if not records:
                return 0
            shard.batches.append(_Batch(records))
        batch = shard.batches[0]
        if batch.not_before > self.clock.now():
            return 0
        given = len(batch.records)
        place = f"{self.mapping.uuid}/{shard.number}"
        qualifier = qualifier_of_mapping(self.mapping)
        outcome = self.service.invoke(self.function, {"Records": batch.records}, place, qualifier)
        batch.attempts += 1
        if not outcome.throttled:
            batch.invocations += 1
            last = batch.records[-1]["dynamodb"]["ApproximateCreationDateTime"]
            self.service.received(self.function, qualifier, last)
        self._conclude(shard, batch, outcome)
        return given

    def _gathered(self, shard: _Shard) -> bool:
        """Whether the batching window is over, or a batch full. Records that pass no filter begin a window, too.

        "Batching behavior" (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching).
        """
        window = int(self.mapping.max_batch_window or 0)
        if shard.unread and shard.gathering is None:
            shard.gathering = self.clock.now()
        full = len(shard.unread) >= self.mapping.batch_size
        return not window or full or self.clock.now() - (shard.gathering or self.clock.now()) >= window

    def _conclude(self, shard: _Shard, batch: _Batch, outcome: Outcome) -> None:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
        failed = numbers if outcome.error else reported_failures(outcome.response, numbers, self.mapping)
        if failed == []:
            shard.batches.popleft()
            return
        reported = failed is not None and not outcome.error
        checkpoint = min(numbers.index(number) for number in failed) if reported and failed else 0
        batch.records = batch.records[checkpoint:]
        # A throttled batch is only tried again, until its records are too old ("Retaining discarded records ...").
        if self.mapping.bisect_on_error and not reported and not outcome.throttled and len(batch.records) > 1:
            # Halving a batch does not use up its retries.
            half = len(batch.records) // 2
            shard.batches.popleft()
            shard.batches.extendleft([_Batch(batch.records[half:]), _Batch(batch.records[:half])])
            return
        condition = self._discard_condition(batch)
        if condition:
            shard.batches.popleft()
            self._discard(shard, batch, outcome, condition)
            return
        wait = min(FIRST_RETRY_SECONDS * 2 ** (batch.attempts - 1), LAST_RETRY_SECONDS)
        batch.not_before = self.clock.now() + wait

    def _discard_condition(self, batch: _Batch) -> str | None:
        retries, age = (
            -1 if limit is None else int(limit)
            for limit in (self.mapping.max_retry_attempts, self.mapping.max_record_age)
        )
        if retries >= 0 and batch.invocations > retries:
            return "RetryAttemptsExhausted"
        oldest = batch.records[0]["dynamodb"]["ApproximateCreationDateTime"]
        return "RecordAgeExceeded" if age >= 0 and self.clock.now() - oldest > age else None

    def _discard(self, shard: _Shard, batch: _Batch, outcome: Outcome, condition: str) -> None:
        destination = ((self.mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        _, _, _, region, account, name = destination.split(":")
        try:
            self.service.check(self.function, "sqs:SendMessage", destination)
        except PermissionError:
            # Lambda counts it ("Types of metrics for Lambda functions",
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html), and goes on.
            self.service.undelivered(self.function, qualifier_of_mapping(self.mapping))
            return
        body = {
            "requestContext": {
                "requestId": outcome.request_id,
                "functionArn": self.mapping.function_arn,
                "condition": condition,
                "approximateInvokeCount": batch.invocations,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": qualifier_of(self.function),
                **({"functionError": "Unhandled"} if outcome.error else {}),
            },
            "version": "1.0",
            "timestamp": iso_time(self.clock.now()),
            "DDBStreamBatchInfo": batch_info(batch.records, shard.id, self.mapping.event_source_arn),
        }
        sqs_backends[account][region].send_message(name, json.dumps(body))

    def _stream(self) -> Moto:
        """All records of the stream, in order. Read anew each time, because a transaction may replace the whole table.

        A stream ends with its table, and when it is disabled. A table that is restored under the same name, or whose
        stream is enabled again, has another stream, which the mapping does not follow ("Change data capture for
        DynamoDB Streams", https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
        """
        _, _, _, region, account, resource = self.mapping.event_source_arn.split(":", 5)
        _, name, _, label = resource.split("/")
        table = dynamodb_backends[account][region].tables.get(name)
        return table.stream_shard if table and table.latest_stream_label == label else None

    def _share_out(self) -> None:
        """Give each new record to the shard of its partition key."""
        stream = self._stream()
        while stream and self._position < len(stream.items):
            partition_key, *_ = stream.items[self._position].to_json()["dynamodb"]["Keys"].values()
            self._shards[shard_number(partition_key, self.shards)].unread.append(self._position)
            self._position += 1

    def _read(self, shard: _Shard) -> list[Event]:
        """A shard's next records that pass a filter, at most a batch. Records that pass none are skipped."""
        stream = self._stream()
        if stream is None:
            return []
        patterns = [
            EventPattern.load(entry["Pattern"]) for entry in (self.mapping.filter_criteria or {}).get("Filters", ())
        ]
        records: list[Event] = []
        # What Lambda gathered does not expire any more.
        gathered, shard.gathering = shard.gathering or self.clock.now(), None
        while shard.unread and len(records) < self.mapping.batch_size:
            record = stream_record(stream.items[shard.unread.popleft()].to_json(), self.mapping.event_source_arn)
            kept = gathered - record["dynamodb"]["ApproximateCreationDateTime"] < STREAM_RETENTION_SECONDS
            if kept and (not patterns or any(pattern.matches_event(record) for pattern in patterns)):
                records.append(record)
        return records
