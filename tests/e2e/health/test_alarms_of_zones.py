"""Alarms on zones, functions, queues and the objective: each fires after the real thing is broken, and clears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.drift import MOST_REPAIRS
from sandbox.aws.functions.service import Killed
from sandbox.example import HUB, NETWORK, PAYMENTS
from sandbox.world import World
from tests.support.build import FUNCTIONS
from tests.support.path.broken import denied, mapping_disabled, minutes_until
from tests.support.path.faults import send
from tests.support.path.health import REGION, firing, told
from tests.support.path.sweeps import described_record_set

Broken = Callable[[World], AbstractContextManager[None]]
CORP = "corp.internal"


@contextmanager
def full(made: World) -> Iterator[None]:
    """The zones hold as many record sets as Route 53 allows, when an instance starts."""
    limits = made.route53.limits
    made.route53.limits = replace(limits, record_sets=1)
    (instance,) = made.launch(PAYMENTS, REGION, "too-many")
    made.converge()
    try:
        yield
    finally:
        made.route53.limits = limits
        made.end(PAYMENTS, REGION, instance)


@contextmanager
def fought(made: World) -> Iterator[None]:
    """Another tool deletes the same record again and again."""
    (instance,) = made.launch(PAYMENTS, REGION, "fought")
    made.converge()
    client = made.client("route53", NETWORK)
    for _ in range(MOST_REPAIRS + 1):
        change = {"Action": "DELETE", "ResourceRecordSet": described_record_set(made, "fought")}
        client.change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [change]})
        made.converge()
    yield
    made.end(PAYMENTS, REGION, instance)


@contextmanager
def killed(made: World) -> Iterator[None]:
    """The sweeper ends before it has done anything."""
    before = made.functions.interrupt

    def interrupt(function: str, moment: str) -> None:
        if function == NAMES.sweeper_function and moment == "before":
            raise Killed("on purpose")

    made.functions.interrupt = interrupt
    try:
        yield
    finally:
        made.functions.interrupt = before


@contextmanager
def late(made: World) -> Iterator[None]:
    """Events of instances come after two minutes, because the observer gets none meanwhile."""
    with mapping_disabled(made, NAMES.observer_function):
        made.launch(PAYMENTS, REGION, "late", count=4)
        made.pass_time(3)
    made.converge()
    yield


@contextmanager
def stream_stands_still(made: World) -> Iterator[None]:
    """The publisher may not assume the writer role, so that it repeats the same batch."""
    with denied(made, HUB, NAMES.publisher_role, "sts:AssumeRole"):
        made.functions.cold_start(NAMES.publisher_function)
        made.launch(PAYMENTS, REGION, "stands-still")
        made.converge()
        yield


@contextmanager
def history_stands_still(made: World) -> Iterator[None]:
    """The historian may not write to its bucket, so that it repeats the same batch."""
    with denied(made, HUB, NAMES.historian_role, "s3:PutObject"):
        made.functions.cold_start(NAMES.historian_function)
        yield


@contextmanager
def queues_stand_still(made: World) -> Iterator[None]:
    """No function gets messages of its queue, and each queue has one."""
    with ExitStack() as stack:
        for function in FUNCTIONS:
            stack.enter_context(mapping_disabled(made, function))
        for queue in (
            NAMES.events_queue,
            NAMES.sweeps_queue,
            NAMES.associations_queue,
            NAMES.backlog_queue,
        ):
            # Nobody can do anything with it, so it is dropped when its function comes back.
            send(made, "{}", queue)
        yield


def change_texts(made: World, action: str, number: int) -> None:
    """Create or delete text records in the zone, as another team has them."""
    client = made.client("route53", NETWORK)
    for start in range(0, number, 1_000):
        changes = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": f"text-{each}.{CORP}",
                    "Type": "TXT",
                    "TTL": 60,
                    "ResourceRecords": [{"Value": '"a text"'}],
                },
            }
            for each in range(start, start + 1_000)
        ]
        client.change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": changes})
        # Until the account's quota takes the next batch.
        made.pass_time(1)


@contextmanager
def nearly_full(made: World) -> Iterator[None]:
    """Others fill most of the zone."""
    change_texts(made, "CREATE", 8_000)
    made.audit()
    yield
    change_texts(made, "DELETE", 8_000)
    made.audit()


@contextmanager
def many_vpcs(made: World) -> Iterator[None]:
    """An account has most of the VPCs that it may have in a zone."""
    vpcs = [made.add_vpc(PAYMENTS, REGION, associated=False) for _ in range(24)]
    yield
    for vpc in vpcs:
        made.delete_vpc(vpc)


WAITING = {"events-waiting", "sweeps-waiting", "associations-waiting", "backlog-waiting"}
DEAD_LETTERS = {
    NAMES.events_dead_letter_queue,
    NAMES.publisher_dead_letter_queue,
    NAMES.sweeps_dead_letter_queue,
    NAMES.associations_dead_letter_queue,
    NAMES.backlog_dead_letter_queue,
}
# By alarm: what is broken, and the minutes until the alarm fires, and until it ends after the repair.
SCENARIOS: dict[str, tuple[Broken, int, int]] = {
    "zone-full": (full, 15, 30),
    "records-contested": (fought, 30, 200),
    "zones-near-limit": (nearly_full, 30, 45),
    "accounts-near-limit": (many_vpcs, 95, 150),
    "functions-failing": (killed, 30, 30),
    "objective": (late, 15, 75),
    "stream-behind": (stream_stands_still, 35, 45),
    "history-behind": (history_stands_still, 160, 45),
}
# The alarms that this module makes fire.
TRIED = frozenset(SCENARIOS) | WAITING | {NAMES.within(queue) for queue in DEAD_LETTERS}


@pytest.mark.parametrize("alarm", SCENARIOS)
def test_alarm_fires_and_clears(made: World, alarm: str) -> None:
    """Status tells the same as the alarm, at the latest when it fires."""
    broken, until, after = SCENARIOS[alarm]
    with broken(made):
        minutes_until(made, lambda: alarm in firing(made), until)
        assert alarm in {kind for kind, _ in told(made)}
    minutes_until(made, lambda: alarm not in firing(made), after)
    minutes_until(made, lambda: not (told(made) or firing(made)), 200)


def test_queues_that_nobody_reads(made: World) -> None:
    """Each queue's alarm fires when its oldest message is older than one that only fails, and all clear together."""
    with queues_stand_still(made):
        minutes_until(made, lambda: firing(made) >= WAITING, 315)
        assert {kind for kind, _ in told(made)} >= WAITING | {"mapping-stopped"}
    minutes_until(made, lambda: not (told(made) or firing(made)), 200)


def test_dead_letters(made: World) -> None:
    """A message in a dead-letter queue sets off its alarm until the queue is empty."""
    alarms = {queue.removeprefix("orgdns-") for queue in DEAD_LETTERS}
    for queue in DEAD_LETTERS:
        send(made, "{}", queue)
    minutes_until(made, lambda: firing(made) >= alarms, 5)
    assert {kind for kind, _ in told(made)} >= alarms
    sqs = made.client("sqs", HUB)
    for queue in DEAD_LETTERS:
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    minutes_until(made, lambda: not firing(made), 10)
