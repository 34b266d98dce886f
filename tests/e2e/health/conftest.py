"""A hub that has worked for an hour, so that every spoke was swept, every zone audited, and all is well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS
from sandbox.world import World, world
from tests.support.path.health import REGION, firing, one_region, told


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(one_region(), clock, shards=2) as organization:
        organization.launch(PAYMENTS, REGION, "before")
        organization.converge()
        organization.pass_time(70)
        organization.audit()
        organization.pass_time(2)
        yield organization


@pytest.fixture(autouse=True)
def well(made: World) -> Iterator[None]:
    """All is well before each test, and after it."""
    assert (told(made), firing(made)) == (set(), set())
    yield
    assert (told(made), firing(made)) == (set(), set())
