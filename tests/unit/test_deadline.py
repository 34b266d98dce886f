"""How long calls may take, and whether an invocation still has that long."""

from __future__ import annotations

import pytest

from hub.functions import associator, observer, publisher, sweeper
from hub.runtime.associator.steps import STEP_SECONDS as ASSOCIATION_SECONDS
from hub.runtime.aws.sessions import CLIENT_CONFIG, QUEUE_CONFIG, SPOKE_CONFIG
from hub.runtime.deadline import HUB_CALLS, QUEUE_CALLS, SPOKE_CALLS, CallLimits, Deadline
from hub.runtime.observer.observer import DESCRIBE_SECONDS
from hub.runtime.publisher.run import CALL_SECONDS
from hub.runtime.sweeper.auditor import STEP_SECONDS as AUDIT_SECONDS
from hub.runtime.sweeper.bookkeeping import PAGE_SECONDS


@pytest.mark.parametrize(
    ("limits", "calls", "seconds"),
    [
        (CallLimits(1, 1, 1), 0, 2),
        (CallLimits(1, 3, 6), 1, 9 + 2),
        (CallLimits(2, 3, 6), 1, 2 * 9 + 1 + 2),
        (CallLimits(2, 3, 6), 2, 2 * (2 * 9 + 1) + 2),
        (CallLimits(4, 3, 20), 1, 4 * 23 + 1 + 2 + 4 + 2),
        (CallLimits(7, 1, 1), 1, 7 * 2 + 1 + 2 + 4 + 8 + 16 + 20 + 2),
    ],
)
def test_step_takes_all_attempts_and_their_backoffs(limits: CallLimits, calls: int, seconds: float) -> None:
    """Each attempt may time out, and each backoff may be the longest, of 20 s at most."""
    assert limits.seconds(calls) == seconds


def test_one_call_is_the_default() -> None:
    """A step without a number of calls is one call."""
    assert HUB_CALLS.seconds() == HUB_CALLS.seconds(1)


@pytest.mark.parametrize(
    ("limits", "config"), [(HUB_CALLS, CLIENT_CONFIG), (SPOKE_CALLS, SPOKE_CONFIG), (QUEUE_CALLS, QUEUE_CONFIG)]
)
def test_clients_are_made_with_the_limits_that_deadlines_count_on(limits: CallLimits, config: object) -> None:
    """A client that waits longer than its limits say would be cut off in the middle of a call."""
    assert config.retries == {"mode": "standard", "total_max_attempts": limits.attempts}  # type: ignore[attr-defined]
    assert (config.connect_timeout, config.read_timeout) == (limits.connect_timeout, limits.read_timeout)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("step", "least", "timeout"),
    [
        (DESCRIBE_SECONDS, 40, observer.TIMEOUT),
        (CALL_SECONDS, 100, publisher.TIMEOUT),
        (PAGE_SECONDS, 100, sweeper.TIMEOUT),
        (AUDIT_SECONDS, 100, sweeper.TIMEOUT),
        (ASSOCIATION_SECONDS, 100, associator.TIMEOUT),
    ],
)
def test_every_invocation_has_time_for_a_step(step: float, least: float, timeout: float) -> None:
    """A step is given enough time for its slowest calls, and a fresh invocation can begin at least two."""
    assert least <= step
    assert 2 * step <= timeout


def test_deadline_allows_what_ends_in_time() -> None:
    """The clock is read each time."""
    readings = iter([10.0, 10.0, 9.9])
    deadline = Deadline(lambda: next(readings))
    assert [deadline.allows(seconds) for seconds in (10.0, 10.1, 10.0)] == [True, False, False]
