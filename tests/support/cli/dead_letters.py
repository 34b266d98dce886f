"""Messages of dead-letter queues in the form that AWS writes."""

from __future__ import annotations

from typing import Any

from sandbox.example import HUB
from tests.support.build import ROOT

REGION = "eu-central-1"

DOCUMENTS = ROOT / "tests" / "support" / "documents"

STATE_EVENT = (DOCUMENTS / "ec2-state-change.json").read_text()

TAG_EVENT = (DOCUMENTS / "tag-change.json").read_text()

UNDELIVERED = {
    "RULE_ARN": "arn:aws:events:eu-central-1:222222222222:rule/orgdns/orgdns-received-instance-states",
    "TARGET_ARN": "arn:aws:sqs:eu-central-1:222222222222:orgdns-events",
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "the queue does not let it",
}

# Fields as in "Retain discarded records for a DynamoDB event source in Lambda"
# (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
DISCARDED: dict[str, Any] = {
    "requestContext": {
        "requestId": "0d3c4a5b-1",
        "functionArn": f"arn:aws:lambda:{REGION}:{HUB}:function:orgdns-publisher",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 101,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2026-11-02T12:00:00.000Z",
    "DDBStreamBatchInfo": {
        "shardId": "shardId-00000001",
        "startSequenceNumber": "100",
        "endSequenceNumber": "140",
        "approximateArrivalOfFirstRecord": "2026-11-02T10:00:00Z",
        "approximateArrivalOfLastRecord": "2026-11-02T10:05:00Z",
        "batchSize": 7,
        "streamArn": f"arn:aws:dynamodb:{REGION}:{HUB}:table/orgdns-ledger/stream/1",
    },
}

HOSTILE = "[red]x[/]\x1b[31m\u202e"
