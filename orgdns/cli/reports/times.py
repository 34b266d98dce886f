"""Times as people read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.runtime.model.names import Millis


def time(millis: Millis) -> str:
    """A time in UTC, in ISO 8601 format."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_or_none(millis: Millis) -> str | None:
    """A time in ISO 8601 format, or None if it is not set."""
    return time(millis) if millis else None
