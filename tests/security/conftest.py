"""The deployed sandbox, with an account outside the covered units. IAM is enforced for every role of orgdns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orgdns.config.load import load
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.security.organization import SPEC


@pytest.fixture(scope="module")
def made(clock: MovedClock, shards: int) -> Iterator[World]:
    with world(load(example.CONFIG), clock, SPEC, shards=shards) as organization:
        yield organization
