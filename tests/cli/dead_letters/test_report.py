"""What the messages of dead-letter queues say, and how it is shown."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from hub.runtime import handlers, telemetry
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
from tests.support.dead_letters import DISCARDED, HOSTILE, STATE_EVENT, TAG_EVENT, UNDELIVERED


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
