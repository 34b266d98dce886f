"""Parses the schedule expressions that the sandbox simulates. Pure.

"Schedule types in EventBridge Scheduler": rate-based schedules
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
"""

from __future__ import annotations

import re
from typing import Final

_RATE: Final = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}


class NoExpression(ValueError):
    """A schedule expression that Scheduler would refuse, or that is not modeled."""


def period_of(expression: str) -> int:
    """The seconds between two runs of a rate-based schedule.

    Raises:
        NoExpression: if the expression is not rate-based.
    """
    match = _RATE.fullmatch(expression)
    if match is None:
        raise NoExpression(f"{expression!r} is not rate(value unit): other schedules are not modeled")
    return int(match[1]) * _SECONDS[match[2]]
