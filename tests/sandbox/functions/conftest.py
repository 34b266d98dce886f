from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.functions.mappings import own_event_sources
from sandbox.clock import moved_clock
from tests.support.sandbox.functions import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> Iterator[World]:
    with moved_clock() as clock, emulated_aws(), own_event_sources():
        yield World(clock)
