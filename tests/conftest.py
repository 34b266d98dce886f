"""A simulated organization for each test module that needs one: building it takes a second, using it does not."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import settings

from orgdns.config.load import load
from sandbox import example
from sandbox.clock import MovedClock, moved_clock
from sandbox.world import Vpc, World, world
from tests.support.running.held import Keepers

# The same examples in every run, and no time limit for an example: a test fails for what it finds, not for time.
settings.register_profile("fixed", derandomize=True, deadline=None)
# `make test-deep`: other examples in every run, and a hundred times as many.
settings.register_profile("deep", max_examples=10_000, deadline=None, print_blob=True)
settings.load_profile("fixed")


# Of the ledger's stream: each has invocations and environments of its own, which take time. Two are enough for an order
# across shards that is not the order of changes. Tests of shards, of the pace and of the backlog have more.
FEW_SHARDS = 2

# Fixtures that are a simulated organization.
WORLDS = {"made", "organization"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need a simulated organization, and those of which `make test` runs some only."""
    numbers: defaultdict[str, Iterator[int]] = defaultdict(count)
    for item in items:
        if isinstance(item, pytest.Function) and WORLDS & set(item.fixturenames):
            item.add_marker("world")
        if some := item.get_closest_marker("some"):
            function = item.nodeid.partition("[")[0]
            if next(numbers[function]) % some.kwargs["one_in"]:
                item.add_marker("deep")


def pytest_collection_finish() -> None:
    """Freeze what stays until the end: the garbage collector need not scan millions of objects of service models."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


KEEPERS = pytest.StashKey[Keepers]()


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[KEEPERS] = Keepers(session)


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[KEEPERS].end()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test where its simulated organization is kept, if that is shared by several modules."""
    return item.config.stash[KEEPERS].run(item, nextitem) or None


@pytest.fixture(scope="module")
def clock() -> Iterator[MovedClock]:
    with moved_clock() as moved:
        yield moved


@pytest.fixture(scope="module")
def shards() -> int:
    """The shards of the ledger's stream. A module that needs more has a fixture of its own."""
    return FEW_SHARDS


@pytest.fixture(scope="module")
def made(clock: MovedClock, shards: int) -> Iterator[World]:
    with world(load(example.CONFIG), clock, shards=shards) as organization:
        yield organization


@pytest.fixture
def remote_vpc(made: World) -> Vpc:
    """A VPC in another account and region than the instances."""
    return made.vpcs[example.SCIENCE, "us-east-1"]
