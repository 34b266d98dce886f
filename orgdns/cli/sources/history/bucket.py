"""The bucket of history of the hub account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.aws.history.bucket import HistoryBucket
from orgdns.cli.sources.history.reader import HistoryReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.runtime.model.names import Millis
    from orgdns.cli.sources.hub import Hub


def history_reader(account: Hub, now: Millis, progress: Callable[[int], None] = lambda _: None) -> HistoryReader:
    """The reader of the history of an installation.

    Raises:
        HubUnknown: if AWS does not say which account the credentials are of.
    """
    owner = account.id()
    bucket = HistoryBucket(account.client("s3"), account.names.history_bucket(owner, account.region), owner)
    return HistoryReader(bucket, now, progress)
