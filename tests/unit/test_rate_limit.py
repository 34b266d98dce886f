from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Millis
from hub.runtime.rate_limit import (
    ASSOCIATE,
    BUCKETS,
    CHANGES,
    CLOCK_SKEW,
    DISASSOCIATE,
    LEAST_RATE,
    PROMPT,
    RELEASES,
    REQUESTS,
    Demand,
    Pace,
    Urgency,
)
from sandbox.bench.path.services.quotas import exceeded

NOW: Final = Millis(1_000_000)
HOUR: Final = 3_600_000
SHARES: Final = (0.1, 0.5, 0.7, 1.0)


class Caller:
    """Makes each call as soon as it may."""

    def __init__(self, share: float = 1.0) -> None:
        self.pace = Pace.full(share, NOW)
        self.now = NOW
        self.calls: list[tuple[Millis, Demand]] = []

    def call(self, demand: Demand) -> float:
        """Make a call at its turn, and return the seconds since the start."""
        while delay := self.pace.delay(demand, self.now):
            self.idle(delay)
        self.pace = self.pace.taken(demand, self.now)
        self.calls.append((self.now, demand))
        return (self.now - NOW) / 1_000

    def idle(self, seconds: float) -> None:
        self.now = Millis(self.now + round(seconds * 1_000))


def demands(share: float) -> st.SearchStrategy[Demand]:
    most = Pace.full(share, NOW).capacity
    return st.one_of(
        st.builds(Demand.batch, st.integers(0, int(most(CHANGES)))),
        st.builds(Demand.batch, st.integers(0, int(most(PROMPT))), st.sampled_from(Urgency), st.just("Z1")),
        st.builds(Demand.reading, st.sampled_from(Urgency)),
        st.sampled_from([Demand.listing(), Demand.association(), Demand.release_turn()]),
        st.sampled_from([Demand.association(operation, 2) for operation in (ASSOCIATE, DISASSOCIATE)]),
        st.builds(Demand.release, st.integers(0, int(most(RELEASES)))),
    )


@given(st.sampled_from(SHARES), st.data())
def test_all_calls_together_stay_within_the_share(share: float, data: st.DataObject) -> None:
    """In any window of time, the tokens taken of a bucket are at most its capacity and what it gained meanwhile."""
    caller = Caller(share)
    for _ in range(data.draw(st.integers(1, 25))):
        caller.idle(data.draw(st.floats(0, 20)))
        if data.draw(st.integers(0, 5)) == 0:
            caller.pace = caller.pace.answered(throttled=data.draw(st.booleans()))
        caller.call(data.draw(demands(share)))
    for bucket, (_, refill) in BUCKETS.items():
        calls = [((at - NOW) / 1_000, demand.tokens.get(bucket, 0.0)) for at, demand in caller.calls]
        assert exceeded(calls, caller.pace.capacity(bucket), refill * share) <= 1e-6


@given(st.sampled_from(SHARES), st.data())
def test_call_never_waits_longer_than_for_full_buckets(share: float, data: st.DataObject) -> None:
    """Whatever was taken before, a call within the buckets' capacity waits at most for full buckets."""
    caller = Caller(share)
    for demand in data.draw(st.lists(demands(share), max_size=10)):
        caller.call(demand)
    longest = max(caller.pace.capacity(bucket) / (refill * share) for bucket, (_, refill) in BUCKETS.items())
    assert caller.pace.delay(data.draw(demands(share)), caller.now) <= longest + 0.001


def test_operation_waits_for_its_own_bucket() -> None:
    """Twenty associations start at once, then five a second, whatever the other buckets contain."""
    caller = Caller()
    for _ in range(20):
        assert caller.call(Demand.association(ASSOCIATE, 2)) == 0
    assert caller.pace.delay(Demand.association(ASSOCIATE, 2), NOW) == pytest.approx(0.2)
    assert caller.pace.delay(Demand.association(DISASSOCIATE, 2), NOW) == 0
    assert caller.pace.delay(Demand.association(), NOW) == 0


def test_smallest_share_still_lets_one_call_through() -> None:
    """A bucket smaller than one token holds one."""
    caller = Caller(0.05)
    assert caller.call(Demand.association(DISASSOCIATE, 2)) == 0
    assert caller.call(Demand.association(DISASSOCIATE, 2)) == pytest.approx(4.0)


def test_burst_goes_out_at_once_and_the_rest_as_the_bucket_refills() -> None:
    """Ten full batches take exactly as long as the account's bucket requires."""
    caller = Caller()
    times = [caller.call(Demand.batch(1_000)) for _ in range(10)]
    assert times[0] == 0.0
    assert times[-1] == pytest.approx((10_000 - 1_500) / 100)


def test_reads_are_paced_by_requests() -> None:
    """A hundred pages without changes wait for the publisher's nine tenths of the requests."""
    caller = Caller(0.5)
    times = [caller.call(Demand.reading()) for _ in range(100)]
    assert times[21] == 0.0
    assert times[-1] == pytest.approx((100 - 22.5) / 4.5, abs=0.01)


def test_share_leaves_the_rest_for_others() -> None:
    """At a share of 0.7, sustained changes are 70 a second."""
    caller = Caller(0.7)
    times = [caller.call(Demand.batch(700)) for _ in range(8)]
    assert [later - earlier for earlier, later in pairwise(times[2:])] == pytest.approx([10.0] * 5, abs=0.01)


def test_listing_and_association_leave_requests_for_urgent_calls() -> None:
    """A listing leaves half of the requests, an association and a prompt reading a quarter, and the publisher none."""
    caller = Caller()
    for demand, left in (
        (Demand.listing(), 25.0),
        (Demand.association(), 12.5),
        (Demand.reading(Urgency.PROMPT), 12.5),
        (Demand.reading(), 0.0),
    ):
        while not caller.pace.delay(demand, NOW):
            caller.call(demand)
        assert left <= caller.pace.available(REQUESTS, NOW) < left + 1


def test_publishing_leaves_requests_for_the_others() -> None:
    """However many small batches wait, audits and associations get a tenth of the requests."""
    caller = Caller()
    times = [caller.call(Demand.batch(1)) for _ in range(405)]
    assert times[44] == 0.0
    assert times[-1] == pytest.approx(360 / 9, abs=0.01)
    assert caller.pace.available(REQUESTS, caller.now) == pytest.approx(45, abs=0.1)
    assert caller.pace.delay(Demand.listing(), caller.now) == 0


def test_changes_of_one_zone_keep_a_distance() -> None:
    """A zone is changed by a call at a time, whatever the share and the rate are; other zones do not wait."""
    caller = Caller(0.1)
    caller.pace = caller.pace.answered(throttled=True)
    caller.call(Demand.batch(1, zone_id="Z1"))
    assert caller.pace.delay(Demand.batch(1, zone_id="Z1"), NOW) == pytest.approx(0.2)
    # A prompt call does not queue behind the others.
    assert caller.pace.delay(Demand.batch(1, Urgency.QUIET, "Z1"), NOW) == 0
    assert caller.pace.delay(Demand.batch(1, zone_id="Z2"), NOW) == 0
    assert caller.pace.delay(Demand.reading(), NOW) == 0


def test_quiet_accounts_go_before_busy_ones() -> None:
    """Prompt names of busy accounts leave turns of the zone and requests to those of quiet accounts."""
    caller = Caller()
    caller.call(Demand.batch(1, Urgency.QUIET, "Z1"))
    assert caller.pace.delay(Demand.batch(1, Urgency.QUIET, "Z1"), NOW) == 0
    assert caller.pace.delay(Demand.batch(1, Urgency.PROMPT, "Z1"), NOW) == pytest.approx(0.125)
    for _ in range(35):
        caller.call(Demand.reading())
    assert caller.pace.delay(Demand.reading(Urgency.QUIET), NOW) == 0
    assert caller.pace.delay(Demand.reading(Urgency.PROMPT), NOW) > 0


def test_full_buckets_take_no_place() -> None:
    """Only what is not full is stored, so zones that rest leave no trace."""
    caller = Caller()
    caller.call(Demand.batch(1, zone_id="Z1"))
    caller.idle(60)
    caller.call(Demand.release(1))
    assert set(caller.pace.tokens) == {RELEASES}


def test_small_call_does_not_wait_for_a_large_one() -> None:
    """While a large batch waits for the bucket to fill, small ones take what is there."""
    caller = Caller()
    caller.call(Demand.batch(1_400))
    assert caller.pace.delay(Demand.batch(1_000), NOW) == pytest.approx(9.0)
    assert caller.call(Demand.batch(50)) == 0.0
    assert caller.pace.delay(Demand.batch(1_000), NOW) == pytest.approx(9.5)


def test_prompt_changes_leave_half_to_the_backlog() -> None:
    """Prompt batches take 50 changes a second at most, and releases get what they leave of the changes."""
    caller = Caller()
    caller.call(Demand.batch(750, Urgency.PROMPT))
    assert caller.pace.available(CHANGES, NOW) == caller.pace.available(RELEASES, NOW) == 750
    assert caller.pace.delay(Demand.batch(100, Urgency.PROMPT), NOW) == pytest.approx(2.0)
    assert caller.pace.delay(Demand.batch(750), NOW) == 0
    assert caller.pace.delay(Demand.release(750), NOW) == 0
    assert caller.pace.delay(Demand.release(850), NOW) == pytest.approx(1.0)


@given(
    taken=st.lists(st.integers(0, 750), max_size=4),
    wait=st.floats(0, 5),
    share=st.sampled_from(SHARES),
    prompt=st.booleans(),
)
def test_allowance_is_the_largest_batch_within_the_wait(
    taken: list[int], wait: float, share: float, *, prompt: bool
) -> None:
    """A batch as large as the allowance waits no longer than allowed, and a larger one does, or is above a bucket."""
    caller = Caller(share)
    for changes in taken:
        caller.call(Demand.batch(changes // 2, Urgency.PROMPT))
        caller.call(Demand.batch(changes - changes // 2))
    allowed = caller.pace.allowance(wait, caller.now, prompt=prompt)
    urgency = Urgency.PROMPT if prompt else Urgency.PATIENT
    delay = caller.pace.delay(Demand.batch(allowed, urgency), caller.now)
    assert not allowed or delay <= wait + 0.002
    more = allowed + 1
    over = more > caller.pace.capacity(PROMPT if prompt else CHANGES)
    assert over or caller.pace.delay(Demand.batch(more, urgency), caller.now) > wait - 0.002


def test_empty_buckets_of_ours_do_not_limit_what_was_released() -> None:
    """It needs changes only. The bucket of releases is nearly always empty while names wait."""
    caller = Caller()
    caller.call(Demand.release(1_500))
    caller.call(Demand.batch(500, Urgency.PROMPT))
    assert caller.pace.allowance(0, caller.now, prompt=True) == 0
    assert caller.pace.allowance(0, caller.now, prompt=False) >= 1_000


def test_no_request_within_the_wait_allows_nothing() -> None:
    """Tokens of changes do not help without a request."""
    caller = Caller()
    for _ in range(45):
        caller.call(Demand.reading())
    assert caller.pace.allowance(0.1, NOW, prompt=True) == 0
    assert caller.pace.allowance(0.12, NOW, prompt=True) == 750


def test_name_larger_than_the_bucket_waits_until_it_is_full() -> None:
    """A single name that needs more than the bucket holds goes out; the calls after it wait until that is refilled."""
    caller = Caller(0.1)
    caller.call(Demand.batch(50))
    assert caller.pace.delay(Demand.batch(200), NOW) == pytest.approx(5.0)
    assert caller.call(Demand.batch(200)) == pytest.approx(5.0)
    assert caller.pace.available(CHANGES, caller.now) == -50
    assert caller.pace.delay(Demand.batch(1), caller.now) == pytest.approx(5.1)


def test_throttling_lowers_the_rate_and_success_raises_it() -> None:
    """Each throttled call halves the rate down to a minimum; each other call raises it by a step."""
    pace = Pace.full(1.0, NOW).taken(Demand.batch(1_500), NOW)
    demand = Demand.batch(100)
    assert pace.delay(demand, NOW) == pytest.approx(1.0)
    pace = pace.answered(throttled=True)
    assert pace.delay(demand, NOW) == pytest.approx(2.0)
    for _ in range(10):
        pace = pace.answered(throttled=True)
    assert pace.rate == LEAST_RATE
    for _ in range(15):
        pace = pace.answered(throttled=False)
    assert pace.delay(demand, NOW) == pytest.approx(1.0)


def test_throttled_bucket_refills_at_the_lower_rate() -> None:
    """After a throttled call, tokens refill at the lower rate."""
    pace = Pace.full(1.0, NOW).taken(Demand.batch(1_500), NOW).answered(throttled=True)
    assert pace.delay(Demand.batch(100), Millis(NOW + 1_000)) == pytest.approx(1.0)
    assert pace.delay(Demand.batch(100), Millis(NOW + 2_000)) == 0.0


def test_worker_with_a_clock_far_ahead_delays_nobody() -> None:
    """Tokens that were counted an hour from now count as counted now."""
    pace = Pace.full(1.0, Millis(NOW + HOUR)).taken(Demand.batch(1_500), Millis(NOW + HOUR))
    assert pace.delay(Demand.batch(1_000), NOW) == pytest.approx(10.0)
    assert pace.taken(Demand.batch(0), NOW).at == NOW


def test_clocks_that_differ_a_little_add_no_tokens() -> None:
    """Of two workers whose clocks differ, the later clock counts: what was refilled once is not refilled again."""
    pace = Pace.full(1.0, NOW).taken(Demand.batch(1_500), NOW)
    ahead = Millis(NOW + CLOCK_SKEW)
    for _ in range(100):
        pace = pace.taken(Demand({}), ahead).taken(Demand({}), NOW)
    assert pace.available(CHANGES, ahead) == pytest.approx(100.0)
    assert pace.delay(Demand.batch(200), NOW) == pytest.approx(2.0)


def test_each_turn_has_its_version() -> None:
    """The version counts turns, so that a conditional write finds that another worker took one."""
    pace = Pace.full(1.0, NOW)
    assert [pace.version, pace.taken(Demand.reading(), NOW).version] == [0, 1]
    assert pace.answered(throttled=True).version == 0
