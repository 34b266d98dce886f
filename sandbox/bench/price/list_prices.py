"""AWS's list prices, without free tiers and discounts, and how fast its services answer. Pure.

The prices are those of us-east-1 in US dollars. Regions differ: eu-central-1 is up to a fifth more expensive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REGION: Final = "us-east-1"
DATE: Final = "2026-11-28"
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """The dollars of one unit, by the page of a service."""

    service: str
    unit: str
    dollars: float
    source: str


LAMBDA_SECOND: Final = Price("Lambda", "GB-second on arm64", 0.0000133334, "https://aws.amazon.com/lambda/pricing/")
LAMBDA_REQUEST: Final = Price("Lambda", "request", 0.20 / _MILLION, "https://aws.amazon.com/lambda/pricing/")
SQS_REQUEST: Final = Price("SQS", "request", 0.40 / _MILLION, "https://aws.amazon.com/sqs/pricing/")
# With a MessageGroupId, a standard queue is a fair queue.
FAIR_REQUEST: Final = Price(
    "SQS", "more for a request with a message group", 0.10 / _MILLION, "https://aws.amazon.com/sqs/pricing/"
)
READ_UNIT: Final = Price(
    "DynamoDB", "read unit on demand", 0.125 / _MILLION, "https://aws.amazon.com/dynamodb/pricing/on-demand/"
)
WRITE_UNIT: Final = Price(
    "DynamoDB", "write unit on demand", 0.625 / _MILLION, "https://aws.amazon.com/dynamodb/pricing/on-demand/"
)
# 0.25 for the table and 0.20 for point-in-time recovery.
STORED_GB: Final = Price(
    "DynamoDB", "GB-month with point-in-time recovery", 0.45, "https://aws.amazon.com/dynamodb/pricing/on-demand/"
)
# History. A listing has the price of a write.
S3_WRITE: Final = Price("S3", "request that writes or lists", 5.00 / _MILLION, "https://aws.amazon.com/s3/pricing/")
S3_READ: Final = Price("S3", "request that reads", 0.40 / _MILLION, "https://aws.amazon.com/s3/pricing/")
METRIC: Final = Price("CloudWatch", "custom metric a month", 0.30, "https://aws.amazon.com/cloudwatch/pricing/")
ALARM: Final = Price("CloudWatch", "alarm a month", 0.10, "https://aws.amazon.com/cloudwatch/pricing/")
# Three dashboards of up to 50 metrics each are free; that of the hub has more.
DASHBOARD: Final = Price("CloudWatch", "dashboard a month", 3.00, "https://aws.amazon.com/cloudwatch/pricing/")
LOGGED_GB: Final = Price("CloudWatch", "GB of logs written", 0.50, "https://aws.amazon.com/cloudwatch/pricing/")
# Logs are stored compressed: 0.03 for a GB of some 0.15 of the bytes.
KEPT_GB: Final = Price(
    "CloudWatch", "GB of logs kept a month", 0.03 * 0.15, "https://aws.amazon.com/cloudwatch/pricing/"
)
ZONE: Final = Price("Route 53", "private hosted zone a month", 0.50, "https://aws.amazon.com/route53/pricing/")
SCHEDULED: Final = Price(
    "EventBridge", "invocation by a schedule", 1.00 / _MILLION, "https://aws.amazon.com/eventbridge/pricing/"
)
# Member accounts pay for the events that their spokes send to the hub.
EVENT: Final = Price(
    "EventBridge of member accounts",
    "event to another account",
    1.00 / _MILLION,
    "https://aws.amazon.com/eventbridge/pricing/",
)
# GuardDuty reads the management events of each account in which it is enabled.
GUARDED: Final = Price(
    "GuardDuty of all accounts", "management event", 4.00 / _MILLION, "https://aws.amazon.com/guardduty/pricing/"
)
# The first trail of an account and region is free.
TRAILED: Final = Price(
    "CloudTrail of all accounts",
    "management event in a second trail",
    2.00 / 100_000,
    "https://aws.amazon.com/cloudtrail/pricing/",
)
PRICES: Final = (
    LAMBDA_SECOND,
    LAMBDA_REQUEST,
    SQS_REQUEST,
    FAIR_REQUEST,
    READ_UNIT,
    WRITE_UNIT,
    STORED_GB,
    S3_WRITE,
    S3_READ,
    METRIC,
    ALARM,
    DASHBOARD,
    LOGGED_GB,
    KEPT_GB,
    ZONE,
    SCHEDULED,
    EVENT,
    GUARDED,
    TRAILED,
)

# Seconds of one call from the hub's region, on average. AWS publishes none, but for DynamoDB ("single-digit
# millisecond", https://aws.amazon.com/dynamodb/), and for small objects of S3 100 to 200 milliseconds
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html): assumed. Most spokes are in other
# regions.
LATENCY: Final = {
    "dynamodb": 0.006,
    "sqs": 0.015,
    "sts": 0.08,
    "organizations": 0.15,
    "cloudformation": 0.3,
    "ec2": 0.25,
    "route53": 0.2,
    "route53resolver": 0.2,
    "route53profiles": 0.2,
    "s3": 0.15,
}
# The start of an execution environment: imports, clients and the first connections.
COLD_START: Final = 1.5
# How often a function starts cold in an hour: Lambda ends idle environments after minutes, and all after hours.
COLD_STARTS_AN_HOUR: Final = 6
# Each long poll takes 20 seconds (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html).
POLL_SECONDS: Final = 20
