"""The report on the messages of dead-letter queues, and its text."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from hub.runtime import contract, handlers, telemetry
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.installation import log_group
from hub.runtime.messages import body_of
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import Sweep
from orgdns.cli.render.dead_letters import show_dead_letters
from orgdns.cli.render.documents.dead_letters import dead_letters_document
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.plan import SHOWN
from orgdns.cli.reports.dead_letters import (
    OBSERVER_LOG_MESSAGE,
    PUBLISHER_LOG_MESSAGE,
    DeadLetterQueue,
    DeadLetters,
    Message,
    dead_event,
    dead_task,
    discarded_records,
)
from tests.support.build import DOCUMENTS
from tests.support.cli.dead_letters import DISCARDED, HOSTILE, STATE_EVENT, TAG_EVENT, UNDELIVERED


def test_failed_event_points_to_the_log() -> None:
    """Instance, kind and time come from the event, and the reason is in the observer's log."""
    event = json.loads(STATE_EVENT)
    dead = dead_event(Message("m", STATE_EVENT, received=6), NAMES)
    assert dead.instance is not None
    assert str(dead.instance).endswith(event["detail"]["instance-id"])
    assert dead.instance.account == event["account"]
    assert (dead.kind, dead.time, dead.received) == (f"state {event['detail']['state']}", event["time"], 6)
    assert not dead.undelivered
    assert log_group(NAMES.observer_function) in dead.reason
    assert dead_event(Message("m", TAG_EVENT), NAMES).kind == "tags changed"


def test_failed_event_of_a_call_names_the_spoke() -> None:
    """A call names no instance, so the account and region are listed; the sweep within the hour finds the change."""
    call = (DOCUMENTS / "attach-network-interface.json").read_text()
    dead = dead_event(Message("m", call), NAMES)
    assert (dead.instance, dead.kind) == (None, "call in 123456789012/us-east-1")
    assert log_group(NAMES.observer_function) in dead.reason
    assert dead_task(Message("m", body_of(Sweep(Spoke("123456789012", "us-east-1"), after_call=True))), NAMES).task


def test_heartbeat_that_failed_names_no_instance() -> None:
    """It is told as what it is, with its time and with EventBridge's reason, and nothing is lost with it."""
    sent = {"source": contract.HEARTBEAT_SOURCE, "detail-type": contract.HEARTBEAT_DETAIL_TYPE, "detail": {}}
    body = json.dumps(sent | {"time": "2026-11-02T09:05:00Z"})
    dead = dead_event(Message("m", body, received=6), NAMES)
    assert (dead.instance, dead.kind, dead.time) == (None, "heartbeat of the hub", "2026-11-02T09:05:00Z")
    assert log_group(NAMES.observer_function) in dead.reason
    undelivered = dead_event(Message("m", body, attributes=UNDELIVERED), NAMES)
    assert undelivered.undelivered
    assert undelivered.kind == "heartbeat of the hub"


def test_undelivered_event_has_its_reason() -> None:
    """The reason is EventBridge's, with the number of retries if there were any."""
    dead = dead_event(Message("m", STATE_EVENT, attributes=UNDELIVERED), NAMES)
    assert dead.undelivered
    assert dead.reason.endswith("NO_PERMISSIONS: the queue does not let it")
    assert log_group(NAMES.observer_function) not in dead.reason
    retried = dead_event(
        Message("m", STATE_EVENT, attributes={"ERROR_CODE": "THROTTLING", "RETRY_ATTEMPTS": "185"}), NAMES
    )
    assert retried.reason.endswith("after 185 retries: THROTTLING: no message")


@pytest.mark.parametrize("body", ["", "no json", "[]", "7", "{}", '{"time": 7}', "[" * 100_000, '{"detail": []}'])
def test_other_message_is_listed(body: str) -> None:
    """A message that is not an event is listed by its id, with the observer's reason for dropping it."""
    dead = dead_event(Message("m", body), NAMES)
    assert (dead.message_id, dead.instance, dead.kind, dead.time) == ("m", None, "", "")
    assert "not an orgdns event" in dead.reason


def test_discarded_records_have_their_position() -> None:
    """The report has all that Lambda reports: time, number, position in the stream, and reason."""
    dead = discarded_records(Message("m", json.dumps(DISCARDED)), NAMES)
    assert (dead.discarded_at, dead.records, dead.shard) == ("2026-11-02T12:00:00.000Z", 7, "shardId-00000001")
    assert (dead.first_sequence_number, dead.last_sequence_number) == ("100", "140")
    assert (dead.first_record_at, dead.last_record_at) == ("2026-11-02T10:00:00Z", "2026-11-02T10:05:00Z")
    assert dead.reason.startswith("RetryAttemptsExhausted after about 101 attempts, the last with the function error")
    assert log_group(NAMES.publisher_function) in dead.reason


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"requestContext": 7, "DDBStreamBatchInfo": {"batchSize": "many", "shardId": 1}}']
)
def test_unknown_message_is_listed(body: str) -> None:
    """A message of another form is listed, with nothing invented."""
    dead = discarded_records(Message("m", body), NAMES)
    assert (dead.message_id, dead.records, dead.shard) == ("m", None, None)
    assert dead.reason == "not a message from Lambda about a stream"


def test_o4_event_of_a_changed_zone_is_listed() -> None:
    """The sweeper's queue has events of Route 53, too; an audit finds what they report."""
    task = dead_task(Message("1", '{"source": "aws.route53", "detail-type": "AWS API Call via CloudTrail"}'), NAMES)
    assert task.task == "event of a change in a zone"
    assert "orgdns audit" in task.reason


def test_log_messages_are_those_of_the_functions() -> None:
    """The report sends an operator to messages that the functions really log."""
    source = inspect.getsource(handlers) + inspect.getsource(telemetry)
    assert f'"{OBSERVER_LOG_MESSAGE}"' in source
    assert f'"{PUBLISHER_LOG_MESSAGE}"' in source


def said(found: DeadLetters, *, everything: bool = False) -> str:
    text = StringIO()
    console = Console(file=text, width=80, highlight=False, markup=False, emoji=False)
    show_dead_letters(console, found, everything=everything)
    return text.getvalue()


def folded(found: DeadLetters) -> str:
    return " ".join(said(found).split())


def letters(events: Sequence[Message] = (), discarded: Sequence[Message] = (), hidden: int = 0) -> DeadLetters:
    return DeadLetters(
        tuple(dead_event(each, NAMES) for each in events),
        tuple(discarded_records(each, NAMES) for each in discarded),
        {DeadLetterQueue.EVENTS: hidden, DeadLetterQueue.PUBLISHER: 0},
    )


def test_empty_queues_are_one_line() -> None:
    """Empty queues are reported in a line."""
    assert said(letters()) == "There are no dead letters.\n"


def test_messages_in_flight_are_reported() -> None:
    """Messages that another reader has received are counted."""
    assert letters(hidden=3).any
    assert "orgdns-events-dead-letters: about 3 more messages" in folded(letters(hidden=3))


def test_each_kind_says_what_to_do() -> None:
    """Events can be sent again. For the publisher's messages, the next audit finds the names."""
    failed, never = letters([Message("m", STATE_EVENT)]), letters([Message("m", STATE_EVENT, attributes=UNDELIVERED)])
    assert "orgdns dead-letters --resend" in folded(failed)
    assert OBSERVER_LOG_MESSAGE in folded(failed)
    assert "orgdns dead-letters --resend" in folded(never)
    assert OBSERVER_LOG_MESSAGE not in folded(never)
    discarded = folded(letters(discarded=[Message("m", json.dumps(DISCARDED))]))
    assert "7 records of 2026-11-02T10:00:00Z to 2026-11-02T10:05:00Z" in discarded
    assert "not their names, so there is nothing to send again" in discarded
    assert "orgdns audit" in discarded
    assert "--resend" not in discarded


def test_long_list_is_shortened_unless_all_is_set() -> None:
    """The first messages are shown, and the rest is counted."""
    many = letters([Message(f"m{number}", STATE_EVENT) for number in range(SHOWN + 3)])
    assert said(many).count("times received") == SHOWN
    assert "3 more: --all shows them" in said(many)
    assert said(many, everything=True).count("times received") == SHOWN + 3


def test_hostile_text_is_shown_safely() -> None:
    """Markup, control characters and bidirectional overrides are shown as escapes, and escaped in JSON."""
    body = json.dumps(DISCARDED | {"timestamp": HOSTILE})
    found = letters(
        [Message("m", STATE_EVENT, attributes={"ERROR_CODE": HOSTILE, "ERROR_MESSAGE": HOSTILE})], [Message("m", body)]
    )
    assert all(character.isprintable() or character == "\n" for character in said(found, everything=True))
    assert "[red]x[/]\\x1b[31m\\u202e" in said(found)
    assert to_json(dead_letters_document(found, 0, remaining=True)).isascii()
