"""The changes of the last days, from the entries of history. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.cli.reports.reporting.bounded import Bounded
from orgdns.cli.reports.reporting.names import values_of
from orgdns.cli.reports.times import time
from orgdns.report.model import Change, Changes, Listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.history.entry import Entry
    from hub.runtime.model.names import Millis

MOST: Final = 5_000
_FOUND: Final = "found in the zone"


def changes(entries: Iterable[Entry], since: Millis, most: int = MOST) -> Changes:
    """The changes since a time, latest first; entries of the time before are left out."""
    kept = Bounded["Entry"](most, lambda entry: (-entry.at, entry.key, entry.id))
    for entry in entries:
        if entry.at >= since:
            kept.add(entry, _cause(entry))
    listing = kept.listing()
    return Changes(time(since), Listing(listing.total, listing.kinds, tuple(map(_change, listing.rows))))


def _change(entry: Entry) -> Change:
    return Change(
        at=time(entry.at),
        name=entry.key.fqdn.removesuffix("."),
        before=values_of(entry.before),
        after=values_of(entry.after),
        instance=entry.by.id if entry.by else "",
        cause=_cause(entry),
    )


def _cause(entry: Entry) -> str:
    """Why a name changed, as far as it is known. What somebody else changed is found, and has no cause of ours."""
    return _FOUND if entry.found else entry.cause.value or "unknown"
