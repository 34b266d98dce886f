"""The values of metrics, by account and region, in buckets of a minute.

A simulation of what CloudWatch keeps ("Metrics concepts",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html). A metric is identified by its
namespace, its name and all of its dimensions. Metrics of high resolution are not modeled, so a value counts for its
whole minute.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sandbox.clock import Clock

MINUTE: Final = 60
# Data points of a minute are kept for 15 days ("Metrics retention", as above).
_KEPT_MINUTES: Final = 15 * 24 * 60
NO_UNIT: Final = "None"
Place = tuple[str, str]
"""An account and a region."""

# "Percentile", https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
_PERCENTILE: Final = re.compile(r"p(100|[0-9]{1,2}(?:\.[0-9]{1,2})?)")
SIMPLE: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Average": fmean,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Sum": math.fsum,
}


@dataclass(frozen=True, slots=True)
class Metric:
    """What identifies a metric of an account and region."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in sorted(self.dimensions))
        return f"{self.namespace} {self.name} [{shown}]"


def metric(namespace: str, name: str, **dimensions: str) -> Metric:
    """A metric with these dimensions."""
    return Metric(namespace, name, frozenset(dimensions.items()))


def percentile_of(statistic: str) -> float | None:
    """The percentage in a statistic such as `p99.9`, or None if it is another statistic."""
    match = _PERCENTILE.fullmatch(statistic)
    return float(match[1]) if match else None


def is_modeled(statistic: str) -> bool:
    """Whether a statistic is a simple one or a percentile."""
    return statistic in SIMPLE or percentile_of(statistic) is not None


def statistic_of(values: Sequence[float], statistic: str) -> float | None:
    """A statistic of some values; None if there are none."""
    if not values:
        return None
    if statistic in SIMPLE:
        return float(SIMPLE[statistic](values))
    percentage = percentile_of(statistic)
    if percentage is None:
        raise NotImplementedError(f"the statistic {statistic} is not modeled")
    # The nearest rank. CloudWatch estimates percentiles, and does not document how.
    return sorted(values)[max(0, math.ceil(percentage / 100 * len(values)) - 1)]


class MetricStore:
    """The metrics of all accounts and regions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # The values of each minute, by the metric and then by unit.
        self._metrics: dict[Place, dict[Metric, dict[str, dict[int, list[float]]]]] = defaultdict(dict)

    def put(
        self,
        place: Place,
        of: Metric,
        values: Iterable[float],
        unit: str = NO_UNIT,
        at: float | None = None,
    ) -> None:
        """Keep values of a metric, by default of now."""
        minute = int((self._clock.now() if at is None else at) // MINUTE)
        minutes = self._metrics[place].setdefault(of, {}).setdefault(unit, {})
        minutes.setdefault(minute, []).extend(values)
        while (oldest := next(iter(minutes))) < minute - _KEPT_MINUTES:
            del minutes[oldest]

    def values(self, place: Place, of: Metric, start: float, end: float, unit: str | None = None) -> list[float]:
        """The values from a minute's start to another's, with this unit or with any."""
        units = self._metrics[place].get(of, {})
        wanted = units.values() if unit is None else [units.get(unit, {})]
        span = range(int(start // MINUTE), int(end // MINUTE))
        # Over whichever are fewer: the minutes asked for, or those that have values.
        return [
            value
            for minutes in wanted
            for minute in (span if len(span) < len(minutes) else [each for each in minutes if each in span])
            for value in minutes.get(minute, ())
        ]

    def metrics(self, place: Place) -> Iterator[Metric]:
        """The metrics that have values."""
        yield from self._metrics[place]

    def units(self, place: Place, of: Metric) -> Iterator[str]:
        """The units in which a metric has values."""
        yield from self._metrics[place].get(of, {})
