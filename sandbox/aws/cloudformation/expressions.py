"""When a schedule is due, as far as schedules here say it. Pure.

"Schedule types in EventBridge Scheduler": rate-based schedules
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
"""

from __future__ import annotations

import re
from typing import Final

_RATE: Final = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}


class NoExpression(ValueError):
    """A schedule expression that Scheduler would refuse, or that is not modelled."""


def period_of(expression: str) -> int:
    """The seconds between two times at which a rate-based schedule is due.

    Raises:
        NoExpression: When it is not one of these.
    """
    match = _RATE.fullmatch(expression)
    if match is None:
        raise NoExpression(f"{expression!r} is no rate(value unit): other schedules are not modelled")
    return int(match[1]) * _SECONDS[match[2]]
