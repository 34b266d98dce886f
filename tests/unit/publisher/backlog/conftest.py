"""The world of the tests in this folder, new for each."""

from __future__ import annotations

import pytest

from tests.support.use_cases.backlog_world import BacklogWorld


@pytest.fixture
def world() -> BacklogWorld:
    return BacklogWorld()
