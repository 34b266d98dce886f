"""After a worker is killed at any of its calls that defer and release names, the next invocation completes its work."""

from __future__ import annotations

import pytest

from sandbox.clock import MovedClock
from tests.support.pipeline.killed import deployed
from tests.support.pipeline.killed_backlog import killed_at_every_call

# Receiving further messages and deleting them, sending to the backlog, pacing, and releasing.
CALLS = {"ReceiveMessage", "DeleteMessageBatch", "SendMessageBatch", "PutItem control pace"}


@pytest.mark.parametrize("fault", ["killed before", "killed after"])
def test_killed_at_every_call(clock: MovedClock, fault: str) -> None:
    """Every step ends as policy says, whichever call of the observer, publisher or releaser the worker is killed at."""
    with deployed(clock) as driver:
        kills = killed_at_every_call(driver, fault)
        assert kills.keys() >= CALLS
