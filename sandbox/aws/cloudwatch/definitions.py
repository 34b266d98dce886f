"""What an alarm watches, read from the emulator's alarm; what CloudWatch refuses, and what is not modeled, is an error.

"PutMetricAlarm" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html) and "Alarms
on math expressions"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html). The ranges of single
parameters are in the API's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudwatch.metrics import MINUTE, SIMPLE, Metric, is_modeled, percentile_of
from sandbox.aws.cloudwatch.rules.evaluation import COMPARISONS, Missing, Rule
from sandbox.aws.cloudwatch.rules.expressions import Expression, ExpressionRefused, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# An alarm or a query of the emulator, which ships no types.
Moto = Any

_ONE: Final = "m"
_MAX_METRICS: Final = 10
_DAY: Final = 24 * 3600
# Alarms with periods of an hour or more may look at a week, others at a day.
_LONG_PERIOD: Final = 3600
_WEEK: Final = 7 * _DAY
_DYNAMODB: Final = "AWS/DynamoDB"


class AlarmRefused(ValueError):
    """An alarm that CloudWatch refuses, or that is not modeled. The message says why."""


@dataclass(frozen=True, slots=True)
class Stat:
    """A statistic of a metric."""

    metric: Metric
    statistic: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Definition:
    """An alarm: what it watches in each period, and when it fires."""

    stats: Mapping[str, Stat]
    expression: Expression
    period: int
    rule: Rule
    # With a percentile: the fewest samples with which it is evaluated, or 0.
    samples: int

    @property
    def of_several_days(self) -> bool:
        """Whether CloudWatch evaluates the alarm only once an hour ("Example of evaluating a multi-day alarm")."""
        return self.period * self.rule.periods > _DAY


def definition(alarm: Moto) -> Definition:
    """What an alarm watches.

    Raises:
        AlarmRefused: if CloudWatch refuses the alarm, or if it is not modeled.
    """
    for parameter, value in (
        ("ThresholdMetricId", alarm.threshold_metric_id),
        ("an anomaly detection band", alarm.comparison_operator not in COMPARISONS),
    ):
        if value:
            raise AlarmRefused(f"alarms with {parameter} are not modeled")
    if alarm.metric_data_queries:
        stats, text, period = _of_math(alarm)
    else:
        stats, text, period = _of_metric(alarm)
    try:
        expression = parsed(text)
    except ExpressionRefused as refused:
        raise AlarmRefused(str(refused)) from refused
    if unknown := sorted(expression.ids - stats.keys()):
        raise AlarmRefused(f"the expression has ids that no metric has: {unknown}")
    return Definition(stats, expression, period, _rule(alarm, stats, period), _samples(alarm))


def _rule(alarm: Moto, stats: Mapping[str, Stat], period: int) -> Rule:
    periods = int(alarm.evaluation_periods)
    datapoints = int(alarm.datapoints_to_alarm or periods)
    if datapoints > periods:
        raise AlarmRefused("DatapointsToAlarm is larger than EvaluationPeriods")
    if period * periods > (_WEEK if period >= _LONG_PERIOD else _DAY):
        raise AlarmRefused("EvaluationPeriods times Period is more than a day, or more than a week of long periods")
    try:
        missing = Missing(alarm.treat_missing_data or "missing")
    except ValueError as unknown:
        raise AlarmRefused("TreatMissingData has a value that CloudWatch does not know") from unknown
    if any(stat.metric.namespace == _DYNAMODB for stat in stats.values()):
        # "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data".
        missing = Missing.IGNORE
    return Rule(alarm.comparison_operator, float(alarm.threshold), periods, datapoints, missing)


def _of_metric(alarm: Moto) -> tuple[dict[str, Stat], str, int]:
    absent = [
        name
        for name, value in (
            ("Namespace", alarm.namespace),
            ("MetricName", alarm.metric_name),
            ("Period", alarm.period),
            ("Statistic or ExtendedStatistic", alarm.statistic or alarm.extended_statistic),
        )
        if not value
    ]
    if absent:
        raise AlarmRefused(f"an alarm on one metric needs {absent}")
    if alarm.statistic and alarm.extended_statistic:
        raise AlarmRefused("an alarm has Statistic or ExtendedStatistic, and not both")
    metric = Metric(alarm.namespace, alarm.metric_name, _dimensions(alarm.dimensions))
    stat = Stat(metric, _statistic(alarm.statistic or alarm.extended_statistic), alarm.unit)
    return {_ONE: stat}, _ONE, _period(alarm.period)


def _of_math(alarm: Moto) -> tuple[dict[str, Stat], str, int]:
    for name in ("namespace", "metric_name", "period", "statistic", "extended_statistic", "dimensions", "unit"):
        if getattr(alarm, name):
            raise AlarmRefused(f"an alarm with Metrics has no {name} of its own")
    queries = alarm.metric_data_queries
    expressions = [query for query in queries if query.expression]
    metrics = [query for query in queries if query.metric_stat]
    if len(expressions) != 1 or len(expressions) + len(metrics) != len(queries):
        raise AlarmRefused(
            "Metrics must have one Expression, and a MetricStat in each other entry: only this is modeled"
        )
    if len({query.id for query in queries}) != len(queries) or len(metrics) > _MAX_METRICS:
        raise AlarmRefused(f"Metrics must have ids of their own, and at most {_MAX_METRICS} metrics")
    if [query.id for query in queries if query.return_data is not False] != [expressions[0].id]:
        raise AlarmRefused("only the expression returns data: each MetricStat needs ReturnData false")
    periods = {_period(query.metric_stat.period) for query in metrics}
    periods |= {_period(query.period) for query in expressions if query.period}
    if len(periods) != 1:
        raise AlarmRefused("the metrics of an expression must have the same Period")
    stats = {
        query.id: Stat(
            Metric(
                query.metric_stat.metric.namespace,
                query.metric_stat.metric.metric_name,
                _dimensions(query.metric_stat.metric.dimensions),
            ),
            _statistic(query.metric_stat.stat),
            query.metric_stat.unit,
        )
        for query in metrics
    }
    return stats, expressions[0].expression, periods.pop()


def _samples(alarm: Moto) -> int:
    """The fewest samples of a percentile that count ("Percentile-based CloudWatch alarms and low data samples")."""
    percentage = percentile_of(alarm.extended_statistic or "")
    if alarm.evaluate_low_sample_count_percentile != "ignore" or not percentage:
        return 0
    share = percentage / 100
    return round(10 / (1 - share if share >= 1 / 2 else share)) if share < 1 else 0


def _dimensions(dimensions: Iterable[Moto]) -> frozenset[tuple[str, str]]:
    return frozenset((dimension.name, dimension.value) for dimension in dimensions)


def _statistic(name: str) -> str:
    if not is_modeled(name):
        raise AlarmRefused(f"the statistic {name} is not modeled: use one of {sorted(SIMPLE)}, or a percentile")
    return name


def _period(seconds: float) -> int:
    if int(seconds) % MINUTE:
        raise AlarmRefused(f"a Period of {seconds} seconds is not modeled: use a multiple of 60")
    return int(seconds)
