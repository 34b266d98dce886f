"""Parses the schedule expressions that the sandbox simulates. Pure.

"Schedule types in EventBridge Scheduler": rate-based schedules, and cron-based ones that run once a day, by default in
UTC (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
"""

from __future__ import annotations

import re
from typing import Final

_RATE: Final = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_DAILY: Final = re.compile(r"cron\(([0-5]?[0-9]) ([01]?[0-9]|2[0-3]) \* \* \? \*\)")
_DAY: Final = 86_400


class NoExpression(ValueError):
    """A schedule expression that Scheduler would refuse, or that is not modeled."""


def due_at(expression: str, created: float, last: float | None) -> float:
    """When a schedule is due next that was created, and ran last, at these times; all in seconds since 1970.

    A rate-based schedule is due when it is created. AWS does not document when it runs first.

    Raises:
        NoExpression: if the expression is neither rate-based nor a time of each day.
    """
    if rate := _RATE.fullmatch(expression):
        return created if last is None else last + int(rate[1]) * _SECONDS[rate[2]]
    daily = _DAILY.fullmatch(expression)
    if daily is None:
        known = "rate(value unit) or cron(minute hour * * ? *)"
        raise NoExpression(f"{expression!r} is not {known}: other schedules are not modeled")
    after = created if last is None else last
    at = after // _DAY * _DAY + int(daily[2]) * 3_600 + int(daily[1]) * 60
    return at if at > after else at + _DAY
