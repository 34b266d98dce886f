"""Times that a person writes. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from hub.runtime.model.names import Millis

_AGO: Final = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


class MomentInvalid(ValueError):
    """The text is no time; the message says what to write."""


def moment(text: str, now: Millis, option: str) -> Millis:
    """The time that a text means: `2026-11-24T14:00`, with or without an offset, or `3d`, that long ago.

    Without an offset, it is UTC.

    Raises:
        MomentInvalid: if it is neither, or in the future.
    """
    if ago := _AGO.fullmatch(text):
        return Millis(max(0, now - int(ago[1]) * _UNITS[ago[2]]))
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        at = Millis(round(found.timestamp() * 1_000))
    except (ValueError, OverflowError) as error:
        raise MomentInvalid(
            f"{option} {text}: write a time such as 2026-11-24T14:00, 2026-11-24T14:00+01:00 or, for that long ago, "
            "90m, 3d or 2w"
        ) from error
    if not 0 <= at <= now:
        raise MomentInvalid(f"{option} {text}: the time must not be in the future")
    return at
