"""The bucket of history, and the historian that fills it, in the hub's template."""

from __future__ import annotations

import json

import cfn_flip
import pytest

from hub.runtime.history.filters import FILTERS
from hub.runtime.history.objects import DAYS, RAW, RAW_DAYS
from orgdns.config.load import parse
from orgdns.deployment.templates import templates
from sandbox.aws.models.resources import refusals
from tests.support.config.configuration import GOOD
from tests.support.generated import grants, inline, properties, read

PRIVATE = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}


def test_bucket_is_private_and_forgets() -> None:
    """Nobody else reads it, only TLS reaches it, the account owns all objects, and S3 deletes what is too old."""
    bucket = properties("hub", "History")
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(PRIVATE, True)
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    rules = {rule["Prefix"]: rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules == {RAW: RAW_DAYS, DAYS: 400}
    (statement,) = properties("hub", "HistoryPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert read("hub")["Resources"]["History"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert list(refusals("AWS::S3::Bucket", {"BucketName": bucket["BucketName"]})) == []


def test_historian_may_only_read_the_stream_and_keep() -> None:
    """Its role reaches neither a row of the ledger, nor a zone, nor a spoke, and cannot delete what is kept."""
    actions = {
        action for granted, *_ in grants(inline(properties("hub", "HistorianRole"))).values() for action in granted
    }
    stream = {f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")}
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert actions == stream | logs | {"s3:GetObject", "s3:ListBucket", "s3:PutObject"}


def test_historian_gathers_changes_and_never_gives_up() -> None:
    """Each batch is an object, so it waits for the longest window, and for what fails as long as the stream has it."""
    source = properties("hub", "HistorianSource")
    assert source["MaximumBatchingWindowInSeconds"] == 300
    assert (source["MaximumRetryAttempts"], source["MaximumRecordAgeInSeconds"]) == (-1, -1)
    assert source["EventSourceArn"] == properties("hub", "PublisherSource")["EventSourceArn"]
    # "Lambda quotas": a mapping has at most five filters
    # (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
    patterns = [json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"]]
    assert len(patterns) <= 5
    assert patterns == list(FILTERS)


def test_without_history_there_is_nothing() -> None:
    """With 0 days, the stack has neither the bucket nor the function nor its alarm."""
    text = templates(parse(GOOD + "history:\n  days: 0\n"))["hub.yaml"]
    assert not {title for title in cfn_flip.load_yaml(text)["Resources"] if "Histor" in title}
    assert "historian" not in text


@pytest.mark.parametrize("days", [1, 3_653])
def test_days_are_those_of_the_configuration(days: int) -> None:
    """The bucket keeps what the configuration says."""
    text = templates(parse(f"{GOOD}history:\n  days: {days}\n"))["hub.yaml"]
    bucket = cfn_flip.load_yaml(text)["Resources"]["History"]["Properties"]
    assert {"Id": "days", "Prefix": DAYS, "Status": "Enabled", "ExpirationInDays": days} in (
        bucket["LifecycleConfiguration"]["Rules"]
    )
