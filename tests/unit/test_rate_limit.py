from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.rate_limit import ASSOCIATE, CHANGES, DISASSOCIATE, LEAST_RATE, REQUESTS, Pace
from sandbox.aws.route53.limits import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time


def paced(pace: Pace, clock: Clock, changes: int) -> float:
    """Make a call at its turn, and return the time."""
    clock.time += pace.delay(changes, clock.time)
    pace.take(changes, clock.time)
    pace.answered(throttled=False)
    return clock.time


@given(
    st.sampled_from([0.1, 0.5, 0.7, 1.0]),
    st.lists(st.tuples(st.integers(0, 1_000), st.floats(0, 30)), min_size=1, max_size=60),
)
def test_pace_stays_within_its_share_of_both_buckets(share: float, calls: list[tuple[int, float]]) -> None:
    """Buckets of the share's size never run out, whatever the calls; one large batch may take tokens in advance."""
    clock = Clock()
    pace = Pace(share, clock.time)
    requests = TokenBucket(REQUESTS[0] * share + 0.01, REQUESTS[1] * share, clock)
    # A batch larger than the share's burst starts when the bucket is full, and the next calls wait for it.
    largest = max(CHANGES[0] * share, *(wanted for wanted, _ in calls))
    changes = TokenBucket(largest + 0.01, CHANGES[1] * share, clock)
    for wanted, idle in calls:
        clock.time += idle
        paced(pace, clock, wanted)
        assert requests.take(1)
        assert changes.take(wanted)


def test_operation_waits_for_its_own_bucket() -> None:
    """Twenty associations start at once, then five a second, whatever the other buckets contain."""
    clock = Clock()
    pace = Pace(1.0, clock.time)
    for _ in range(20):
        assert pace.delay(2, clock.time, ASSOCIATE) == 0
        pace.take(2, clock.time, ASSOCIATE)
    assert pace.delay(2, clock.time, ASSOCIATE) == pytest.approx(0.2)
    assert pace.delay(2, clock.time, DISASSOCIATE) == 0
    assert pace.delay(2, clock.time) == 0


def test_smallest_share_still_lets_one_call_through() -> None:
    """A bucket smaller than one token starts with one."""
    pace = Pace(0.05, 0.0)
    assert pace.delay(2, 0.0, DISASSOCIATE) == 0
    pace.take(2, 0.0, DISASSOCIATE)
    assert pace.delay(2, 0.0, DISASSOCIATE) == pytest.approx(4.0)


def test_burst_goes_out_at_once_and_the_rest_as_the_bucket_refills() -> None:
    """Ten full batches take exactly as long as the account's bucket requires."""
    clock = Clock()
    pace = Pace(1.0, clock.time)
    times = [paced(pace, clock, 1_000) - 1_000.0 for _ in range(10)]
    assert times[0] == 0.0
    assert times[-1] == pytest.approx((10_000 - CHANGES[0]) / CHANGES[1])


def test_reads_are_paced_by_requests() -> None:
    """A hundred pages without changes wait for the bucket of requests."""
    clock = Clock()
    pace = Pace(0.5, clock.time)
    times = [paced(pace, clock, 0) - 1_000.0 for _ in range(100)]
    assert times[24] == 0.0
    assert times[-1] == pytest.approx(75 / 5)


def test_share_leaves_the_rest_for_others() -> None:
    """At a share of 0.7, sustained changes are 70 a second."""
    clock = Clock()
    pace = Pace(0.7, clock.time)
    for _ in range(3):
        paced(pace, clock, 1_000)
    times = [paced(pace, clock, 700) for _ in range(5)]
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([10.0] * 4)


def test_throttling_lowers_the_rate_and_success_raises_it() -> None:
    """Each throttled call halves the rate down to a minimum; each other call raises it by a step."""
    clock = Clock()
    pace = Pace(1.0, clock.time)
    pace.take(1_500, clock.time)
    assert pace.delay(100, clock.time) == pytest.approx(1.0)
    pace.answered(throttled=True)
    assert pace.delay(100, clock.time) == pytest.approx(2.0)
    for _ in range(10):
        pace.answered(throttled=True)
    assert pace.delay(100, clock.time) == pytest.approx(1.0 / LEAST_RATE)
    for _ in range(15):
        pace.answered(throttled=False)
    assert pace.delay(100, clock.time) == pytest.approx(1.0)


def test_throttled_bucket_refills_at_the_lower_rate() -> None:
    """After a throttled call, tokens refill at the lower rate."""
    clock = Clock()
    pace = Pace(1.0, clock.time)
    pace.take(1_500, clock.time)
    pace.answered(throttled=True)
    assert pace.delay(100, clock.time + 1.0) == pytest.approx(1.0)
    assert pace.delay(100, clock.time + 2.0) == 0.0


def test_clock_that_is_set_back_adds_no_tokens() -> None:
    """A clock that jumps back adds no tokens and makes no wait longer than the missing tokens need."""
    clock = Clock()
    pace = Pace(1.0, clock.time)
    pace.take(1_500, clock.time)
    assert pace.delay(1_000, clock.time - 500) == pytest.approx(10.0)
