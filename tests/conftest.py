"""One simulated organization for each test module that asks for it: making one takes seconds, using it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub import config
from sandbox import example
from sandbox.clock import MovedClock, moved_clock
from sandbox.world import World, world


@pytest.fixture(scope="module")
def clock() -> Iterator[MovedClock]:
    with moved_clock() as moved:
        yield moved


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(config.load(example.CONFIG), clock) as one:
        yield one
