"""Read the changes of the last days from the bucket of history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.history.keeper import HistoryUnavailable
from hub.runtime.model.names import Millis
from orgdns.cli.reports.reporting.changes import changes
from orgdns.cli.sources.history.bucket import history_reader
from orgdns.report.model import Changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.runtime.history.entry import Entry
    from orgdns.cli.sources.hub import Hub

# Milliseconds. The raw objects that this reads stay for two weeks.
_SHOWN: Final = 7 * 86_400_000


def recent_changes(account: Hub, now: Millis) -> Changes:
    """The changes of the last week, or why they are not known: the installation keeps none, or may not be asked."""
    since = Millis(max(0, now - _SHOWN))
    try:
        return changes(_once(history_reader(account, now).recent(since)), since)
    except HistoryUnavailable as fault:
        return Changes(unknown=f"The history of names cannot be read, or this installation keeps none: {fault}")


def _once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Each entry once: a batch that was repeated is there twice."""
    seen: set[str] = set()
    for entry in entries:
        if entry.id not in seen:
            seen.add(entry.id)
            yield entry
