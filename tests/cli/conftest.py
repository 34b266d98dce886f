"""The command in the simulated organization of a test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orgdns.config.load import load
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.cli.command import Command, command_in


@pytest.fixture(scope="module")
def made(clock: MovedClock, shards: int) -> Iterator[World]:
    """The organization after the functions have seen its VPCs."""
    with world(load(example.CONFIG), clock, shards=shards) as organization:
        organization.converge()
        yield organization


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(made, tmp_path_factory.mktemp("elsewhere")) as command:
        yield command
