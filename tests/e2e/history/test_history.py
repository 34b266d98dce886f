"""`orgdns history`, from the deployed historian's bucket: who had what, and where that is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hub.runtime.aws.history.bucket import HistoryBucket
from hub.runtime.model.names import Millis
from orgdns.cli.sources.history.reader import HistoryReader
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command, command_in
from tests.support.path.sweeps import statuses

NAME = f"web.{CORP}"


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(made, tmp_path_factory.mktemp("folder")) as found:
        yield found


def kept(made: World) -> None:
    """Let time pass until the historian has kept what happened."""
    made.pass_time(11)


def text(clock: MovedClock) -> str:
    return datetime.fromtimestamp(clock.now(), UTC).isoformat()


def test_handover_and_end(made: World, clock: MovedClock, command: Command) -> None:
    """A name goes from one instance to the next, and then to nobody; each time has one answer."""
    kept(made)
    before = text(clock)
    clock.advance(60)
    (first,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    address = made.address(PAYMENTS, REGION, first)
    kept(made)
    of_first = text(clock)
    clock.advance(60)
    (second,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    kept(made)
    of_second = text(clock)
    clock.advance(60)
    made.end(PAYMENTS, REGION, first)
    made.end(PAYMENTS, REGION, second)
    made.converge()
    kept(made)
    document = command.json("history", NAME)
    held = [[each["instance"] for each in period["record_sets"]] for period in document["periods"] if period["known"]]
    refs = [f"{PAYMENTS}/{REGION}/{each}" for each in (first, second)]
    assert held == [[refs[0]], [refs[1]], []]
    assert f"handed over from {refs[0]}" in str(document["periods"])
    (unknown,) = command.json("history", NAME, "--at", before, code=2)["at"]
    assert not unknown["known"]
    for moment, instance in ((of_first, first), (of_second, second)):
        (answer,) = command.json("history", NAME, "--at", moment)["at"]
        assert [each["instance"].rpartition("/")[2] for each in answer["names"][0]["record_sets"]] == [instance]
    (answer,) = command.json("history", address, "--at", of_first)["at"]
    assert answer["known"]
    assert {each["instance"] for name in answer["names"] for each in name["record_sets"]} == {refs[0]}
    assert first in command("history", first).stdout
    found = command.json("whois", address)["history"]["holders"]
    assert [each["instance"] for each in found if each["until"]] == [refs[0]]
    bucket = HistoryBucket(made.client("s3", HUB), f"orgdns-history-{HUB}-{REGION}", HUB)
    recent = HistoryReader(bucket, Millis(round(clock.now() * 1_000)), threads=1).recent(Millis(0))
    assert NAME in {entry.key.fqdn.removesuffix(".") for entry in recent}


def test_compacted_day_answers_the_same(made: World, clock: MovedClock, command: Command) -> None:
    """The next day, the answers come from the sorted objects, and are the same."""
    before = command.json("history", NAME)["periods"]
    clock.advance(26 * 3600)
    made.pass_time(30)
    s3 = made.client("s3", HUB)
    bucket = f"orgdns-history-{HUB}-{REGION}"
    days = s3.list_objects_v2(Bucket=bucket, Prefix="days/")["Contents"]
    assert any(each["Key"].endswith("manifest.json") for each in days)
    for each in s3.list_objects_v2(Bucket=bucket, Prefix="raw/")["Contents"]:
        if each["Key"] < f"raw/{datetime.fromtimestamp(clock.now(), UTC):%Y/%m/%d}":
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    assert command.json("history", NAME)["periods"] == before


def test_pause_is_history(made: World, clock: MovedClock, command: Command) -> None:
    """During a pause, what a name held is known, and which instance had an address is not."""
    (instance,) = made.launch(PAYMENTS, REGION, "paused")
    made.converge()
    kept(made)
    statuses(made, clock).pause("maintenance", "arn:aws:iam::222222222222:user/ops")
    kept(made)
    during = text(clock)
    clock.advance(60)
    statuses(made, clock).resume("arn:aws:iam::222222222222:user/ops")
    made.converge()
    kept(made)
    document = command.json("history", f"paused.{CORP}")
    done = [(each["action"], each["by"], each["why"]) for each in document["actions"]]
    assert ("pause", "arn:aws:iam::222222222222:user/ops", "maintenance") in done
    assert "resume" in {action for action, *_ in done}
    (answer,) = command.json("history", f"paused.{CORP}", "--at", during)["at"]
    assert answer["known"]
    (answer,) = command.json("history", instance, "--at", during, code=2)["at"]
    assert "paused" in answer["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((NAME, "--at", "yesterday"), "write a time such as"),
        ((NAME, "--at", "2999-01-01"), "must not be in the future"),
        ((NAME, "--at", "1d", "--since", "2d"), "give one of them"),
        (("nobody.corp.internal",), "history has no change of"),
        (("10.99.99.99",), "history has no name that led to"),
    ],
)
def test_mistakes_are_told(command: Command, arguments: tuple[str, ...], said: str) -> None:
    """What cannot be answered is an error that says what to do."""
    assert said in command("history", *arguments, code=1).stderr
