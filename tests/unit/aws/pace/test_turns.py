from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.aws.pace.turns import Turns
from hub.runtime.model.names import Millis
from hub.runtime.ports import LedgerUnavailable, NoTurn
from hub.runtime.rate_limit import BUCKETS, CHANGES, LEAST_RATE, REQUESTS, Demand, Pace, Urgency
from sandbox.bench.pace import MemoryPaceRow
from sandbox.bench.path.services.quotas import exceeded

START = 1_000_000.0
# Milliseconds that a write to the ledger takes, and a call to Route 53.
WRITE, CALL = (2, 20), (50, 400)


class Waits(Exception):
    """A worker waits so many seconds."""


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a simulation, which must be repeatable


def _wait(seconds: float) -> None:
    raise Waits(seconds)


class FixedClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = int(START)

    def __call__(self) -> Millis:
        return Millis(self.now)

    def sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1_000)


@dataclass
class Worker:
    """A worker that makes its next call as soon as it may."""

    demand: Demand
    turns: Turns
    skew: int = 0
    took: list[float] = field(default_factory=list)


@dataclass
class Simulation:
    """Workers with clocks of their own, which share one row. Between two of their steps, the others go on."""

    share: float
    seed: random.Random
    row: MemoryPaceRow = field(default_factory=MemoryPaceRow)
    now: float = START
    workers: list[Worker] = field(default_factory=list)

    def add(self, demand: Demand, skew: int = 0) -> None:
        clock: Callable[[], Millis] = lambda: Millis(int(self.now) + skew)  # noqa: E731 - a clock of its own
        self.workers.append(Worker(demand, Turns(self.row, self.share, clock, _wait), skew))

    def run(self, seconds: float) -> None:
        steps: list[tuple[float, int]] = []
        for number in range(len(self.workers)):
            heappush(steps, (self.now + self.seed.uniform(*WRITE), number))
        while steps[0][0] <= START + seconds * 1_000:
            self.now, number = heappop(steps)
            worker = self.workers[number]
            try:
                worker.turns.take(worker.demand)
                worker.turns.answered(throttled=False)
                worker.took.append(self.now)
                pause = self.seed.uniform(*CALL)
            except Waits as waits:
                pause = waits.args[0] * 1_000
            heappush(steps, (self.now + pause + self.seed.uniform(*WRITE), number))

    def excess(self, bucket: str) -> float:
        """The most tokens, in any window of time, beyond what the bucket holds and gains meanwhile."""
        took = ((at / 1_000, worker.demand.tokens.get(bucket, 0.0)) for worker in self.workers for at in worker.took)
        capacity, refill = (each * self.share for each in BUCKETS[bucket])
        return exceeded(sorted(took), max(1.0, capacity), refill)


@given(st.lists(st.sampled_from([1, 20, 60, 100]), min_size=16, max_size=16), st.integers(0, 2**32), st.data())
@settings(max_examples=10)
def test_sixteen_workers_stay_within_the_share(changes: Sequence[int], seed: int, data: st.DataObject) -> None:
    """Whatever they publish, in every window of time they take no more than the share of the buckets."""
    made = Simulation(data.draw(st.sampled_from([0.3, 0.7, 1.0])), seeded(seed))
    for number in changes:
        made.add(Demand.batch(number))
    made.run(60)
    # Times are whole milliseconds.
    assert made.excess(CHANGES) <= 0.2
    assert made.excess(REQUESTS) <= 0.02


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_workers_together_get_the_whole_share(workers: int) -> None:
    """One worker alone, or sixteen, publish as fast as the bucket allows, and equal workers get equal parts."""
    made = Simulation(1.0, seeded(1))
    for _ in range(workers):
        made.add(Demand.batch(100))
    made.run(300)
    taken = [len(worker.took) for worker in made.workers]
    assert sum(taken) * 100 >= 0.99 * (1_500 + 100 * 300)
    assert min(taken) > 0.25 * sum(taken) / workers


def test_prompt_changes_never_keep_a_large_batch_waiting() -> None:
    """While fifteen workers publish prompt changes without end, released ones still get half of the changes."""
    made = Simulation(0.7, seeded(4))
    for number in range(15):
        made.add(Demand.batch(10, Urgency.QUIET, f"Z{number}"))
    made.add(Demand.batch(700, zone_id="Z1"))
    made.run(240)
    released = len(made.workers[-1].took) * 700
    assert released >= 0.45 * (1_050 + 70 * 240)


PUBLISHING = {
    "batches": [Demand.batch(1, zone_id=f"Z{number}") for number in range(16)],
    "prompt batches": [Demand.batch(1, Urgency.PROMPT, f"Z{number}") for number in range(16)],
    "prompt readings": [Demand.reading(Urgency.PROMPT)] * 16,
}


@pytest.mark.parametrize("other", [Demand.listing(), Demand.association()])
@pytest.mark.parametrize("publishing", PUBLISHING.values(), ids=PUBLISHING)
def test_publishing_never_keeps_the_others_waiting(publishing: Sequence[Demand], other: Demand) -> None:
    """While sixteen workers publish without end, an audit or an association still gets a part of the requests."""
    made = Simulation(0.7, seeded(2))
    for demand in publishing:
        made.add(demand)
    made.add(other)
    made.run(120)
    assert len(made.workers[-1].took) >= 60


@pytest.mark.parametrize("other", [Demand.batch(10, zone_id="Z0"), Demand.association(zone_id="Z0")])
def test_prompt_batches_of_a_zone_keep_nobody_else_waiting(other: Demand) -> None:
    """While sixteen workers send prompt batches of one zone without end, the backlog and associations get a part."""
    made = Simulation(0.7, seeded(5))
    for _ in range(16):
        made.add(Demand.batch(1, Urgency.QUIET, "Z0"))
    made.add(other)
    made.run(120)
    assert len(made.workers[-1].took) >= 60


@given(st.integers(0, 2**32))
@settings(max_examples=10)
def test_clocks_that_differ_do_not_raise_the_share(seed: int) -> None:
    """Workers whose clocks differ by up to a quarter of a second take no more than workers with one clock."""
    drawn = seeded(seed)
    made = Simulation(1.0, drawn)
    for _ in range(8):
        made.add(Demand.batch(50), drawn.randint(-250, 250))
    made.run(60)
    assert made.excess(CHANGES) <= 0.5 * BUCKETS[CHANGES][1]


def test_worker_with_a_clock_an_hour_ahead_delays_nobody() -> None:
    """The others get their turns as if it had the right time."""
    made = Simulation(1.0, seeded(3))
    made.add(Demand.batch(500), 3_600_000)
    made.run(20)
    ahead = made.workers.pop()
    made.add(Demand.batch(100))
    made.now = START + 20_000
    made.run(60)
    assert ahead.took
    assert len(made.workers[0].took) >= 35


def turns(row: MemoryPaceRow, clock: FixedClock, share: float = 1.0) -> Turns:
    return Turns(row, share, clock, clock.sleep)


def test_lost_race_costs_no_reading() -> None:
    """A worker that lost a race goes on with the pace that the write returned."""
    row, clock = MemoryPaceRow(), FixedClock()
    first, second = turns(row, clock), turns(row, clock)
    for worker in (first, second, first, second):
        worker.take(Demand.batch(300))
    assert row.lost == 3
    assert row.stored is not None
    assert row.stored.available(CHANGES, clock()) == 300


def test_call_that_may_not_wait_so_long_finds_no_turn() -> None:
    """It takes nothing, and says how long it would have to wait."""
    row, clock = MemoryPaceRow(), FixedClock()
    worker = turns(row, clock)
    worker.take(Demand.batch(1_500))
    before, stored = clock(), row.stored
    with pytest.raises(NoTurn) as refused:
        worker.take(Demand.batch(300), wait=2.0)
    assert refused.value.seconds == pytest.approx(3.0)
    assert (clock(), row.stored) == (before, stored)
    worker.take(Demand.batch(300), wait=3.0)
    assert clock() == before + 3_000


def test_wait_counts_what_was_waited_in_vain() -> None:
    """If another worker is faster, the call does not wait for the whole time again."""
    row, clock = MemoryPaceRow(), FixedClock()
    other = turns(row, clock)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        other.take(Demand.batch(100), wait=0)

    worker = Turns(row, 1.0, clock, sleep)
    worker.take(Demand.batch(1_500))
    with pytest.raises(NoTurn):
        worker.take(Demand.batch(100), wait=1.5)


def test_answers_are_stored_with_the_next_turn() -> None:
    """A throttled call slows down all workers, as soon as its worker takes another turn."""
    row, clock = MemoryPaceRow(), FixedClock()
    worker = turns(row, clock)
    worker.take(Demand.reading())
    for _ in range(3):
        worker.answered(throttled=True)
    assert row.stored is not None
    assert row.stored.rate == 1.0
    worker.take(Demand.reading())
    assert row.stored.rate == LEAST_RATE
    other = turns(row, clock)
    other.take(Demand.batch(1_500))
    assert other.delay(Demand.batch(100)) == pytest.approx(4.0)


def test_releases_keep_a_distance() -> None:
    """Whatever the share is, those of all workers: the names of five seconds come back together."""
    row, clock = MemoryPaceRow(), FixedClock()
    began, times = clock(), []
    for _ in range(3):
        turns(row, clock, 0.1).take(Demand.release_turn())
        times.append((clock() - began) / 1_000)
    assert times == pytest.approx([0.0, 5.0, 10.0])


def test_what_a_worker_knows() -> None:
    """Delay and allowance are those of the last known pace; the largest batch needs no more than a full bucket."""
    row, clock = MemoryPaceRow(), FixedClock()
    worker = turns(row, clock, 0.1)
    assert (worker.most_changes, worker.allowance(0, prompt=True)) == (150, 75)
    worker.take(Demand.batch(75, Urgency.PROMPT))
    worker.take(Demand.batch(75))
    assert worker.delay(Demand.batch(10)) == pytest.approx(1.0)
    assert worker.allowance(2.0, prompt=True) == 10
    # What comes back in ten seconds at this share.
    assert worker.most_releases == 100


def test_unanswered_write_takes_no_turn() -> None:
    """If the ledger does not answer, the call is not made."""

    class Silent:
        def replaced(self, before: int, pace: Pace) -> Pace | None:
            raise LedgerUnavailable(f"{before} {pace}")

    clock = FixedClock()
    with pytest.raises(LedgerUnavailable):
        Turns(Silent(), 1.0, clock, clock.sleep).take(Demand.reading())


@pytest.mark.parametrize("demand", [Demand.batch(900), Demand.reading()])
def test_a_clock_that_was_set_back_delays_no_turn(demand: Demand) -> None:
    """The worker's own last turn is in the future then. It waits for the tokens that it lacks, and not for an hour."""
    row, clock = MemoryPaceRow(), FixedClock()
    worker = turns(row, clock)
    for _ in range(int(BUCKETS[REQUESTS][0])):
        worker.take(demand)
    clock.now -= 3_600_000
    before = clock()
    worker.take(demand)
    assert clock() <= before + 16_000
