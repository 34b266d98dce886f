"""The command in the simulated organization of a test module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.world import World
from tests.support.cli.command import Command, command_in


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(made, tmp_path_factory.mktemp("elsewhere")) as command:
        yield command
