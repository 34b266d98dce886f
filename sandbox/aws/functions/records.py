"""The shapes of functions' events and responses: messages, stream records, batch failures. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Event = dict[str, Any]
# A message or mapping of the emulator, which ships no types.
Moto = Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended: with the function's response, converted to JSON and back, or with an error.

    If Lambda throttled it, the function did not run.
    """

    request_id: str
    response: Any = None
    error: str | None = None
    throttled: bool = False


def queue_record(message: Moto, arn: str) -> Event:
    """A message as Lambda passes it on: the sample event of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(int(message.sent_timestamp)),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(int(message.approximate_first_receive_timestamp)),
            **({"MessageGroupId": message.group_id} if message.group_id else {}),
        },
        "messageAttributes": {
            name: {
                **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    return record


def stream_record(record: Mapping[str, Any], arn: str) -> Event:
    """A stream's record as Lambda passes it on.

    The sample event of https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    change = dict(record["dynamodb"])
    created = change.pop("ApproximateCreationDateTime")
    shown = {
        **record,
        "eventVersion": "1.1",
        "awsRegion": arn.split(":")[3],
        # Whole seconds, as in Lambda's events. The emulator's times are UTC, but without a time zone.
        "dynamodb": {"ApproximateCreationDateTime": int(created.replace(tzinfo=UTC).timestamp()), **change},
        "eventSourceARN": arn,
    }
    as_json: Event = json.loads(json.dumps(shown, default=lambda binary: base64.b64encode(binary).decode()))
    return as_json


def reported_failures(response: object, ids: Sequence[str], mapping: Moto) -> list[str] | None:
    """The ids that a response reports as failed: none, some of the batch, or None if the response is malformed.

    A malformed response fails the whole batch: "success and failure conditions" in
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html; the same applies to queues.
    """
    if "ReportBatchItemFailures" not in (mapping.function_response_types or ()) or response is None or response == {}:
        return []
    reports = response.get("batchItemFailures", ()) if isinstance(response, dict) else None
    if reports is None and isinstance(response, dict):
        return []
    if not isinstance(reports, list | tuple):
        return None
    failed = [str(report.get("itemIdentifier")) if isinstance(report, dict) else "" for report in reports]
    return failed if set(failed) <= set(ids) else None


def batch_info(records: Sequence[Event], shard_id: str, stream_arn: str) -> Event:
    """Which records of a stream were discarded: "Retaining discarded records for a DynamoDB event source in Lambda".

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    first, last = (records[index]["dynamodb"] for index in (0, -1))
    return {
        "shardId": shard_id,
        "startSequenceNumber": first["SequenceNumber"],
        "endSequenceNumber": last["SequenceNumber"],
        "approximateArrivalOfFirstRecord": iso_time(first["ApproximateCreationDateTime"]),
        "approximateArrivalOfLastRecord": iso_time(last["ApproximateCreationDateTime"]),
        "batchSize": len(records),
        "streamArn": stream_arn,
    }


def iso_time(seconds: float) -> str:
    """A moment in UTC as ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
