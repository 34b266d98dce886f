"""Events that come twice, late, in the wrong order or spoilt, and how each ends."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hub.runtime import contract
from hub.runtime.observer.events import hint_of
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.build import DOCUMENTS
from tests.support.path.faults import Held, reader_role_denied, rest, send

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def mended(made: World, clock: MovedClock) -> Iterator[None]:
    """What a test broke on purpose is whole again for the next, and nothing waits any more."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    rest(made, clock)


def test_duplicated_events_change_nothing_more(made: World, there: Vpc) -> None:
    """Each event delivered three times ends as if delivered once, with no further change batch."""
    made.router.tamper = lambda event: (event,) * 3
    (one,) = made.launch(PAYMENTS, REGION, "thrice")
    made.converge()
    assert made.resolve(f"thrice.{CORP}", there) == {made.address(PAYMENTS, REGION, one)}
    sent = len(made.route53.batches)
    made.tag(PAYMENTS, REGION, one, Name="thrice")
    made.converge()
    assert len(made.route53.batches) == sent


def test_events_in_the_wrong_order_end_the_same(made: World, there: Vpc, clock: MovedClock) -> None:
    """An instance whose end arrives before its start leaves no name; one that lives has its last one."""
    held = made.router.tamper = Held()
    (short,) = made.launch(PAYMENTS, REGION, "short-lived")
    (long,) = made.launch(PAYMENTS, REGION, "first-name")
    made.tag(PAYMENTS, REGION, long, Name="last-name")
    made.end(PAYMENTS, REGION, short)
    clock.advance(120)
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
    for event in reversed(held):
        made.router.arrive(bus, event)
        made.converge()
    assert made.resolve(f"last-name.{CORP}", there) == {made.address(PAYMENTS, REGION, long)}
    assert not made.resolve(f"first-name.{CORP}", there)
    assert not made.resolve(f"short-lived.{CORP}", there)


def test_events_days_late_bring_nothing_back(made: World, there: Vpc, clock: MovedClock) -> None:
    """An event that arrives when its instance is long forgotten is dropped in the end, with its reason."""
    held = made.router.tamper = Held()
    (one,) = made.launch(PAYMENTS, REGION, "forgotten")
    made.end(PAYMENTS, REGION, one)
    clock.advance(86_400)
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
    made.router.arrive(bus, held[0])
    rest(made, clock)
    assert not made.resolve(f"forgotten.{CORP}", there)
    assert made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
    assert "the instance does not exist" in {
        line["reason"] for line in made.logged(contract.OBSERVER_FUNCTION, "event dropped")
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no json", "the message is not valid JSON"),
        ("{}", "the event has no detail"),
        (json.dumps({"detail": {}, "source": "my.app"}), "the event does not have exactly one resource"),
        ((DOCUMENTS / "ec2-state-change.json").read_text(), "the organization has no account 123456789012"),
        ((DOCUMENTS / "tag-change.json").read_text(), "the organization has no account 123456789012"),
    ],
)
def test_message_that_can_never_succeed_is_dropped_with_its_reason(made: World, body: str, reason: str) -> None:
    """Not JSON, not ours, an unknown account: counted, logged, and not delivered again."""
    before = len(made.logged(contract.OBSERVER_FUNCTION, "event dropped"))
    send(made, body)
    made.converge()
    dropped = made.logged(contract.OBSERVER_FUNCTION, "event dropped")[before:]
    assert [line["reason"] for line in dropped] == [reason]
    assert made.waiting(contract.EVENTS_QUEUE) == made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
    metrics = [line for line in made.functions.logs(contract.OBSERVER_FUNCTION) if isinstance(line, dict)]
    assert any(line.get("EventsDropped") == [1.0] for line in metrics[-2:])


def test_region_that_is_not_covered_is_dropped(made: World) -> None:
    """An event from a region that the configuration does not name gets no look."""
    event = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())
    event |= {"account": PAYMENTS, "region": "sa-east-1"}
    event["resources"] = [f"arn:aws:ec2:sa-east-1:{PAYMENTS}:instance/i-abcd1111"]
    assert hint_of(json.dumps(event)).ref.region == "sa-east-1"
    send(made, json.dumps(event))
    made.converge()
    assert made.logged(contract.OBSERVER_FUNCTION, "event dropped")[-1]["reason"] == (
        "the configuration does not cover the region sa-east-1"
    )


def test_good_messages_go_on_beside_a_bad_one(made: World, there: Vpc) -> None:
    """One message that fails takes no other of its batch along."""
    send(made, "garbage")
    made.launch(PAYMENTS, REGION, "beside-garbage")
    send(made, "more garbage")
    made.converge()
    assert made.resolve(f"beside-garbage.{CORP}", there)


def test_event_that_never_succeeds_ends_as_a_dead_letter(made: World, clock: MovedClock) -> None:
    """What fails five times is kept aside, whole, for a person."""
    with reader_role_denied(made, clock, SEARCH):
        (one,) = made.launch(SEARCH, REGION, "dead-letter")
        rest(made, clock)
    sqs = made.client("sqs", HUB)
    url = sqs.get_queue_url(QueueName=contract.EVENTS_DEAD_LETTER_QUEUE)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {hint_of(message["Body"]).ref.id for message in messages} == {one}
    sqs.purge_queue(QueueUrl=url)
