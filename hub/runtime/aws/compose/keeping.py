"""Composes history with its bucket."""

from __future__ import annotations

from functools import cache

from hub.runtime import contract
from hub.runtime.aws import sessions, settings
from hub.runtime.aws.history.bucket import HistoryBucket
from hub.runtime.history.keeper import Keeper


@cache
def keeper() -> Keeper:
    """The history in its bucket, which remembers which days it compacted."""
    client = sessions.client("s3", sessions.CLIENT_CONFIG)
    bucket, owner = settings.value(contract.ENV_HISTORY_BUCKET), settings.value(contract.ENV_HUB_ACCOUNT)
    return Keeper(HistoryBucket(client, bucket, owner))
