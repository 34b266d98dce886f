"""CloudWatch's API, with the sandbox's metrics, and with alarms that can be evaluated.

A simulation, in place of parts of the emulator: the emulator has metrics that no function or queue feeds, knows no
percentiles, starts alarms as OK, and takes any alarm.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, Statistics
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudwatch.definitions import AlarmRefused, definition
from sandbox.aws.cloudwatch.metrics import MINUTE, NO_UNIT, Metric, is_modeled, statistic_of
from sandbox.aws.cloudwatch.rules.evaluation import State
from sandbox.aws.cloudwatch.rules.expressions import ExpressionRefused, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.aws.cloudwatch.metrics import MetricStore, Place
    from sandbox.aws.cloudwatch.rules.expressions import Series

Json = dict[str, Any]
# An alarm or backend of the emulator, which ships no types.
Moto = Any

_PUT_METRIC_ALARM: Final[Callable[..., Any]] = CloudWatchBackend.put_metric_alarm
_DESCRIBE_ALARMS: Final[Callable[..., Any]] = CloudWatchResponse.describe_alarms
_STATE: Final = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp")


@contextmanager
def strict_alarms() -> Iterator[None]:
    """Refuse alarms that cannot be evaluated, and start the others without data, while the context lasts."""
    with (
        replaced(CloudWatchBackend, put_metric_alarm=_put_metric_alarm),
        replaced(CloudWatchResponse, describe_alarms=_describe_alarms),
    ):
        yield


def _describe_alarms(response: Moto) -> ActionResult:
    """The alarms that DescribeAlarms asks for: the emulator applies one of the conditions only."""
    state, found = response._get_param("StateValue"), _DESCRIBE_ALARMS(response)
    result = {
        kind: [alarm for alarm in alarms if not state or alarm.state_value == state]
        for kind, alarms in found.result.items()
    }
    return ActionResult(result)


def _put_metric_alarm(backend: Moto, name: str, **parameters: Any) -> Moto:  # noqa: ANN401 - the emulator's own
    """Create an alarm, or replace its configuration and keep its state.

    A new alarm has insufficient data ("PutMetricAlarm",
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
    """
    before = backend.alarms.get(name)
    alarm = _PUT_METRIC_ALARM(backend, name=name, **parameters)
    try:
        definition(alarm)
    except AlarmRefused as refused:
        del backend.alarms[name]
        if before:
            backend.alarms[name] = before
        raise ValidationError(str(refused)) from refused
    # The name of the member in the API's answers.
    alarm.metrics = alarm.metric_data_queries
    alarm.state_value = State.INSUFFICIENT_DATA.value
    for attribute in _STATE if before else ():
        setattr(alarm, attribute, getattr(before, attribute))
    return alarm


@contextmanager
def metrics_answered(store: MetricStore) -> Iterator[None]:
    """Answer GetMetricData, GetMetricStatistics, ListMetrics and PutMetricData with the store's metrics."""

    def get_all_metrics(backend: Moto) -> list[Moto]:
        # From one value of each metric, the emulator lists the metrics.
        found = store.metrics(_place(backend))
        return [MetricDatum(each.namespace, each.name, 0.0, _named(each), None) for each in found]

    def get_metric_data(
        backend: Moto, queries: Sequence[Json], start_time: datetime, end_time: datetime, scan_by: str
    ) -> list[Json]:
        return _Window.between(store, _place(backend), start_time, end_time).answers(queries, scan_by)

    def get_metric_statistics(  # noqa: PLR0913, PLR0917 - the emulator's parameters
        backend: Moto,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        stats: Sequence[str],
        dimensions: Sequence[Json],
        unit: str | None = None,
    ) -> list[Moto]:
        window = _Window.between(store, _place(backend), start_time, end_time)
        return window.statistics(Metric(namespace, metric_name, _pairs(dimensions)), period, stats, unit)

    def put_metric_data(backend: Moto, namespace: str, metric_data: Sequence[Json]) -> None:
        for datum in metric_data:
            _put(store, _place(backend), namespace, datum)

    with replaced(
        CloudWatchBackend,
        get_all_metrics=get_all_metrics,
        get_metric_data=get_metric_data,
        get_metric_statistics=get_metric_statistics,
        put_metric_data=put_metric_data,
    ):
        yield


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of a store that a request asks for: an account and region, and whole minutes."""

    store: MetricStore
    place: Place
    start: float
    end: float

    @classmethod
    def between(cls, store: MetricStore, place: Place, start: datetime, end: datetime) -> _Window:
        """Round a start down to its minute."""
        first, last = _seconds(start), _seconds(end)
        if first >= last:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        return cls(store, place, first // MINUTE * MINUTE, last)

    def answers(self, queries: Sequence[Json], scan_by: str) -> list[Json]:
        """GetMetricData's results: of metrics, and of expressions on the metrics in the request."""
        stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
        return [self._answer(query, stats, scan_by) for query in queries if query.get("ReturnData") is not False]

    def _answer(self, query: Json, stats: dict[str, Json], scan_by: str) -> Json:
        text = query.get("Expression") or query["Id"]
        try:
            expression = parsed(text)
        except ExpressionRefused as refused:
            raise ValidationError(str(refused)) from refused
        periods = {int(stats[name]["Period"]) for name in expression.ids if name in stats}
        if len(periods) != 1 or expression.ids - stats.keys():
            raise ValidationError(f"{text}: the metrics must be in the request, and must have the same Period")
        (period,) = periods
        values = expression.evaluate({name: self._series(stats[name], period) for name in expression.ids})
        found = [(start, value) for start, value in zip(self._starts(period), values, strict=True) if value is not None]
        if scan_by == "TimestampDescending":
            found.reverse()
        return {
            "id": query["Id"],
            "label": query.get("Label") or query["Id"],
            "timestamps": [datetime.fromtimestamp(start, UTC) for start, _value in found],
            "values": [value for _start, value in found],
            "status_code": "Complete",
        }

    def _series(self, stat: Json, period: int) -> Series:
        metric = stat["Metric"]
        of = Metric(metric["Namespace"], metric["MetricName"], _pairs(metric.get("Dimensions", ())))
        name = stat["Stat"]
        if not is_modeled(name):
            raise ValidationError(f"the statistic {name} is not modeled")
        return tuple(
            statistic_of(self._values(of, start, period, stat.get("Unit")), name) for start in self._starts(period)
        )

    def statistics(self, of: Metric, period: int, names: Sequence[str], unit: str | None) -> list[Moto]:
        """GetMetricStatistics' data points."""
        units = [unit] if unit else list(self.store.units(self.place, of))
        points = []
        for each in units:
            for start in self._starts(period):
                point = Statistics(names, datetime.fromtimestamp(start, UTC), each)
                values = self._values(of, start, period, each)
                point.metric_data = [MetricDatum(of.namespace, of.name, value, [], point.timestamp) for value in values]
                points += [point] if values else []
        return points

    def _values(self, of: Metric, start: float, period: int, unit: str | None) -> list[float]:
        return self.store.values(self.place, of, start, min(start + period, self.end), unit)

    def _starts(self, period: int) -> list[float]:
        return [self.start + step for step in range(0, int(self.end - self.start), period)]


def _put(store: MetricStore, place: Place, namespace: str, datum: Json) -> None:
    if "StatisticValues" in datum:
        raise ValidationError("StatisticValues are not modeled: send Value or Values")
    values = datum.get("Values") or [datum["Value"]]
    counts = datum.get("Counts") or [1] * len(values)
    repeated = [float(value) for value, count in zip(values, counts, strict=True) for _ in range(int(count))]
    of = Metric(namespace, datum["MetricName"], _pairs(datum.get("Dimensions", ())))
    at = _seconds(datum["Timestamp"]) if datum.get("Timestamp") else None
    store.put(place, of, repeated, datum.get("Unit", NO_UNIT), at)


def _place(backend: Moto) -> Place:
    return backend.account_id, backend.region_name


def _pairs(dimensions: Sequence[Json]) -> frozenset[tuple[str, str]]:
    return frozenset((dimension["Name"], dimension["Value"]) for dimension in dimensions)


def _named(of: Metric) -> list[Json]:
    return [{"Name": name, "Value": value} for name, value in sorted(of.dimensions)]


def _seconds(moment: datetime) -> float:
    # The emulator's times are UTC, and some have no time zone.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
