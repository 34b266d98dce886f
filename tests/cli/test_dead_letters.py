"""Dead letters as an operator finds them: read, explained, and sent again, in a process of its own and in this one."""

from __future__ import annotations

import inspect
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from rich.console import Console

from hub.runtime import contract, handlers, telemetry
from orgdns.cli.render.dead_letters import show_dead_letters
from orgdns.cli.render.documents.dead_letters import dead_letters_document
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.plan import SHOWN
from orgdns.cli.reports.dead_letters import (
    OBSERVER_LOGS,
    OBSERVER_SAYS,
    PUBLISHER_LOGS,
    PUBLISHER_SAYS,
    DeadLetters,
    Letters,
    Message,
    dead_event,
    discarded_records,
)
from orgdns.cli.sources.dead_letter_queues import LOOK_SECONDS, MOST, DeadLetterQueues
from orgdns.cli.sources.deployed import HubUnknown
from orgdns.config.load import load
from sandbox.api_server import answering
from sandbox.aws.iam.evaluation import Request, granted_actions, identity_allows
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.clock import RealClock
from sandbox.example import CONFIG, HUB, PAYMENTS
from sandbox.world import World, world
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
Client = Any  # boto3's clients are made when the program runs


# What a message says.


def test_an_event_that_failed_says_where_to_look() -> None:
    """Instance, kind and time are the event's own, and the observer's log is where its reason stands."""
    event = json.loads(STATE_EVENT)
    told = dead_event(Message("m", STATE_EVENT, received=6))
    assert told.instance is not None
    assert str(told.instance).endswith(event["detail"]["instance-id"])
    assert told.instance.account == event["account"]
    assert (told.kind, told.time, told.received) == (f"state {event['detail']['state']}", event["time"], 6)
    assert not told.undelivered
    assert OBSERVER_LOGS in told.reason
    assert dead_event(Message("m", TAG_EVENT)).kind == "tags changed"


def test_an_event_that_never_came_in_says_why() -> None:
    """What EventBridge tells is the reason, with the number of its attempts where it made any."""
    told = dead_event(Message("m", STATE_EVENT, attributes=UNDELIVERED))
    assert told.undelivered
    assert told.reason.endswith("NO_PERMISSIONS: the queue does not let it")
    assert OBSERVER_LOGS not in told.reason
    retried = dead_event(Message("m", STATE_EVENT, attributes={"ERROR_CODE": "THROTTLING", "RETRY_ATTEMPTS": "185"}))
    assert retried.reason.endswith("after 185 more attempts: THROTTLING: no message")


@pytest.mark.parametrize("body", ["", "no json", "[]", "7", "{}", '{"time": 7}', "[" * 100_000, '{"detail": []}'])
def test_what_is_no_event_is_shown_all_the_same(body: str) -> None:
    """A message that nobody can read is listed by its id, with the observer's own words on it."""
    told = dead_event(Message("m", body))
    assert (told.message_id, told.instance, told.kind, told.time) == ("m", None, "", "")
    assert "it is no event of ours" in told.reason


def test_records_that_were_given_up_are_known_by_their_place() -> None:
    """All that Lambda tells is passed on: when, how many, where in the stream, and why."""
    told = discarded_records(Message("m", json.dumps(DISCARDED)))
    assert (told.given_up_at, told.records, told.shard) == ("2026-11-02T12:00:00.000Z", 7, "shardId-00000001")
    assert (told.first_sequence_number, told.last_sequence_number) == ("100", "140")
    assert (told.first_record_at, told.last_record_at) == ("2026-11-02T10:00:00Z", "2026-11-02T10:05:00Z")
    assert told.reason.startswith("RetryAttemptsExhausted after about 101 attempts, the last one with an error")
    assert PUBLISHER_LOGS in told.reason


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"requestContext": 7, "DDBStreamBatchInfo": {"batchSize": "many", "shardId": 1}}']
)
def test_what_lambda_did_not_write_is_shown_all_the_same(body: str) -> None:
    """A message of another shape is listed, with nothing made up."""
    told = discarded_records(Message("m", body))
    assert (told.message_id, told.records, told.shard) == ("m", None, None)
    assert told.reason == "it is no message of Lambda about a stream"


def test_the_publishers_log_says_what_it_is_said_to_say() -> None:
    """The words that an operator is told to look for are those that the handlers log."""
    source = inspect.getsource(handlers) + inspect.getsource(telemetry)
    assert f'"{OBSERVER_SAYS}"' in source
    assert f'"{PUBLISHER_SAYS}"' in source


# What is shown.


def said(found: DeadLetters, *, everything: bool = False) -> str:
    text = StringIO()
    console = Console(file=text, width=80, highlight=False, markup=False, emoji=False)
    show_dead_letters(console, found, everything=everything)
    return text.getvalue()


def folded(found: DeadLetters) -> str:
    return " ".join(said(found).split())


def letters(events: Sequence[Message] = (), discarded: Sequence[Message] = (), hidden: int = 0) -> DeadLetters:
    return DeadLetters(
        tuple(map(dead_event, events)),
        tuple(map(discarded_records, discarded)),
        {Letters.EVENTS: hidden, Letters.PUBLISHER: 0},
    )


def test_nothing_is_said_to_be_nothing() -> None:
    """Empty queues are told in a line."""
    assert said(letters()) == "There are no dead letters.\n"


def test_what_only_others_see_is_not_nothing() -> None:
    """Messages that somebody else is looking at are counted, and not said to be none."""
    assert letters(hidden=3).any
    assert "orgdns-events-dead-letters: about 3 messages more" in folded(letters(hidden=3))


def test_the_way_out_is_shown_with_what_needs_it() -> None:
    """Events can be sent again; the publisher's cannot, and it is said what heals their names."""
    failed, never = letters([Message("m", STATE_EVENT)]), letters([Message("m", STATE_EVENT, attributes=UNDELIVERED)])
    assert "orgdns dead-letters --resend" in folded(failed)
    assert OBSERVER_SAYS in folded(failed)
    assert "orgdns dead-letters --resend" in folded(never)
    assert OBSERVER_SAYS not in folded(never)
    discarded = folded(letters(discarded=[Message("m", json.dumps(DISCARDED))]))
    assert "7 records of 2026-11-02T10:00:00Z to 2026-11-02T10:05:00Z" in discarded
    assert "cannot be known from here, and there is nothing to send again" in discarded
    assert "orgdns audit" in discarded
    assert "--resend" not in discarded


def test_many_are_cut_unless_asked_for() -> None:
    """The first messages are shown and the rest is counted; all of them where that is asked for."""
    many = letters([Message(f"m{number}", STATE_EVENT) for number in range(SHOWN + 3)])
    assert said(many).count("times received") == SHOWN
    assert "3 more: --all shows them" in said(many)
    assert said(many, everything=True).count("times received") == SHOWN + 3


def test_a_strangers_text_is_shown_safely() -> None:
    """Markup, control characters and a change of direction are shown for what they are, and escaped in JSON."""
    body = json.dumps(DISCARDED | {"timestamp": HOSTILE})
    found = letters(
        [Message("m", STATE_EVENT, attributes={"ERROR_CODE": HOSTILE, "ERROR_MESSAGE": HOSTILE})], [Message("m", body)]
    )
    assert all(character.isprintable() or character == "\n" for character in said(found, everything=True))
    assert "[red]x[/]\\x1b[31m\\u202e" in said(found)
    assert to_json(dead_letters_document(found, 0, left=True)).isascii()


# How the queues are read, call by call.


@pytest.fixture
def stubbed() -> Iterator[tuple[Client, Stubber]]:
    client = boto3.client("sqs", region_name=REGION, aws_access_key_id="key", aws_secret_access_key="secret")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


URL = {letters: f"https://sqs.{REGION}.amazonaws.com/{HUB}/{letters.queue}" for letters in Letters}
TARGET = f"https://sqs.{REGION}.amazonaws.com/{HUB}/{contract.EVENTS_QUEUE}"


def located(stub: Stubber, queue: str, url: str) -> None:
    stub.add_response("get_queue_url", {"QueueUrl": url}, {"QueueName": queue})


def counted(stub: Stubber, url: str, hidden: int = 0) -> None:
    name = "ApproximateNumberOfMessagesNotVisible"
    stub.add_response(
        "get_queue_attributes", {"Attributes": {name: str(hidden)}}, {"QueueUrl": url, "AttributeNames": [name]}
    )


def received(stub: Stubber, url: str, *ids: str, look: int = 1) -> None:
    asked = {
        "QueueUrl": url,
        "MaxNumberOfMessages": MOST,
        "VisibilityTimeout": LOOK_SECONDS,
        "WaitTimeSeconds": 1,
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        "MessageAttributeNames": ["All"],
    }
    messages = [
        {
            "MessageId": one,
            "ReceiptHandle": f"{one}-{look}",
            "Body": STATE_EVENT,
            "Attributes": {"ApproximateReceiveCount": "6"},
        }
        for one in ids
    ]
    stub.add_response("receive_message", {"Messages": messages} if messages else {}, asked)


def given_back(stub: Stubber, url: str, *handles: str) -> None:
    entries = [
        {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0} for number, handle in enumerate(handles)
    ]
    answer: dict[str, Any] = {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}
    stub.add_response("change_message_visibility_batch", answer, {"QueueUrl": url, "Entries": entries})


def sent(stub: Stubber) -> None:
    stub.add_response("send_message", {"MessageId": "new"}, {"QueueUrl": TARGET, "MessageBody": STATE_EVENT})


def deleted(stub: Stubber, handle: str) -> None:
    stub.add_response("delete_message", {}, {"QueueUrl": URL[Letters.EVENTS], "ReceiptHandle": handle})


def test_a_queue_is_read_to_its_end_and_given_back(stubbed: tuple[Client, Stubber]) -> None:
    """Each message is listed once, the newest receipt handle gives it back, ten at a time, and nothing is deleted."""
    client, stub = stubbed
    url = URL[Letters.EVENTS]
    located(stub, Letters.EVENTS.queue, url)
    counted(stub, url, 4)
    first = [f"m{number}" for number in range(10)]
    received(stub, url, *first)
    received(stub, url, "m0", "n0", look=2)
    received(stub, url)
    given_back(stub, url, "m0-2", *(f"{one}-1" for one in first[1:]))
    given_back(stub, url, "n0-2")
    found = DeadLetterQueues(client).found([Letters.EVENTS])
    assert sorted(one.message_id for one in found.events) == sorted([*first, "n0"])
    assert {one.received for one in found.events} == {6}
    assert found.hidden == {Letters.EVENTS: 4}


def test_reading_ends_when_messages_come_round_again(stubbed: tuple[Client, Stubber]) -> None:
    """A queue so full that what was read is visible again before its end is not read for ever."""
    client, stub = stubbed
    url = URL[Letters.PUBLISHER]
    located(stub, Letters.PUBLISHER.queue, url)
    counted(stub, url)
    received(stub, url, "m1", "m2")
    received(stub, url, "m2", "m1", look=2)
    given_back(stub, url, "m1-1", "m2-1")
    assert len(DeadLetterQueues(client).found([Letters.PUBLISHER]).discarded_records) == 2


def test_what_was_read_is_given_back_when_reading_fails(stubbed: tuple[Client, Stubber]) -> None:
    """A read that fails hides nothing from others, and is no short answer."""
    client, stub = stubbed
    url = URL[Letters.EVENTS]
    located(stub, Letters.EVENTS.queue, url)
    counted(stub, url)
    received(stub, url, "m1")
    stub.add_client_error("receive_message", "RequestThrottled", "slowly")
    given_back(stub, url, "m1-1")
    with pytest.raises(HubUnknown, match=r"docs/operate.md says under Dead letters.*slowly"):
        DeadLetterQueues(client).found([Letters.EVENTS])


def test_an_event_is_deleted_after_it_was_taken(stubbed: tuple[Client, Stubber]) -> None:
    """First sent, then deleted, one by one; what came after the operator looked is given back."""
    client, stub = stubbed
    url = URL[Letters.EVENTS]
    located(stub, contract.EVENTS_QUEUE, TARGET)
    located(stub, Letters.EVENTS.queue, url)
    received(stub, url, "m1", "later", "m2")
    for handle in ("m1-1", "m2-1"):
        sent(stub)
        deleted(stub, handle)
    given_back(stub, url, "later-1")
    assert DeadLetterQueues(client).resend(["m1", "m2"]) == 2


def test_an_event_that_is_not_taken_stays(stubbed: tuple[Client, Stubber]) -> None:
    """Where the observer's queue refuses, nothing is deleted, all is given back, and it is told how far it came."""
    client, stub = stubbed
    url = URL[Letters.EVENTS]
    located(stub, contract.EVENTS_QUEUE, TARGET)
    located(stub, Letters.EVENTS.queue, url)
    received(stub, url, "m1", "m2", "m3")
    sent(stub)
    deleted(stub, "m1-1")
    stub.add_client_error("send_message", "AccessDenied", "you may not")
    given_back(stub, url, "m2-1", "m3-1")
    with pytest.raises(HubUnknown, match=r"queue orgdns-events cannot.*you may not.*\(1 of 3 events"):
        DeadLetterQueues(client).resend(["m1", "m2", "m3"])


def test_an_event_that_went_meanwhile_is_not_counted(stubbed: tuple[Client, Stubber]) -> None:
    """What somebody else took is neither sent nor waited for."""
    client, stub = stubbed
    url = URL[Letters.EVENTS]
    located(stub, contract.EVENTS_QUEUE, TARGET)
    located(stub, Letters.EVENTS.queue, url)
    received(stub, url, "m1")
    sent(stub)
    deleted(stub, "m1-1")
    received(stub, url)
    assert DeadLetterQueues(client).resend(["m1", "gone"]) == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", "no queue orgdns-events-dead-letters in eu-central-1.*AWS_REGION"),
        ("QueueDoesNotExist", "no queue orgdns-events-dead-letters in eu-central-1.*AWS_PROFILE"),
        ("InvalidClientTokenId", r"credentials \(AWS_PROFILE\) are valid"),
    ],
)
def test_queues_that_cannot_be_used_are_told(stubbed: tuple[Client, Stubber], code: str, told: str) -> None:
    """The message says what to do, and what AWS said."""
    client, stub = stubbed
    stub.add_client_error("get_queue_url", code, "as AWS puts it")
    with pytest.raises(HubUnknown, match=told) as unknown:
        DeadLetterQueues(client).found([Letters.EVENTS])
    assert "as AWS puts it" in str(unknown.value)


# The command, in the simulated organization, whose time is the machine's: who waits for messages must see it pass.


@pytest.fixture(scope="module")
def organization() -> Iterator[World]:
    with world(load(CONFIG), RealClock()) as one:
        yield one


@dataclass(frozen=True, slots=True)
class Command:
    """`orgdns dead-letters`, with the hub's credentials."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, code: int, typed: str = "") -> subprocess.CompletedProcess[str]:
        end = subprocess.run(  # noqa: S603 - our own command
            [ROOT / "bin" / "orgdns", "dead-letters", *arguments],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert end.returncode == code, (end.stdout, end.stderr)
        assert "Traceback" not in end.stderr
        return end

    def json(self, *arguments: str, code: int) -> dict[str, Any]:
        end = self(*arguments, "--json", code=code)
        assert end.stderr == ""
        document: dict[str, Any] = json.loads(end.stdout)
        return document


@pytest.fixture(scope="module")
def command(organization: World) -> Iterator[Command]:
    failures: list[str] = []
    key_id, secret = organization.access_key(HUB)
    with socket.create_server((LOOPBACK, 0)) as listener, answering(listener, threading.Lock(), failures.append):
        yield Command(
            {
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{listener.getsockname()[1]}",
                "AWS_ACCESS_KEY_ID": key_id,
                "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        )
    assert failures == []


@pytest.fixture
def emptied(organization: World) -> Iterator[World]:
    """The organization, whose queues are empty before and after."""
    queues = (contract.EVENTS_QUEUE, contract.EVENTS_DEAD_LETTER_QUEUE, contract.PUBLISHER_DEAD_LETTER_QUEUE)
    assert [organization.waiting(queue) for queue in queues] == [0, 0, 0]
    yield organization
    # The observer drops what is no event of this organization.
    organization.converge()
    for queue in queues:
        url = url_of(organization, queue)
        for message in sqs(organization).receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            sqs(organization).delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def sqs(made: World) -> Client:
    return made.client("sqs", HUB)


def url_of(made: World, queue: str) -> str:
    url: str = sqs(made).get_queue_url(QueueName=queue)["QueueUrl"]
    return url


def attributes_of(made: World, *names: str) -> dict[str, str]:
    queue = url_of(made, contract.EVENTS_QUEUE)
    attributes: dict[str, str] = sqs(made).get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return attributes


def set_attributes(made: World, attributes: dict[str, str]) -> None:
    sqs(made).set_queue_attributes(QueueUrl=url_of(made, contract.EVENTS_QUEUE), Attributes=attributes)


def put(made: World, which: Letters, body: str) -> None:
    sqs(made).send_message(QueueUrl=url_of(made, which.queue), MessageBody=body)


def test_there_are_none(emptied: World, command: Command) -> None:
    """Empty queues are exit code 0, and sending again is nothing then."""
    assert emptied.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
    assert command(code=0).stdout == "There are no dead letters.\n"
    told = command.json("--resend", code=0)
    assert told == {
        "dead_letters": False, "events": [], "publisher": [], "sweeps": [], "associations": [],
        "hidden": {"events": 0, "publisher": 0, "sweeps": 0, "associations": 0}, "sent_again": 0,
    }  # fmt: skip


def test_an_event_that_failed_is_found_and_sent_again(emptied: World, command: Command) -> None:
    """An event that the observer failed on is listed; sent again once the reason is mended, it brings the names."""
    made = emptied
    # The emulator drops a queue's policy when other attributes are set without it.
    before = attributes_of(made, "VisibilityTimeout", "Policy")
    # Five attempts at once, and not over 45 minutes.
    set_attributes(made, before | {"VisibilityTimeout": "0"})
    iam = made.client("iam", PAYMENTS)
    policies = iam.list_role_policies(RoleName=contract.READER_ROLE)["PolicyNames"]
    kept = {name: iam.get_role_policy(RoleName=contract.READER_ROLE, PolicyName=name) for name in policies}
    for name in kept:
        iam.delete_role_policy(RoleName=contract.READER_ROLE, PolicyName=name)
    (instance,) = made.launch(PAYMENTS, REGION, "buried")
    made.converge()
    ref = f"{PAYMENTS}/{REGION}/{instance}"

    told = command.json(code=2)
    assert {one["instance"] for one in told["events"]} == {ref}
    assert "state running" in {one["kind"] for one in told["events"]}
    assert all(one["received"] > 5 and not one["undelivered"] for one in told["events"])
    assert ref in {line["instance"] for line in made.logged(contract.OBSERVER_FUNCTION, OBSERVER_SAYS)}
    # Whoever looks next sees the same, at once.
    assert [one["message_id"] for one in command.json(code=2)["events"]] == [
        one["message_id"] for one in told["events"]
    ]
    text = command("--queue", "events", code=2).stdout
    assert ref in text
    assert f"see {OBSERVER_LOGS}" in " ".join(text.split())

    for name, policy in kept.items():
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=contract.READER_ROLE, PolicyName=name, PolicyDocument=document)
    made.guard.denied.clear()
    set_attributes(made, before)
    number = len(told["events"])
    assert f"observer's queue again: {number} of {number}." in command("--resend", "--yes", code=0).stdout
    assert made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
    assert made.waiting(contract.EVENTS_QUEUE) == number
    made.converge()
    assert f"buried.{REGION}.payments.corp.internal." in [name for name, _, _, _ in made.owners("corp.internal")]


def test_an_event_that_never_came_in_tells_eventbridges_reason(emptied: World, command: Command) -> None:
    """Where EventBridge is not let into the queue, the event has EventBridge's own words, and can be sent again."""
    made = emptied
    policy = attributes_of(made, "Policy")
    set_attributes(made, {"Policy": ""})
    (instance,) = made.launch(PAYMENTS, REGION, "shut-out")
    set_attributes(made, policy)
    told = command.json(code=2)["events"]
    assert {(one["instance"], one["undelivered"]) for one in told} == {(f"{PAYMENTS}/{REGION}/{instance}", True)}
    assert all("NO_PERMISSIONS" in one["reason"] for one in told)
    assert command.json("--resend", "--yes", "--queue", "events", code=0)["sent_again"] == len(told)
    made.converge()
    assert f"shut-out.{REGION}.payments.corp.internal." in [name for name, _, _, _ in made.owners("corp.internal")]


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_nothing_is_sent_without_consent(emptied: World, command: Command, typed: str) -> None:
    """Whoever says no, nothing, or cannot be asked, sends nothing."""
    put(emptied, Letters.EVENTS, STATE_EVENT)
    end = command("--resend", code=2, typed=typed)
    assert "Send the events (1)" in end.stderr
    assert "Nothing was sent." in end.stdout
    assert emptied.waiting(contract.EVENTS_QUEUE) == 0
    assert emptied.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 1


def test_a_person_agrees(emptied: World, command: Command) -> None:
    """A yes sends what was shown."""
    put(emptied, Letters.EVENTS, "no event")
    assert "again: 1 of 1." in command("--resend", code=0, typed="y\n").stdout
    assert emptied.waiting(contract.EVENTS_QUEUE) == 1
    # It never can succeed: the observer drops it, and it does not come back.
    emptied.converge()
    assert emptied.waiting(contract.EVENTS_QUEUE) == emptied.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0


def test_the_publishers_cannot_be_sent_again(emptied: World, command: Command) -> None:
    """Nobody is asked, nothing is moved, and it is said why and what heals; events beside them do go."""
    put(emptied, Letters.PUBLISHER, json.dumps(DISCARDED))
    end = command("--queue", "publisher", "--resend", code=2)
    assert "cannot be sent again" in end.stdout
    assert end.stderr == ""
    put(emptied, Letters.EVENTS, STATE_EVENT)
    told = command.json("--resend", "--yes", code=2)
    assert (told["dead_letters"], told["sent_again"], len(told["publisher"])) == (True, 1, 1)
    assert told["publisher"][0]["records"] == 7
    assert emptied.waiting(contract.PUBLISHER_DEAD_LETTER_QUEUE) == 1
    assert command.json("--queue", "events", code=0)["hidden"] == {"events": 0}


def test_what_somebody_else_looks_at_is_not_none(emptied: World, command: Command) -> None:
    """A message that is hidden right now is exit code 2, and nothing is sent of it."""
    put(emptied, Letters.EVENTS, STATE_EVENT)
    url = url_of(emptied, Letters.EVENTS.queue)
    (held,) = sqs(emptied).receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    told = command.json("--queue", "events", "--resend", "--yes", code=2)
    assert (told["dead_letters"], told["events"], told["hidden"], told["sent_again"]) == (True, [], {"events": 1}, 0)
    sqs(emptied).change_message_visibility(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"], VisibilityTimeout=0)


def test_a_wrong_place_is_told(command: Command) -> None:
    """No region, no queue there, no such endpoint: a line on stderr and exit code 1, never that there are none."""
    no_file = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for environment, told in (
        ({"AWS_REGION": "us-east-1"}, "no queue orgdns-events-dead-letters in us-east-1"),
        (no_file | {"AWS_REGION": ""}, "no region is set"),
        ({"AWS_ENDPOINT_URL": "none"}, "AWS_ENDPOINT_URL"),
        ({"AWS_PROFILE": "nobody"}, "profile (nobody) could not be found"),
    ):
        end = replace(command, environment=command.environment | environment)(code=1)
        assert end.stdout == ""
        assert told in end.stderr
        assert len(end.stderr.splitlines()) == 1


# What an operator needs for it.


def documented_statements() -> list[dict[str, Any]]:
    """The statements that the documentation gives for dead letters, for the simulated hub."""
    document = (ROOT / "docs" / "operate.md").read_text()
    section = document.split("## Dead letters")[1].split("\n## ")[0]
    (block,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    statements: list[dict[str, Any]] = json.loads(block.replace("REGION", REGION).replace("HUB_ACCOUNT", HUB))
    return statements


def test_the_documented_statements_are_what_is_called(emptied: World) -> None:
    """Each call is allowed on its queue, none is granted in vain, and only sending again may delete and send.

    A batch of changes of visibility needs ChangeMessageVisibility, as a single one ("Actions, resources, and condition
    keys for Amazon SQS", https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html).
    """
    for which in Letters:
        put(emptied, which, STATE_EVENT)
    key_id, secret = emptied.access_key(HUB)
    client: Client = boto3.client(
        "sqs",
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
    calls: set[tuple[str, str]] = set()

    def note(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own type
        queue = params.get("QueueName") or params["QueueUrl"].rpartition("/")[2]
        calls.add((f"sqs:{model.name.removesuffix('Batch')}", f"arn:aws:sqs:{REGION}:{HUB}:{queue}"))

    client.meta.events.register("provide-client-params.sqs", lambda params, model, **_: note(params, model))
    queues = DeadLetterQueues(client)
    found = queues.found(tuple(Letters))
    looked = set(calls)
    assert queues.resend([one.message_id for one in found.events]) == 1
    document = {"Version": "2012-10-17", "Statement": documented_statements()}
    operator = f"arn:aws:iam::{HUB}:role/operator"
    for action, resource in calls:
        assert identity_allows([document], Request(operator, HUB, action, resource)), (action, resource)
    assert granted_actions([document]) == {action for action, _ in calls}
    assert not {action for action, _ in looked} & {"sqs:DeleteMessage", "sqs:SendMessage"}
    looking = {**document, "Statement": documented_statements()[:1]}
    assert granted_actions([looking]) == {action for action, _ in looked}
