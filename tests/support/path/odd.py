"""Answers of AWS that orgdns cannot read, and calls that it does not answer, on the deployed path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from sandbox.aws.bridge import replaced

REGION = "eu-central-1"
# An answer of AWS, or a part of one.
Answer = dict[str, Any]
Change = Callable[[Answer], object]

# What a later API, or a fault of AWS, could make of one of the `Instances` of DescribeInstances.
ODDITIES: dict[str, Change] = {
    "a state of a later API": lambda described: described.update(State={"Code": 96, "Name": "hibernated"}),
    "no state": lambda described: described.pop("State"),
    "a state without a name": lambda described: described.update(State={}),
    "no launch time": lambda described: described.pop("LaunchTime"),
    "a launch time that is a text": lambda described: described.update(LaunchTime="yesterday", NetworkInterfaces=[]),
    "an address entry without an address": lambda described: described["NetworkInterfaces"][0].update(
        PrivateIpAddresses=[{"Primary": True}]
    ),
    "an address that is none": lambda described: described["NetworkInterfaces"][0].update(
        PrivateIpAddresses=[{"Primary": True, "PrivateIpAddress": "10.0.0.256"}]
    ),
    "interfaces that are null": lambda described: described.update(NetworkInterfaces=None),
    "a tag without a value": lambda described: described.update(Tags=[{"Key": "Name"}]),
    "a tag that is a number": lambda described: described.update(Tags=[{"Key": "Name", "Value": 7}]),
    "tags that are null": lambda described: described.update(Tags=None),
    "a lone surrogate in a tag": lambda described: described.update(Tags=[{"Key": "Name", "Value": "a\ud800b"}]),
    "a lone surrogate in a subnet": lambda described: described["NetworkInterfaces"][0].update(SubnetId="\udfff"),
}


@contextmanager
def answered(operation: str, change: Change) -> Iterator[None]:
    """Change the answers to an operation of AWS while the context lasts."""
    boundary: Any = BaseClient
    call = boundary._make_api_call  # noqa: SLF001 - where every call of AWS passes

    def changed(client: Any, name: str, parameters: Any) -> Any:  # noqa: ANN401 - botocore's own
        answer = call(client, name, parameters)
        if name == operation:
            change(answer)
        return answer

    with replaced(BaseClient, _make_api_call=changed):
        yield


@contextmanager
def unanswered_updates(partition: str) -> Iterator[None]:
    """Let DynamoDB answer no update of a row in a partition of the ledger while the context lasts."""
    boundary: Any = BaseClient
    call = boundary._make_api_call  # noqa: SLF001 - where every call of AWS passes

    def silent(client: Any, name: str, parameters: Any) -> Any:  # noqa: ANN401 - botocore's own
        if name == "UpdateItem" and parameters["Key"]["pk"] == {"S": partition}:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")
        return call(client, name, parameters)

    with replaced(BaseClient, _make_api_call=silent):
        yield


@contextmanager
def odd_instance(instance_id: str, change: Change) -> Iterator[None]:
    """Let EC2 show an instance oddly while the context lasts."""

    def oddly(answer: Answer) -> None:
        for reservation in answer["Reservations"]:
            for described in reservation["Instances"]:
                if described.get("InstanceId") == instance_id:
                    change(described)

    with answered("DescribeInstances", oddly):
        yield
