"""After a worker is killed at any kind of call that defers or releases names, the next one completes its work."""

from __future__ import annotations

import pytest

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed
from tests.support.pipeline.killed_backlog import OWN, killed_at_calls


@pytest.mark.some(one_in=2)
@pytest.mark.parametrize("fault", ["killed after", "killed before"])
def test_killed_at_calls(clock: MovedClock, fault: str) -> None:
    """Every step ends as policy says, whichever kind of call the observer, publisher or releaser is killed at."""
    with deployed(clock) as driver:
        kills = killed_at_calls(driver, fault)
        assert kills.keys() >= OWN
