"""The pollers of queues and table streams. They give batches to functions and handle the reported failures.

A simulation; each poller cites its sources.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends

from sandbox.aws.functions.environment import qualifier_of
from sandbox.aws.functions.records import batch_info, iso_time, queue_record, reported_failures, stream_record
from sandbox.aws.sqs.fair_queues import delete, received

if TYPE_CHECKING:
    from sandbox.aws.functions.records import Outcome
    from sandbox.clock import Clock

Event = dict[str, Any]
# A function, mapping, queue or message of the emulator, which ships no types.
Moto = Any

# "Change data capture for DynamoDB Streams": records are kept for 24 hours
# (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
STREAM_RETENTION_SECONDS: Final = 24 * 3600
# AWS does not document how long Lambda waits between attempts at a stream's batch, only that it backs off.
FIRST_RETRY_SECONDS: Final = 1.0
LAST_RETRY_SECONDS: Final = 60.0


class Invoker(Protocol):
    """What a poller needs of the service."""

    def check(self, function: Moto, action: str, resource: str) -> None:
        """Raise unless the function's role allows the action."""

    def invoke(self, function: Moto, event: Event) -> Outcome:
        """Run the function once with this event."""


class QueuePoller:
    """Polls a queue for a function.

    "Using Lambda with Amazon SQS" (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html) and "Handling errors for
    an SQS event source in Lambda" (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
    """

    def __init__(self, service: Invoker, mapping: Moto, function: Moto) -> None:
        if mapping.filter_criteria or mapping.event_source_arn.endswith(".fifo"):
            raise NotImplementedError(f"filters and FIFO queues are not simulated: {mapping.event_source_arn}")
        self._service = service
        self._mapping = mapping
        self._function = function

    def poll(self) -> int:
        """Give the function one batch of visible messages; the number of messages."""
        arn = self._mapping.event_source_arn
        _, _, _, region, account, name = arn.split(":")
        queue = sqs_backends[account][region].get_queue(name)
        self._service.check(self._function, "sqs:GetQueueAttributes", arn)
        self._service.check(self._function, "sqs:ReceiveMessage", arn)
        messages = received(queue, self._mapping.batch_size)
        if not messages:
            return 0
        event = {"Records": [queue_record(message, arn) for message in messages]}
        outcome = self._service.invoke(self._function, event)
        ids = [message.id for message in messages]
        failed = ids if outcome.error else reported_failures(outcome.response, ids, self._mapping)
        # Failed messages stay, and become visible again after the queue's visibility timeout.
        done = set(ids) - set(ids if failed is None else failed)
        if done:
            self._service.check(self._function, "sqs:DeleteMessage", arn)
            delete(queue, done)
        return len(messages)


@dataclass(slots=True)
class _Batch:
    """Records of a stream that a function receives together, until they succeed or are discarded."""

    records: list[Event]
    invocations: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class StreamPoller:
    """Polls a table's stream for a function, in order.

    "How Lambda processes records from stream and queue-based event sources"
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html), "Configuring partial batch
    response with DynamoDB and Lambda" (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)
    and "Retaining discarded records for a DynamoDB event source in Lambda"
    (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
    """

    service: Invoker
    clock: Clock
    mapping: Moto
    function: Moto = None
    _position: int = -1
    _batches: deque[_Batch] = field(default_factory=deque)

    def __post_init__(self) -> None:
        shard = self._shard()
        self._position = len(shard.items) if shard and self.mapping.starting_position == "LATEST" else 0

    def poll(self) -> int:
        """Give the function the next batch, or the failed batch again if it is due; the number of records."""
        for action in ("DescribeStream", "GetShardIterator", "GetRecords", "ListStreams"):
            self.service.check(self.function, f"dynamodb:{action}", self.mapping.event_source_arn)
        if not self._batches:
            records = self._read()
            if not records:
                return 0
            self._batches.append(_Batch(records))
        batch = self._batches[0]
        if batch.not_before > self.clock.now():
            return 0
        given = len(batch.records)
        outcome = self.service.invoke(self.function, {"Records": batch.records})
        batch.invocations += 1
        self._conclude(batch, outcome)
        return given

    def _conclude(self, batch: _Batch, outcome: Outcome) -> None:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
        failed = numbers if outcome.error else reported_failures(outcome.response, numbers, self.mapping)
        if failed == []:
            self._batches.popleft()
            return
        reported = failed is not None and not outcome.error
        checkpoint = min(numbers.index(number) for number in failed) if reported and failed else 0
        batch.records = batch.records[checkpoint:]
        if self.mapping.bisect_on_error and not reported and len(batch.records) > 1:
            # Halving a batch does not use up its retries.
            half = len(batch.records) // 2
            self._batches.popleft()
            self._batches.extendleft([_Batch(batch.records[half:]), _Batch(batch.records[:half])])
            return
        condition = self._discard_condition(batch)
        if condition:
            self._batches.popleft()
            self._discard(batch, outcome, condition)
            return
        wait = min(FIRST_RETRY_SECONDS * 2 ** (batch.invocations - 1), LAST_RETRY_SECONDS)
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

    def _discard(self, batch: _Batch, outcome: Outcome, condition: str) -> None:
        destination = ((self.mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        _, _, _, region, account, name = destination.split(":")
        self.service.check(self.function, "sqs:SendMessage", destination)
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
            "DDBStreamBatchInfo": batch_info(batch.records, self._shard().id, self.mapping.event_source_arn),
        }
        sqs_backends[account][region].send_message(name, json.dumps(body))

    def _shard(self) -> Moto:
        """The stream's only shard. Read anew each time, because a transaction may replace the whole table.

        A stream ends with its table, and when it is disabled. A table that is restored under the same name, or whose
        stream is enabled again, has another stream, which the mapping does not follow ("Change data capture for
        DynamoDB Streams", https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
        """
        _, _, _, region, account, resource = self.mapping.event_source_arn.split(":", 5)
        _, name, _, label = resource.split("/")
        table = dynamodb_backends[account][region].tables.get(name)
        return table.stream_shard if table and table.latest_stream_label == label else None

    def _read(self) -> list[Event]:
        """The next records that pass a filter, at most a batch. Records that pass none are skipped."""
        shard = self._shard()
        patterns = [
            EventPattern.load(entry["Pattern"]) for entry in (self.mapping.filter_criteria or {}).get("Filters", ())
        ]
        records: list[Event] = []
        while shard and self._position < len(shard.items) and len(records) < self.mapping.batch_size:
            record = stream_record(shard.items[self._position].to_json(), self.mapping.event_source_arn)
            self._position += 1
            kept = self.clock.now() - record["dynamodb"]["ApproximateCreationDateTime"] < STREAM_RETENTION_SECONDS
            if kept and (not patterns or any(pattern.matches_event(record) for pattern in patterns)):
                records.append(record)
        return records
