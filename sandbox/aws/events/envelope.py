"""The form in which EventBridge carries an event, whoever publishes it.

"Events in Amazon EventBridge" (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events.html).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]


def event_of(
    account: str,
    region: str,
    *,
    time: str,
    source: str,
    detail_type: str,
    detail: Event,
    resources: list[str] | None = None,
) -> Event:
    """An event of an account and region, with an id of its own."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": time,
        "region": region,
        "resources": resources or [],
        "detail": detail,
    }


def timestamp(seconds: float) -> str:
    """A moment as events have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
