"""One simulated organization for each test module that asks for it: making one takes seconds, using it does not."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from orgdns.config.load import load
from sandbox import example
from sandbox.clock import MovedClock, moved_clock
from sandbox.world import Vpc, World, world

# The same cases at each run, and no time limit on a case: a test that fails has found something, not had a bad day.
settings.register_profile("fixed", derandomize=True, deadline=None)
# Other cases at each run, and a hundred times as many: `make test-deep`.
settings.register_profile("deep", max_examples=10_000, deadline=None, print_blob=True)
settings.load_profile("fixed")


# The fixtures that are a simulated organization.
WORLDS = {"made", "organization"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a simulated organization: `make test-unit` leaves them out."""
    for item in items:
        if isinstance(item, pytest.Function) and WORLDS & set(item.fixturenames):
            item.add_marker("world")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays to the end: the emulator's service models are millions of objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="module")
def clock() -> Iterator[MovedClock]:
    with moved_clock() as moved:
        yield moved


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(load(example.CONFIG), clock) as one:
        yield one


@pytest.fixture
def there(made: World) -> Vpc:
    """A VPC far from where the instances are: another account, another region."""
    return made.vpcs[example.SCIENCE, "us-east-1"]
