"""The whole path with one shard and with sixteen: each has its own invocations, and together they do the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime.installation import DEFAULT_NAMES
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.functions.service import Killed
from sandbox.clock import MovedClock, moved_clock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import World, world

REGION = "eu-central-1"
CORP = "corp.internal"
# Invocations of which every second is killed. A release would otherwise be killed each time that it comes again.
KILLS = 60
NAMES = [f"web-{number}" for number in range(24)]
# Of the backlog's queue, in which messages of a killed worker are invisible. Seconds.
VISIBILITY = 1_801


@pytest.fixture(scope="module")
def clock() -> Iterator[MovedClock]:
    with moved_clock() as moved:
        yield moved


@pytest.fixture(scope="module", params=[1, 16])
def made(request: pytest.FixtureRequest, clock: MovedClock) -> Iterator[World]:
    with world(load(example.CONFIG), clock, shards=request.param, seed=request.param) as organization:
        yield organization


def settle(made: World, clock: MovedClock) -> None:
    """Let the functions work, and retry what failed, until no batch of the stream and no name of the backlog waits."""
    for _ in range(20):
        made.converge()
        if made.functions.retrying():
            clock.advance(61)
        elif made.waiting(DEFAULT_NAMES.backlog_queue):
            clock.advance(VISIBILITY)
        else:
            return
    raise AssertionError("the stream and the backlog did not drain")


def owners(made: World, name: str) -> set[str]:
    owned = made.owners(CORP)
    return {owner.rpartition("/")[2] for fqdn, _, _, owner in owned if owner and fqdn == f"{name}.{CORP}."}


def test_every_shard_publishes_its_names(made: World) -> None:
    """Names of many shards are published, handed over and taken away, whichever environment has the shard."""
    first = {name: made.launch(PAYMENTS, REGION, name)[0] for name in NAMES}
    made.converge()
    assert {name: owners(made, name) for name in NAMES} == {name: {first[name]} for name in NAMES}
    second = {name: made.launch(SEARCH, "us-east-1", name)[0] for name in NAMES}
    made.converge()
    assert {name: owners(made, name) for name in NAMES} == {name: {second[name]} for name in NAMES}
    for name in NAMES:
        made.end(SEARCH, "us-east-1", second[name])
    made.converge()
    assert {name: owners(made, name) for name in NAMES} == {name: {first[name]} for name in NAMES}
    for name in NAMES:
        made.end(PAYMENTS, REGION, first[name])
    made.converge()
    assert not any(owners(made, name) for name in NAMES)


@pytest.mark.some(one_in=3)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_workers_of_all_shards_change_nothing(made: World, clock: MovedClock, moment: str) -> None:
    """Of many invocations of the publisher, in any shard, every second is killed: all names are there in the end."""
    killed = 0

    def interrupt(function: str, at: str) -> None:
        nonlocal killed
        if function == DEFAULT_NAMES.publisher_function and at == moment:
            killed += 1
            if killed % 2 and killed < KILLS:
                raise Killed

    made.functions.interrupt = interrupt
    launched = {name: made.launch(PAYMENTS, REGION, f"{moment}-{name}")[0] for name in NAMES}
    settle(made, clock)
    made.functions.interrupt = lambda _function, _moment: None
    assert killed > 1
    assert not made.waiting(DEFAULT_NAMES.publisher_dead_letter_queue)
    assert not made.waiting(DEFAULT_NAMES.backlog_dead_letter_queue)
    assert {name: owners(made, f"{moment}-{name}") for name in NAMES} == {name: {launched[name]} for name in NAMES}
