from __future__ import annotations

import io
import json
import logging
import os
import sys
import zipfile
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

import hub.runtime.contract as own_contract
from sandbox.aws.functions.environment import RoleNotAssumable
from sandbox.aws.functions.service import Functions, Killed, own_event_sources
from sandbox.clock import MovedClock, moved_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:events"

# `seen` stands for what a module keeps between invocations; a message's body tells the handler what to do with it.
HANDLERS = """
import json, logging, os, sys, time, warnings
import boto3
from hub.runtime import contract

logger = logging.getLogger("worker")
logger.addHandler(logging.StreamHandler(sys.stdout))
logger.setLevel(logging.INFO)
seen = []

def observer(event, context):
    seen.append(context.aws_request_id)
    logger.info(json.dumps({"event": event, "invocation": len(seen), "name": contract.NAME}))
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
    logger.info(json.dumps({"event": event, "keys": [key for _, key in records]}))
    if any("raise" in key for _, key in records):
        raise ValueError("no such thing")
    return {"batchItemFailures": [{"itemIdentifier": number} for number, key in records if "fail" in key]}

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
    """A guard that notes what is checked, and denies one action."""

    def __init__(self) -> None:
        self.checked: set[tuple[str, str]] = set()
        self.denied = ""

    def check(self, role_arn: str, action: str, resource: str, context: None = None) -> None:
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

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def put(self, *keys: str) -> None:
        for key in keys:
            self.dynamodb.put_item(TableName="ledger", Item={"pk": {"S": "name"}, "sk": {"S": key}, "n": {"N": "1"}})

    def waiting(self, url: str) -> list[str]:
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in messages.get("Messages", [])]

    def told(self, function: str) -> list[dict[str, Any]]:
        return [line for line in self.functions.logs(function) if isinstance(line, dict)]

    def batches(self) -> list[list[str]]:
        return [line["keys"] for line in self.told("publisher")]


@pytest.fixture
def world() -> Iterator[World]:
    with moved_clock() as clock, mock_aws(), own_event_sources():
        yield World(clock)


def test_a_function_runs_the_package_and_leaves_this_process_as_it_was(world: World) -> None:
    """Imports inside the function find the package, late ones too, and ours are the same objects afterwards."""
    before = (dict(os.environ), list(sys.path), sys.stdout, boto3.DEFAULT_SESSION, list(logging.root.handlers))
    world.function("teller")
    outcome = world.invoke()
    assert (outcome.error, outcome.response["late"]) == (None, "packaged late")
    assert sys.modules["hub.runtime.contract"] is own_contract
    assert "hub.runtime.late" not in sys.modules
    assert "worker" not in logging.Logger.manager.loggerDict
    after = (dict(os.environ), list(sys.path), sys.stdout, boto3.DEFAULT_SESSION, list(logging.root.handlers))
    assert after == before


def test_a_function_sees_its_own_environment_and_role(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables and credentials are those of the deployed function, and none is this machine's."""
    monkeypatch.setenv("AWS_PROFILE", "mine")
    world.function("teller")
    told = world.invoke().response
    environment = told["environment"]
    assert told["identity"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/teller"
    assert environment["ORGDNS_TABLE"] == "ledger"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "teller"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert "AWS_PROFILE" not in environment
    assert told["context"] == ["teller", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:teller", "256"]
    assert told["remaining"] == 30_000


def test_what_a_function_writes_is_its_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output and the root logger end in the function's log, in every invocation, and not on the console."""
    world.function("teller")
    world.invoke()
    world.invoke()
    assert world.functions.logs("teller") == ["plain text", "[WARNING]\tto the root"] * 2
    assert capsys.readouterr() == ("", "")


def test_a_functions_warnings_are_its_own(world: World) -> None:
    """A warning is a line of the log, however strictly this process takes its own."""
    world.function("warner")
    assert world.invoke("warner").error is None
    assert any("UserWarning: careful" in line for line in world.functions.logs("warner"))


def test_a_role_that_does_not_trust_lambda_runs_nothing(world: World) -> None:
    """The function's role is assumed as its trust policy allows, or not at all."""
    world.iam.update_assume_role_policy(RoleName="worker", PolicyDocument=world.trust("ec2.amazonaws.com"))
    world.function("teller")
    with pytest.raises(RoleNotAssumable):
        world.invoke()


def test_a_warm_environment_keeps_its_modules_until_a_cold_start(world: World) -> None:
    """A second invocation finds what the first left, a cold start and an update do not."""
    world.queue()
    for _ in range(2):
        world.send("one")
        world.functions.converge()
    world.functions.cold_start("observer")
    world.send("one")
    world.functions.converge()
    world.lambda_.update_function_configuration(FunctionName="observer", Environment={"Variables": {"NEW": "1"}})
    world.send("one")
    world.functions.converge()
    assert [line["invocation"] for line in world.told("observer")] == [1, 2, 1, 1]
    assert {line["name"] for line in world.told("observer")} == {"packaged"}


def test_a_message_arrives_as_lambda_documents_it(world: World) -> None:
    """The record of a message has the fields of AWS's sample event, counts and times as text."""
    world.queue()
    attribute = {"RULE": {"DataType": "String", "StringValue": "r"}}
    world.sqs.send_message(QueueUrl=world.url, MessageBody="one", MessageAttributes=attribute)  # type: ignore[arg-type] # plain dicts do
    assert world.functions.converge() == 1
    (record,) = world.told("observer")[0]["event"]["Records"]
    assert record.pop("messageId")
    assert record.pop("receiptHandle")
    assert record.pop("md5OfMessageAttributes")
    assert record["attributes"].pop("SenderId")
    assert record == {
        "body": "one",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1793610000000",
            "ApproximateFirstReceiveTimestamp": "1793610000000",
        },
        "messageAttributes": {
            "RULE": {"stringValue": "r", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfBody": "f97c5d29941bfb1b2fdab0874906ab82",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": REGION,
    }


def test_only_what_failed_comes_again_and_then_to_the_dead_letters(world: World) -> None:
    """Successes are deleted at once; a failure is visible after its timeout, until it was received often enough."""
    dead = world.queue()
    world.send("good", "fail", "good")
    assert world.functions.converge() == 3
    assert world.functions.converge() == 0
    world.clock.advance(179)
    assert world.functions.converge() == 0
    world.clock.advance(2)
    assert world.functions.converge() == 1
    (record,) = world.told("observer")[-1]["event"]["Records"]
    assert (record["body"], record["attributes"]["ApproximateReceiveCount"]) == ("fail", "2")
    world.clock.advance(181)
    assert world.functions.converge() == 0
    assert world.waiting(dead) == ["fail"]


@pytest.mark.parametrize("body", ["raise", "malformed", "linger"])
def test_an_error_a_bad_response_and_a_timeout_fail_the_whole_batch(world: World, body: str) -> None:
    """Without a proper report no message of the batch is deleted."""
    world.queue()
    world.send("good", body)
    world.functions.converge()
    assert world.waiting(world.url) == []
    world.clock.advance(181)
    assert sorted(world.waiting(world.url)) == sorted(["good", body])


def test_without_the_report_switched_on_only_an_error_fails(world: World) -> None:
    """A mapping without ReportBatchItemFailures takes any response for success."""
    world.queue(FunctionResponseTypes=[])
    world.send("fail")
    world.functions.converge()
    world.clock.advance(181)
    assert world.waiting(world.url) == []


def test_batches_are_no_larger_than_the_mapping_says(world: World) -> None:
    """Seven messages in batches of three are three invocations."""
    world.queue(BatchSize=3)
    world.send(*["one"] * 7)
    assert world.functions.converge() == 7
    assert [len(line["event"]["Records"]) for line in world.told("observer")] == [3, 3, 1]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_around_an_invocation_loses_its_environment(world: World, moment: str) -> None:
    """The batch comes again after its timeout, to a new environment, whether its work was done or not."""
    world.queue()
    ends = [moment]

    def interrupt(function: str, at: str) -> None:
        assert function == "observer"
        if at in ends:
            ends.clear()
            raise Killed

    world.functions.interrupt = interrupt
    world.send("one")
    world.functions.converge()
    world.clock.advance(181)
    world.functions.converge()
    assert [line["invocation"] for line in world.told("observer")] == ([1] if moment == "before" else [1, 1])
    assert world.waiting(world.url) == []


def test_a_stream_record_arrives_as_lambda_documents_it(world: World) -> None:
    """The record of a change has the fields of AWS's sample event, in the table's own region."""
    world.table()
    world.put("claim#1")
    world.dynamodb.delete_item(TableName="ledger", Key={"pk": {"S": "name"}, "sk": {"S": "claim#1"}})
    world.functions.converge()
    inserted, removed = world.told("publisher")[0]["event"]["Records"]
    assert inserted.pop("eventID") != removed["eventID"]
    assert inserted["dynamodb"].pop("SizeBytes") > 0
    assert int(inserted["dynamodb"].pop("SequenceNumber")) < int(removed["dynamodb"]["SequenceNumber"])
    assert inserted == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 1793610000,
            "Keys": {"pk": {"S": "name"}, "sk": {"S": "claim#1"}},
            "NewImage": {"pk": {"S": "name"}, "sk": {"S": "claim#1"}, "n": {"N": "1"}},
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": world.stream,
    }
    assert removed["eventName"] == "REMOVE"
    assert removed["dynamodb"]["OldImage"]["n"] == {"N": "1"}


def test_a_filter_keeps_other_records_from_the_function(world: World) -> None:
    """Records that no pattern matches are passed over, and do not fill a batch."""
    pattern = json.dumps({"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "claim#"}]}}}})
    world.table(FilterCriteria={"Filters": [{"Pattern": pattern}]}, BatchSize=2)
    world.put("published", "claim#1", "history#1", "claim#2", "claim#3", "published")
    world.functions.converge()
    assert world.batches() == [["claim#1", "claim#2"], ["claim#3"]]


def test_a_stream_is_read_again_from_the_lowest_failure_and_in_order(world: World) -> None:
    """What came before the failure is done, what comes after the batch waits, and a retry waits its time."""
    world.table(BatchSize=3)
    world.put("a", "b-fail", "c-fail", "d")
    world.functions.converge()
    world.clock.advance(1)
    world.functions.converge()
    assert world.batches() == [["a", "b-fail", "c-fail"], ["b-fail", "c-fail"]]


def test_a_batch_is_halved_until_the_bad_record_stands_alone_and_is_given_up(world: World) -> None:
    """With bisection one bad record goes to the destination by itself, and all others succeed."""
    url = world.sqs.create_queue(QueueName="discarded")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:discarded"}}
    world.table(BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig=destination)
    world.put("a", "b", "c-raise", "d")
    for _ in range(3):
        world.functions.converge()
        world.clock.advance(60)
    assert world.batches() == [
        ["a", "b", "c-raise", "d"],
        ["a", "b"],
        ["c-raise", "d"],
        ["c-raise"],
        ["c-raise"],
        ["d"],
    ]
    (body,) = world.waiting(url)
    letter = json.loads(body)
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["requestContext"]["approximateInvokeCount"] == 2
    assert letter["responseContext"]["functionError"] == "Unhandled"
    batch = letter["DDBStreamBatchInfo"]
    assert (batch["batchSize"], batch["streamArn"]) == (1, world.stream)
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"]


def test_records_older_than_a_day_are_gone(world: World) -> None:
    """What nobody read within 24 hours is not in the stream any more."""
    world.table()
    world.put("old")
    world.clock.advance(24 * 3600)
    world.put("new")
    world.functions.converge()
    assert world.batches() == [["new"]]


def test_a_rolled_back_transaction_neither_repeats_nor_loses_records(world: World) -> None:
    """The table may be another object after a failed transaction, and the reading goes on where it was."""
    world.table()
    world.put("a")
    world.functions.converge()
    condition = {"Key": {"pk": {"S": "x"}, "sk": {"S": "y"}}, "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(world.dynamodb.exceptions.TransactionCanceledException):
        world.dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "ledger", "Item": {"pk": {"S": "name"}, "sk": {"S": "rolled"}}}},
                {"ConditionCheck": {"TableName": "ledger", **condition}},  # type: ignore[typeddict-item] # as above
            ]
        )
    world.put("b")
    world.functions.converge()
    assert world.batches() == [["a"], ["b"]]


def test_a_loop_that_never_settles_is_told(world: World) -> None:
    """Settling gives up with an error rather than for ever."""
    world.queue(BatchSize=1)
    world.send("one", "two", "three")
    with pytest.raises(RuntimeError, match="not settled after 2 rounds"):
        world.functions.converge(limit=2)


def test_pollers_and_logs_need_the_functions_role(world: World) -> None:
    """Every action of the service in the function's name is put to the guard, and a denied one stops it."""
    world.queue()
    world.table()
    world.send("one")
    world.put("a")
    world.functions.converge()
    assert {action for action, _ in world.guard.checked} == {
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "dynamodb:DescribeStream",
        "dynamodb:GetShardIterator",
        "dynamodb:GetRecords",
        "dynamodb:ListStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert ("sqs:ReceiveMessage", QUEUE) in world.guard.checked
    assert ("dynamodb:GetRecords", world.stream) in world.guard.checked
    world.guard.denied = "sqs:ReceiveMessage"
    with pytest.raises(PermissionError):
        world.functions.poll()


def test_a_disabled_mapping_is_not_polled(world: World) -> None:
    """Messages for a disabled mapping wait."""
    world.queue(Enabled=False)
    world.send("one")
    assert world.functions.converge() == 0
    assert world.waiting(world.url) == ["one"]
