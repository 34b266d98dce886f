"""The world of the tests in this folder, new for each."""

from __future__ import annotations

import pytest

from tests.support.use_cases.sweeper_world import World


@pytest.fixture
def world() -> World:
    return World()
