"""Calls of clients in this process, which go to the emulator without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.bridge import replaced
from sandbox.aws.calls import direct
from sandbox.aws.emulator import emulated_aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "none"}
_CODE = "com.amazonaws.dynamodb.v20120810#ThrottlingException"
THROTTLED: tuple[int, dict[str, str], str] = (400, {}, json.dumps({"__type": _CODE, "message": "slower"}))


@pytest.fixture
def client() -> Iterator[DynamoDBClient]:
    retries = Config(retries={"mode": "standard", "total_max_attempts": 3})
    with emulated_aws():
        yield boto3.client("dynamodb", "eu-central-1", config=retries, **KEYS)  # type: ignore[call-overload]  # keywords in a mapping


def test_a_throttled_call_is_tried_again_by_the_client(client: DynamoDBClient) -> None:
    """The client's own retries decide, and each attempt is an event, as over a network."""
    answers, attempts = [THROTTLED, THROTTLED], list[int]()
    answered = direct.emulated_answer
    client.meta.events.register(
        "response-received.dynamodb", lambda response_dict, **_: attempts.append(response_dict["status_code"])
    )
    with replaced(direct, emulated_answer=lambda request: answers.pop() if answers else answered(request)):
        listed = client.list_tables()
    assert (listed["TableNames"], listed["ResponseMetadata"]["RetryAttempts"]) == ([], 2)
    assert attempts == [400, 400, 200]


def test_retries_end(client: DynamoDBClient) -> None:
    """A call that is throttled for longer is an error."""
    with replaced(direct, emulated_answer=lambda _: THROTTLED), pytest.raises(ClientError) as throttled:
        client.list_tables()
    assert throttled.value.response["Error"]["Code"] == "ThrottlingException"
    assert throttled.value.response["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_refusal_has_the_fields_of_its_shape(client: DynamoDBClient) -> None:
    """The client reads an error as AWS models it."""
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="missing")


@pytest.mark.usefixtures("client")
def test_a_call_to_a_server_on_this_machine_goes_there() -> None:
    """Only calls to AWS are answered in this process."""
    elsewhere = boto3.client("dynamodb", "eu-central-1", endpoint_url="http://127.0.0.1:9", **KEYS)  # type: ignore[call-overload]  # as above
    with (
        replaced(direct, emulated_answer=lambda _: pytest.fail("answered here")),
        pytest.raises(Exception, match=r"127\.0\.0\.1"),
    ):
        elsewhere.list_tables()
