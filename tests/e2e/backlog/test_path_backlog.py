"""One account changes names faster than its rate allows: it waits for itself, and nobody else waits for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from hub.runtime.aws.ledger.rows import instance_key
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import body_of_release
from hub.runtime.model.names import Fqdn, InstanceRef, Millis, NameKey
from hub.runtime.model.tasks import DeferredName, Release
from orgdns.cli.__main__ import main
from sandbox.aws.functions.service import Killed
from sandbox.aws.functions.streams import SHARDS
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.faults import send

REGION = "eu-central-1"
CORP, IDS = "corp.internal", "instances.internal"
# Each has a name of its own below IDS. More than all shards of the stream let one account publish at once.
MANY = 200
# Of the backlog's queue, in which messages of a killed worker are invisible. Seconds.
VISIBILITY = 1_801


@pytest.fixture(scope="module")
def shards() -> int:
    """As many as a new table has: each lets an account publish its burst."""
    return SHARDS


@pytest.fixture(autouse=True)
def ended(made: World) -> Iterator[None]:
    """End all instances after each test."""
    yield
    made.functions.interrupt = lambda _function, _moment: None
    for account in (PAYMENTS, SEARCH):
        ec2 = made.client("ec2", account, REGION)
        for reservation in ec2.describe_instances()["Reservations"]:
            made.end(account, REGION, *(instance["InstanceId"] for instance in reservation["Instances"]))
    made.converge()


def known(made: World, account: str, instance: str) -> bool:
    """Whether the observer has seen the instance."""
    key = {part: {"S": text} for part, text in instance_key(InstanceRef(account, REGION, instance)).items()}
    return "Item" in made.client("dynamodb", HUB).get_item(TableName=NAMES.ledger_table, Key=key)


def until_known(made: World, account: str, instance: str) -> None:
    """Poll all event sources, once each, until the observer has seen the instance; the publisher has then run once."""
    for _ in range(100):
        made.functions.poll()
        if known(made, account, instance):
            return
    raise AssertionError(f"{instance} was not observed")


def until_deferred(made: World) -> None:
    """Poll all event sources until names wait in the backlog: queues come first, then the stream, which fills it."""
    for _ in range(100):
        made.functions.poll()
        if made.waiting(NAMES.backlog_queue):
            return
    raise AssertionError("no name waits")


def holders(made: World, domain: str = IDS) -> set[str]:
    """The instances that hold a record set in a zone."""
    return {owner.rpartition("/")[2] for *_, owner in made.owners(domain) if owner}


def deferred(made: World) -> list[dict[str, Any]]:
    return made.logged(NAMES.publisher_function, "names deferred")


def status(made: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `orgdns status --json` says of the backlog."""
    key_id, secret = made.access_key(HUB)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_REGION", REGION)
    capsys.readouterr()
    main(["status", "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["backlog"]
    return found


def test_a_burst_of_one_account_delays_nobody_else(
    made: World,
    clock: MovedClock,
    remote_vpc: Vpc,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The next run of the publisher has the start of another account; the rest of the burst comes by releases.

    `orgdns status` names the account while its names wait, and not afterwards.
    """
    before = len(deferred(made))
    many = made.launch(PAYMENTS, REGION, "burst", count=MANY)
    until_deferred(made)
    (single,) = made.launch(SEARCH, REGION, "single")
    until_known(made, SEARCH, single)
    assert made.resolve(f"single.{CORP}", remote_vpc) == {made.address(SEARCH, REGION, single)}
    assert len(holders(made) & set(many)) < MANY
    until_deferred(made)
    found = status(made, monkeypatch, capsys)
    assert found["messages"] == made.waiting(NAMES.backlog_queue)
    # A name of another account may have found no tokens; the first account has the most names.
    assert found["accounts"][0]["account"] == PAYMENTS
    began = clock.now()
    made.converge()
    assert holders(made) >= {*many, single}
    assert clock.now() - began < 30
    counts = Counter[str]()
    for line in deferred(made)[before:]:
        counts.update(line["accounts"])
    assert counts.keys() <= {PAYMENTS, SEARCH}
    # The other account has three names. One was resolved above. The others may have gone to the backlog for want of
    # tokens.
    assert counts[SEARCH] < 3 < counts[PAYMENTS]
    assert made.waiting(NAMES.backlog_queue) == made.waiting(NAMES.backlog_dead_letter_queue) == 0
    assert status(made, monkeypatch, capsys) == {"messages": 0, "accounts": []}


def flip(made: World, instances: Collection[str], number: int) -> None:
    """Give each instance another name."""
    for position, instance in enumerate(instances):
        made.tag(PAYMENTS, REGION, instance, Name=f"flip{number}-{position}")


@pytest.mark.deep
def test_an_account_that_flips_names_delays_nobody_else(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """Whatever the account flips, each start of another one is published by the next run, and all ends right."""
    flipping = made.launch(PAYMENTS, REGION, "flip", count=40)
    made.converge()
    before = len(deferred(made))
    for number in range(3):
        clock.advance(1)
        flip(made, flipping, number)
        (start,) = made.launch(SEARCH, REGION, f"start{number}")
        until_known(made, SEARCH, start)
        assert made.resolve(f"start{number}.{CORP}", remote_vpc) == {made.address(SEARCH, REGION, start)}
    made.converge()
    assert {account for line in deferred(made)[before:] for account in line["accounts"]} == {PAYMENTS}
    names = {name for name, *_, owner in made.owners(CORP) if owner and owner.rpartition("/")[2] in flipping}
    assert {f"flip2-{position}.{CORP}." for position in range(40)} <= names
    assert not [name for name in names if name.startswith(("flip0-", "flip1-"))]
    assert made.waiting(NAMES.backlog_queue) == 0


@pytest.mark.deep
def test_a_publisher_that_is_killed_loses_no_name(made: World, clock: MovedClock) -> None:
    """Whether it defers names, brings them back, or publishes them: what it was given comes again."""
    killed: list[str] = []

    def kill(function: str, moment: str) -> None:
        expected = ("after", "before")[len(killed) % 2]
        if function == NAMES.publisher_function and moment == expected and len(killed) < 12:
            killed.append(moment)
            raise Killed("by the test")

    many = made.launch(PAYMENTS, REGION, "killed", count=MANY)
    made.functions.interrupt = kill
    while len(killed) < 12:
        made.converge()
        clock.advance(60)
    clock.advance(VISIBILITY)
    made.converge()
    assert holders(made) >= set(many)
    assert made.waiting(NAMES.backlog_queue) == made.waiting(NAMES.backlog_dead_letter_queue) == 0


def test_an_unreadable_message_is_dropped_and_counted(made: World) -> None:
    """It would be the same when it came again."""
    before = len(made.logged(NAMES.publisher_function, "message of the backlog dropped"))
    send(made, '{"orgdns": "sweep"}', NAMES.backlog_queue)
    made.converge()
    assert len(made.logged(NAMES.publisher_function, "message of the backlog dropped")) == before + 1
    assert made.waiting(NAMES.backlog_queue) == 0


def test_a_release_receives_further_messages(made: World) -> None:
    """Lambda's batch has seven messages at most, of one name each. The release takes more of them, and deletes them."""
    made.launch(PAYMENTS, REGION, "again")
    made.converge()
    before = len(made.logged(NAMES.publisher_function, "names released"))
    zone_id = made.zone_ids[CORP]
    names = [DeferredName(NameKey(zone_id, Fqdn(f"again{number}.{CORP}.")), Millis(5)) for number in range(40)]
    for name in names:
        send(made, body_of_release(Release(PAYMENTS, (name,))), NAMES.backlog_queue)
    made.converge()
    released = made.logged(NAMES.publisher_function, "names released")[before:]
    assert [line["names"] for line in released] == [40]
    assert made.waiting(NAMES.backlog_queue) == made.waiting(NAMES.backlog_dead_letter_queue) == 0
