"""`orgdns dead-letters` in the simulated organization, whose time is the machine's: waiting for messages takes time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.installation import log_group
from orgdns.cli.reports.dead_letters import (
    OBSERVER_LOG_MESSAGE,
    DeadLetterQueue,
)
from orgdns.cli.sources.dead_letter_queues import DeadLetterQueues
from orgdns.config.load import load
from sandbox.aws.iam.evaluation import Request, granted_actions, identity_allows
from sandbox.clock import RealClock
from sandbox.example import CONFIG, HUB, PAYMENTS
from sandbox.world import World, world
from tests.support.build import ROOT
from tests.support.cli.command import REGION, Command, command_in
from tests.support.cli.dead_letters import DISCARDED, STATE_EVENT

Client = Any  # boto3's clients are made when the program runs


@pytest.fixture(scope="module")
def organization() -> Iterator[World]:
    with world(load(CONFIG), RealClock()) as made:
        yield made


@pytest.fixture(scope="module")
def command(organization: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(organization, tmp_path_factory.mktemp("elsewhere")) as command:
        yield replace(command, subcommand=("dead-letters",))


@pytest.fixture
def emptied(organization: World) -> Iterator[World]:
    """The organization, with empty queues before and after the test."""
    queues = (NAMES.events_queue, NAMES.events_dead_letter_queue, NAMES.publisher_dead_letter_queue)
    assert [organization.waiting(queue) for queue in queues] == [0, 0, 0]
    yield organization
    # The observer drops events from outside the organization.
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
    queue = url_of(made, NAMES.events_queue)
    attributes: dict[str, str] = sqs(made).get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return attributes


def set_attributes(made: World, attributes: dict[str, str]) -> None:
    sqs(made).set_queue_attributes(QueueUrl=url_of(made, NAMES.events_queue), Attributes=attributes)


def put(made: World, queue: DeadLetterQueue, body: str) -> None:
    sqs(made).send_message(QueueUrl=url_of(made, queue.queue(NAMES)), MessageBody=body)


def test_empty_queues(emptied: World, command: Command) -> None:
    """The exit code is 0, and there is nothing to send again."""
    assert emptied.waiting(NAMES.events_dead_letter_queue) == 0
    assert command(code=0).stdout == "There are no dead letters.\n"
    document = command.json("--resend", code=0)
    assert document == {
        "dead_letters": False, "events": [], "publisher": [], "backlog": [], "sweeps": [], "associations": [],
        "reports": [],
        "hidden": {"events": 0, "publisher": 0, "backlog": 0, "sweeps": 0, "associations": 0}, "resent": 0,
    }  # fmt: skip


def test_failed_event_is_listed_and_sent_again(emptied: World, command: Command) -> None:
    """Sent again after its cause is fixed, an event that the observer failed on gives the instance its names."""
    made = emptied
    # The emulator drops a queue's policy when other attributes are set without it.
    before = attributes_of(made, "VisibilityTimeout", "Policy")
    # Five attempts at once, and not over 45 minutes.
    set_attributes(made, before | {"VisibilityTimeout": "0"})
    iam = made.client("iam", PAYMENTS)
    policies = iam.list_role_policies(RoleName=NAMES.reader_role)["PolicyNames"]
    kept = {name: iam.get_role_policy(RoleName=NAMES.reader_role, PolicyName=name) for name in policies}
    for name in kept:
        iam.delete_role_policy(RoleName=NAMES.reader_role, PolicyName=name)
    (instance,) = made.launch(PAYMENTS, REGION, "buried")
    made.converge()
    ref = f"{PAYMENTS}/{REGION}/{instance}"

    document = command.json(code=2)
    assert {event["instance"] for event in document["events"]} == {ref}
    assert "state running" in {event["kind"] for event in document["events"]}
    assert all(event["received"] > 5 and not event["undelivered"] for event in document["events"])
    assert ref in {line["instance"] for line in made.logged(NAMES.observer_function, OBSERVER_LOG_MESSAGE)}
    # The next reader sees the same at once.
    assert [event["message_id"] for event in command.json(code=2)["events"]] == [
        event["message_id"] for event in document["events"]
    ]
    text = command("--queue", "events", code=2).stdout
    assert ref in text
    assert f"see {log_group(NAMES.observer_function)}" in " ".join(text.split())

    for name, policy in kept.items():
        text = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=NAMES.reader_role, PolicyName=name, PolicyDocument=text)
    made.guard.denied.clear()
    set_attributes(made, before)
    number = len(document["events"])
    assert f"observer's queue again: {number} of {number}." in command("--resend", "--yes", code=0).stdout
    assert made.waiting(NAMES.events_dead_letter_queue) == 0
    assert made.waiting(NAMES.events_queue) == number
    made.converge()
    assert f"buried.{REGION}.payments.corp.internal." in [name for name, _, _, _ in made.owners("corp.internal")]


def test_undelivered_event_has_eventbridges_reason(emptied: World, command: Command) -> None:
    """If EventBridge cannot write to the queue, the event has its reason and can be sent again."""
    made = emptied
    policy = attributes_of(made, "Policy")
    set_attributes(made, {"Policy": ""})
    (instance,) = made.launch(PAYMENTS, REGION, "shut-out")
    set_attributes(made, policy)
    events = command.json(code=2)["events"]
    assert {(event["instance"], event["undelivered"]) for event in events} == {
        (f"{PAYMENTS}/{REGION}/{instance}", True)
    }
    assert all("NO_PERMISSIONS" in event["reason"] for event in events)
    assert command.json("--resend", "--yes", "--queue", "events", code=0)["resent"] == len(events)
    made.converge()
    assert f"shut-out.{REGION}.payments.corp.internal." in [name for name, _, _, _ in made.owners("corp.internal")]


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_nothing_is_sent_without_confirmation(emptied: World, command: Command, typed: str) -> None:
    """No answer, a negative answer or no terminal sends nothing."""
    put(emptied, DeadLetterQueue.EVENTS, STATE_EVENT)
    end = command("--resend", code=2, typed=typed)
    assert "Send the events (1)" in end.stderr
    assert "Nothing was sent." in end.stdout
    assert emptied.waiting(NAMES.events_queue) == 0
    assert emptied.waiting(NAMES.events_dead_letter_queue) == 1


def test_confirmed_events_are_sent(emptied: World, command: Command) -> None:
    """A confirmation sends the events that were shown."""
    put(emptied, DeadLetterQueue.EVENTS, "no event")
    assert "again: 1 of 1." in command("--resend", code=0, typed="y\n").stdout
    assert emptied.waiting(NAMES.events_queue) == 1
    # The message can never succeed: the observer drops it, and it does not come back.
    emptied.converge()
    assert emptied.waiting(NAMES.events_queue) == emptied.waiting(NAMES.events_dead_letter_queue) == 0


def test_publisher_messages_cannot_be_sent_again(emptied: World, command: Command) -> None:
    """The command does not ask, moves no message, and explains why. Events in the other queue are sent."""
    put(emptied, DeadLetterQueue.PUBLISHER, json.dumps(DISCARDED))
    end = command("--queue", "publisher", "--resend", code=2)
    assert "cannot be sent again" in end.stdout
    assert end.stderr == ""
    put(emptied, DeadLetterQueue.EVENTS, STATE_EVENT)
    document = command.json("--resend", "--yes", code=2)
    assert (document["dead_letters"], document["resent"], len(document["publisher"])) == (True, 1, 1)
    assert document["publisher"][0]["records"] == 7
    assert emptied.waiting(NAMES.publisher_dead_letter_queue) == 1
    assert command.json("--queue", "events", code=0)["hidden"] == {"events": 0}


def test_messages_in_flight_count(emptied: World, command: Command) -> None:
    """A message that another reader has received causes exit code 2, and is not sent."""
    put(emptied, DeadLetterQueue.EVENTS, STATE_EVENT)
    url = url_of(emptied, DeadLetterQueue.EVENTS.queue(NAMES))
    (hidden,) = sqs(emptied).receive_message(QueueUrl=url, VisibilityTimeout=60)["Messages"]
    document = command.json("--queue", "events", "--resend", "--yes", code=2)
    assert (document["dead_letters"], document["events"], document["hidden"], document["resent"]) == (
        True,
        [],
        {"events": 1},
        0,
    )
    sqs(emptied).change_message_visibility(QueueUrl=url, ReceiptHandle=hidden["ReceiptHandle"], VisibilityTimeout=0)


def test_wrong_region_or_endpoint_is_an_error(command: Command) -> None:
    """The error is one line on standard error with exit code 1, never a report of empty queues."""
    no_file = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    for environment, message in (
        ({"AWS_REGION": "us-east-1"}, "queue orgdns-events-dead-letters does not exist in us-east-1"),
        (no_file | {"AWS_REGION": ""}, "no region is set"),
        ({"AWS_ENDPOINT_URL": "none"}, "AWS_ENDPOINT_URL"),
        ({"AWS_PROFILE": "nobody"}, "AWS profile nobody does not exist"),
    ):
        end = replace(command, environment=command.environment | environment)(code=1)
        assert end.stdout == ""
        assert message in end.stderr
        assert len(end.stderr.splitlines()) == 1


def documented_statements() -> list[dict[str, Any]]:
    """The IAM statements for dead letters from the documentation, for the simulated hub."""
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
    for queue in set(DeadLetterQueue) - {DeadLetterQueue.REPORTS}:
        put(emptied, queue, STATE_EVENT)
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
    queues = DeadLetterQueues(client, NAMES)
    found = queues.read(tuple(DeadLetterQueue))
    read_calls = set(calls)
    assert queues.resend([event.message_id for event in found.events]) == 1
    document = {"Version": "2012-10-17", "Statement": documented_statements()}
    operator = f"arn:aws:iam::{HUB}:role/operator"
    for action, resource in calls:
        assert identity_allows([document], Request(operator, HUB, action, resource)), (action, resource)
    # The command also notes who sends the events again.
    assert granted_actions([document]) == {action for action, _ in calls} | {"dynamodb:PutItem"}
    assert not {action for action, _ in read_calls} & {"sqs:DeleteMessage", "sqs:SendMessage"}
    reading = {**document, "Statement": documented_statements()[:1]}
    assert granted_actions([reading]) == {action for action, _ in read_calls}
