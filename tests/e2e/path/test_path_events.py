"""Events that arrive twice, late, out of order or malformed, on the deployed path."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto.sqs.models import Message, Queue

from hub.runtime import contract
from hub.runtime.contract import EVENTS_A_BATCH
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.bridge import replaced
from sandbox.aws.functions.service import Killed
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.build import DOCUMENTS, hint_of
from tests.support.path.faults import Withheld, drain, reader_role_denied, send
from tests.support.path.sweeps import sweep_all

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def repaired(made: World, clock: MovedClock) -> Iterator[None]:
    """Repair after each test what it broke on purpose, and let the queues drain."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    drain(made, clock)


def test_duplicated_events_change_nothing_more(made: World, remote_vpc: Vpc) -> None:
    """Events delivered three times have the same result as events delivered once, with no further change batch."""
    made.router.tamper = lambda event: (event,) * 3
    (instance,) = made.launch(PAYMENTS, REGION, "thrice")
    made.converge()
    assert made.resolve(f"thrice.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
    sent = len(made.route53.batches)
    made.tag(PAYMENTS, REGION, instance, Name="thrice")
    made.converge()
    assert len(made.route53.batches) == sent


def test_events_out_of_order_have_the_same_result(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """An instance whose end arrives before its start leaves no name. A live instance keeps its last name."""
    withheld = made.router.tamper = Withheld()
    (short,) = made.launch(PAYMENTS, REGION, "short-lived")
    (long,) = made.launch(PAYMENTS, REGION, "first-name")
    made.tag(PAYMENTS, REGION, long, Name="last-name")
    made.end(PAYMENTS, REGION, short)
    clock.advance(120)
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
    for event in reversed(withheld):
        made.router.arrive(bus, event)
        made.converge()
    assert made.resolve(f"last-name.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, long)}
    assert not made.resolve(f"first-name.{CORP}", remote_vpc)
    assert not made.resolve(f"short-lived.{CORP}", remote_vpc)


def test_events_that_are_days_late_restore_nothing(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """An event about an instance that EC2 no longer shows is dropped, with the reason in the log."""
    withheld = made.router.tamper = Withheld()
    (instance,) = made.launch(PAYMENTS, REGION, "forgotten")
    made.end(PAYMENTS, REGION, instance)
    clock.advance(86_400)
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
    made.router.arrive(bus, withheld[0])
    drain(made, clock)
    assert not made.resolve(f"forgotten.{CORP}", remote_vpc)
    assert made.waiting(NAMES.events_dead_letter_queue) == 0
    assert "the instance does not exist" in {
        line["reason"] for line in made.logged(NAMES.observer_function, "event dropped")
    }


@pytest.mark.parametrize(
    ("body", "metric", "reason"),
    [
        ("no json", "EventsDropped", "the message is not valid JSON"),
        ("{}", "EventsDropped", "the event has no detail"),
        (
            json.dumps({"detail": {}, "source": "my.app"}),
            "EventsDropped",
            "the event does not have exactly one resource",
        ),
        *(
            ((DOCUMENTS / name).read_text(), "EventsNotCovered", "the organization has no account 123456789012")
            for name in ("ec2-state-change.json", "tag-change.json")
        ),
    ],
)
def test_message_that_can_never_succeed_is_dropped_with_its_reason(
    made: World, body: str, metric: str, reason: str
) -> None:
    """Invalid JSON, another format, an unknown account: counted, logged, and not retried."""
    before = len(made.logged(NAMES.observer_function, "event dropped"))
    send(made, body)
    made.converge()
    dropped = made.logged(NAMES.observer_function, "event dropped")[before:]
    assert [line["reason"] for line in dropped] == [reason]
    assert made.waiting(NAMES.events_queue) == made.waiting(NAMES.events_dead_letter_queue) == 0
    metrics = [line for line in made.functions.logs(NAMES.observer_function) if isinstance(line, dict)]
    assert any(line.get(metric) == [1.0] for line in metrics[-2:])


def test_region_that_is_not_covered_is_dropped(made: World) -> None:
    """An event from a region outside the configuration causes no call in that region."""
    event = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())
    event |= {"account": PAYMENTS, "region": "sa-east-1"}
    event["resources"] = [f"arn:aws:ec2:sa-east-1:{PAYMENTS}:instance/i-abcd1111"]
    assert hint_of(json.dumps(event)).ref.region == "sa-east-1"
    send(made, json.dumps(event))
    made.converge()
    assert made.logged(NAMES.observer_function, "event dropped")[-1]["reason"] == (
        "the configuration does not cover the region sa-east-1"
    )


def test_bad_message_does_not_affect_its_batch(made: World, remote_vpc: Vpc) -> None:
    """The other messages of a batch with a bad message are processed."""
    send(made, "garbage")
    made.launch(PAYMENTS, REGION, "beside-garbage")
    send(made, "more garbage")
    made.converge()
    assert made.resolve(f"beside-garbage.{CORP}", remote_vpc)


def test_event_that_never_succeeds_becomes_a_dead_letter(made: World, clock: MovedClock) -> None:
    """An event that fails five times moves to the dead-letter queue unchanged."""
    with reader_role_denied(made, clock, SEARCH):
        (instance,) = made.launch(SEARCH, REGION, "dead-letter")
        drain(made, clock)
    sqs = made.client("sqs", HUB)
    url = sqs.get_queue_url(QueueName=NAMES.events_dead_letter_queue)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {hint_of(message["Body"]).ref.id for message in messages} == {instance}
    sqs.purge_queue(QueueUrl=url)


def test_every_message_has_the_group_of_its_account(made: World, clock: MovedClock) -> None:
    """Whatever orgdns sends, or lets EventBridge send, to a queue has a group, so that no account delays another.

    The schedules' own messages are the exception: without a group, each is a tenant of its own.
    """
    sent: list[Message] = []
    add = Queue.add_message

    def add_message(queue: Queue, message: Message) -> None:
        sent.append(message)
        add(queue, message)

    with replaced(Queue, add_message=add_message):
        made.launch(PAYMENTS, REGION, "grouped")
        made.converge()
        sweep_all(made, clock)
        made.audit()
    groups = {(json.loads(message.body).get("account"), message.group_id) for message in sent}
    assert {(PAYMENTS, PAYMENTS), (SEARCH, SEARCH)} <= groups
    assert groups <= {(account, account or "orgdns") for account, _ in groups} | {(None, None)}
    without = [json.loads(message.body)[contract.TASK] for message in sent if not message.group_id]
    assert set(without) == {contract.SCHEDULE_SWEEPS, contract.SCHEDULE_AUDITS}


def invocations(made: World, killed: int = 0) -> list[str]:
    """The observer's invocations from now on. The first ones are killed when they are done, before Lambda hears it."""
    begun: list[str] = []

    def interrupt(function: str, moment: str) -> None:
        if function != NAMES.observer_function:
            return
        if moment == "before":
            begun.append(function)
        elif len(begun) <= killed:
            raise Killed

    made.functions.interrupt = interrupt
    return begun


def owned(made: World) -> int:
    return len([owner for _, _, _, owner in made.owners("instances.internal") if owner])


def test_burst_fills_the_observers_runs(made: World) -> None:
    """With a full batch, the observer receives further events itself: a hundred a run, in one description."""
    before = owned(made)
    launched = made.launch(PAYMENTS, REGION, "burst", count=60)
    waiting = made.waiting(NAMES.events_queue)
    assert waiting >= 60
    begun = invocations(made)
    made.converge()
    assert len(begun) == -(-waiting // 100)
    assert owned(made) == before + 60
    made.end(PAYMENTS, REGION, *launched)
    made.converge()


def test_event_that_the_observer_received_itself_is_not_lost(made: World, clock: MovedClock) -> None:
    """A run is killed after all its work, and one account's role is denied: everything is delivered again."""
    before = owned(made)
    with reader_role_denied(made, clock, SEARCH):
        launched = {account: made.launch(account, REGION, "kept", count=15) for account in (PAYMENTS, SEARCH)}
        begun = invocations(made, killed=1)
        made.converge()
        assert len(begun) == 1
        # The batch, and of the further messages those of the denied account.
        assert made.waiting(NAMES.events_queue) >= EVENTS_A_BATCH + 10
        clock.advance(721)
        made.converge()
        assert owned(made) == before + 15
        assert made.waiting(NAMES.events_queue) >= 15
    drain(made, clock)
    assert owned(made) == before + 30
    for account, instances in launched.items():
        made.end(account, REGION, *instances)
    made.converge()
