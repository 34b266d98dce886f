"""A queue, a table and functions with handlers of their own, for the tests of functions."""

from __future__ import annotations

import io
import json
import zipfile
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import boto3

from sandbox.aws.functions.service import Functions
from sandbox.clock import MovedClock

if TYPE_CHECKING:
    from collections.abc import Mapping


ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"
# `invocations` is state that a module keeps between invocations; a message's body tells the handler what to do.
HANDLERS = """
import json, logging, os, sys, time, warnings
import boto3
import botocore
from hub.runtime import contract

logger = logging.getLogger("worker")
logger.addHandler(logging.StreamHandler(sys.stdout))
logger.setLevel(logging.INFO)
invocations = []
botocore.register_initializer(lambda session: None)

def observer(event, context):
    invocations.append(context.aws_request_id)
    logger.info(json.dumps({"event": event, "invocation": len(invocations), "name": contract.NAME}))
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    if "raise" in bodies.values():
        raise ValueError("no such thing")
    if "linger" in bodies.values():
        time.sleep(60)
    if "malformed" in bodies.values():
        return {"batchItemFailures": [{"itemIdentifier": "nobody"}]}
    return {"batchItemFailures": [{"itemIdentifier": key} for key, body in bodies.items() if body == "fail"]}

def publisher(event, context):
    records = [(r["dynamodb"]["SequenceNumber"], r["dynamodb"]["Keys"]["sk"]["S"]) for r in event["Records"]]
    invocations.append(context.aws_request_id)
    keys = [key for _, key in records]
    logger.info(json.dumps({"event": event, "keys": keys, "invocation": len(invocations)}))
    if any("raise" in key for _, key in records):
        raise ValueError("no such thing")
    return {"batchItemFailures": [{"itemIdentifier": number} for number, key in records if "fail" in key]}

def printer(event, context):
    for record in event["Records"]:
        print(record["body"])

def warner(event, context):
    warnings.warn("careful")

def teller(event, context):
    from hub.runtime import late
    print("plain text")
    logging.getLogger().warning("to the root")
    identity = boto3.client("sts").get_caller_identity()["Arn"]
    return {
        "environment": {key: value for key, value in os.environ.items() if key.startswith(("AWS_", "ORGDNS"))},
        "identity": identity,
        "late": late.NAME,
        "remaining": context.get_remaining_time_in_millis(),
        "context": [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb],
    }
"""


def package(handlers: str = HANDLERS) -> bytes:
    files = {
        "hub/__init__.py": "",
        "hub/runtime/__init__.py": "",
        "hub/runtime/contract.py": "NAME = 'packaged'",
        "hub/runtime/late.py": "NAME = 'packaged late'",
        "hub/runtime/handlers.py": dedent(handlers),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class Denials:
    """A guard that records what it checks, and denies one action."""

    def __init__(self) -> None:
        self.checked: set[tuple[str, str]] = set()
        self.denied = ""

    def check(self, role_arn: str, action: str, resource: str, context: object = None) -> None:
        del context
        assert role_arn == ROLE
        if action == self.denied:
            raise PermissionError(action)
        self.checked.add((action, resource))


class World:
    def __init__(self, clock: MovedClock) -> None:
        self.clock = clock
        self.guard = Denials()
        self.functions = Functions(clock, self.guard)
        self.sqs = boto3.client("sqs", region_name=REGION)
        self.lambda_ = boto3.client("lambda", region_name=REGION)
        self.dynamodb = boto3.client("dynamodb", region_name=REGION)
        self.iam = boto3.client("iam", region_name=REGION)
        self.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=self.trust("lambda.amazonaws.com"))

    def trust(self, service: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def function(self, handler: str) -> None:
        self.lambda_.create_function(
            FunctionName=handler,
            Role=ROLE,
            Runtime="python3.13",
            Handler=f"hub.runtime.handlers.{handler}",
            Code={"ZipFile": package()},
            Timeout=30,
            MemorySize=256,
            Environment={"Variables": {"ORGDNS_TABLE": "ledger"}},
        )
        self.functions.discover(ACCOUNT, REGION)

    def invoke(self, handler: str = "teller") -> Any:  # noqa: ANN401 - whatever the function returns
        from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - only here is the emulator's own needed

        return self.functions.invoke(lambda_backends[ACCOUNT][REGION].get_function(handler), {})

    def queue(self, **mapping: object) -> str:
        dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": f"{QUEUE[:-6]}dead", "maxReceiveCount": 2}
        attributes = {"VisibilityTimeout": "180", "RedrivePolicy": json.dumps(redrive)}
        self.url = self.sqs.create_queue(QueueName="events", Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type] # plain dicts do
        self.function("observer")
        self.mapping("observer", QUEUE, **mapping)
        return dead

    def table(self, **mapping: object) -> None:
        described = self.dynamodb.create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.stream = described["TableDescription"]["LatestStreamArn"]
        self.function("publisher")
        self.mapping("publisher", self.stream, StartingPosition="TRIM_HORIZON", **mapping)

    def mapping(self, function: str, source: str, **mapping: object) -> None:
        settings: Mapping[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"], **mapping}
        self.lambda_.create_event_source_mapping(FunctionName=function, EventSourceArn=source, **settings)

    def send(self, *bodies: str, group: str = "") -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **({"MessageGroupId": group} if group else {}))  # type: ignore[arg-type] # plain dicts do

    def put(self, *keys: str) -> None:
        for key in keys:
            self.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "name"}, "sk": {"S": key}, "n": {"N": "1"}})

    def waiting(self, url: str) -> list[str]:
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in messages.get("Messages", [])]

    def logged(self, function: str) -> list[dict[str, Any]]:
        return [line for line in self.functions.logs(function) if isinstance(line, dict)]

    def batches(self) -> list[list[str]]:
        return [line["keys"] for line in self.logged("publisher")]
