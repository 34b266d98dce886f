"""Decides the state of an alarm by its data points. Pure.

"Alarm evaluation" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html) and
"Configuring how CloudWatch alarms treat missing data"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# CloudWatch retrieves more data points than it evaluates. It documents how many only for three evaluation periods.
_FURTHER_POINTS: Final = 2


class State(Enum):
    """The state of an alarm, as CloudWatch names it."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(Enum):
    """How an alarm treats missing data points, as CloudWatch names it."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alarm fires: if `datapoints` of the last `periods` data points breach the threshold."""

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: Missing

    @property
    def range(self) -> int:
        """The number of periods whose data points CloudWatch retrieves."""
        return self.periods + _FURTHER_POINTS


@dataclass(frozen=True, slots=True)
class Decision:
    """The state that the data points give, and why."""

    state: State
    reason: str


def decision(rule: Rule, values: Sequence[float | None], present: State) -> Decision:
    """The state of an alarm by the data points in the evaluation range, the oldest first; None is a missing one."""
    real = [value for value in values if value is not None]
    evaluated = real[-rule.periods :]
    breaching = [value for value in evaluated if COMPARISONS[rule.comparison](value, rule.threshold)]
    return Decision(_state(rule, values, len(evaluated), len(breaching), present), _reason(rule, evaluated, breaching))


def _state(rule: Rule, values: Sequence[float | None], evaluated: int, breaching: int, present: State) -> State:
    filled = rule.periods - evaluated
    if filled and rule.missing is Missing.BREACHING:
        breaching += filled
    if breaching >= rule.datapoints:
        return State.ALARM
    if not filled or rule.missing in {Missing.BREACHING, Missing.NOT_BREACHING} or breaching < evaluated:
        return State.OK
    # From here on, no data point is within the threshold, and too few breach it.
    if rule.missing is Missing.IGNORE:
        return present
    if not evaluated:
        return State.INSUFFICIENT_DATA
    # "Avoiding premature transitions to alarm state": the oldest one must be old enough. Otherwise the state stays; AWS
    # documents only that it is not ALARM that follows.
    oldest = next(age for age, value in zip(range(len(values), 0, -1), values, strict=True) if value is not None)
    return State.ALARM if rule.datapoints <= oldest <= rule.periods else present


def _reason(rule: Rule, evaluated: Sequence[float], breaching: Sequence[float]) -> str:
    missing = rule.periods - len(evaluated)
    treated = f"; {missing} missing and treated as {rule.missing.value}" if missing else ""
    return (
        f"{len(breaching)} of the last {len(evaluated)} datapoints {list(evaluated)} are {rule.comparison} "
        f"({rule.threshold}); {rule.datapoints} of {rule.periods} make an alarm{treated}"
    )
