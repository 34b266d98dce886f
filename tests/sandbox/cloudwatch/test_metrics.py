"""The store of metrics, and statistics."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.metrics import MetricStore, metric, percentile_of, statistic_of
from sandbox.clock import moved_clock

PLACE = ("111111111111", "eu-central-1")
DEPTH = metric("Test", "Depth", queue="a")
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("Sum", 10),
        ("Average", 2.5),
        ("Minimum", 1),
        ("Maximum", 4),
        ("SampleCount", 4),
        ("p50", 2),
        ("p75", 3),
        ("p99.99", 4),
        ("p100", 4),
        ("p0", 1),
    ],
)
def test_statistics(statistic: str, value: float) -> None:
    """Each statistic of four values."""
    assert statistic_of([4, 1, 3, 2], statistic) == value
    assert statistic_of([], statistic) is None


@pytest.mark.parametrize("statistic", ["tm90", "IQM", "p101", "p", "P99", "p9.999", "Median"])
def test_other_statistics_are_not_modeled(statistic: str) -> None:
    """Nothing else is guessed."""
    assert percentile_of(statistic) is None
    with pytest.raises(NotImplementedError, match="is not modeled"):
        statistic_of([1], statistic)


@given(VALUES, st.integers(0, 100))
def test_percentile_is_a_value_of_its_rank(values: list[float], percentage: int) -> None:
    """At least so many percent of the values are not larger, and the median is where it must be."""
    found = statistic_of(values, f"p{percentage}")
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percentage * len(values)
    assert statistic_of(values, "p50") == statistics.median_low(values)


def test_values_count_for_their_minute() -> None:
    """A minute includes its start, and not its end."""
    with moved_clock() as clock:
        store, now = MetricStore(clock), clock.now()
        store.put(PLACE, DEPTH, [1])
        store.put(PLACE, DEPTH, [2], at=now + 59.9)
        store.put(PLACE, DEPTH, [3], at=now + 60)
        assert store.values(PLACE, DEPTH, now, now + 60) == [1, 2]
        assert store.values(PLACE, DEPTH, now, now + 120) == [1, 2, 3]
        assert store.values(PLACE, DEPTH, now - 60, now) == []


def test_metric_is_all_of_its_dimensions() -> None:
    """A metric with more or other dimensions, and one of another place, is another metric."""
    with moved_clock() as clock:
        store, now = MetricStore(clock), clock.now()
        store.put(PLACE, DEPTH, [1])
        for other in (metric("Test", "Depth"), metric("Test", "Depth", queue="b"), metric("Else", "Depth", queue="a")):
            assert store.values(PLACE, other, now, now + 60) == []
        assert store.values(("222222222222", PLACE[1]), DEPTH, now, now + 60) == []
        assert list(store.metrics(PLACE)) == [DEPTH]
        assert str(DEPTH) == "Test Depth [queue=a]"


def test_unit_selects_values() -> None:
    """Without a unit all values count, with one only those of the unit."""
    with moved_clock() as clock:
        store, now = MetricStore(clock), clock.now()
        store.put(PLACE, DEPTH, [1], "Count")
        store.put(PLACE, DEPTH, [2], "Bytes")
        assert store.values(PLACE, DEPTH, now, now + 60) == [1, 2]
        assert store.values(PLACE, DEPTH, now, now + 60, "Bytes") == [2]
        assert store.values(PLACE, DEPTH, now, now + 60, "Percent") == []
        assert list(store.units(PLACE, DEPTH)) == ["Count", "Bytes"]


def test_values_are_kept_for_15_days() -> None:
    """Older minutes are forgotten."""
    with moved_clock() as clock:
        store, start = MetricStore(clock), clock.now()
        store.put(PLACE, DEPTH, [1])
        clock.advance(15 * 24 * 3600)
        store.put(PLACE, DEPTH, [2])
        assert store.values(PLACE, DEPTH, start, start + 60) == [1]
        clock.advance(60)
        store.put(PLACE, DEPTH, [3])
        assert store.values(PLACE, DEPTH, start, clock.now() + 60) == [2, 3]
