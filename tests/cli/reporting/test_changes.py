"""Changes of the last days, from the entries of history."""

from __future__ import annotations

from hub.runtime.history.entry import Entry
from hub.runtime.model.names import Fqdn, InstanceRef, Millis, NameKey, RecordSet, RecordType
from hub.runtime.model.reasons.cause import Cause
from orgdns.cli.reports.reporting.changes import changes

HOLDER = InstanceRef("444444444444", "eu-central-1", "i-00000000000000001")
RECORD = RecordSet(Fqdn("web.corp.internal."), RecordType.A, 60, ("10.7.0.4",), str(HOLDER))


def entry(at: int, cause: Cause = Cause.START, *, found: bool = False) -> Entry:
    key = NameKey("Z1", RECORD.fqdn)
    return Entry(f"{at:03}", key, Millis(at), Millis(at), (), (RECORD,), cause=cause, by=HOLDER, found=found)


def test_a_change_says_what_when_and_why() -> None:
    """The name is without its trailing dot, and the instance is that whose claim changed."""
    (row,) = changes([entry(60_000)], Millis(0)).listing.rows
    assert (row.name, row.before, row.after) == ("web.corp.internal", "", "A 10.7.0.4")
    assert (row.at, row.cause, row.instance) == ("1970-01-01T00:01:00.000Z", "start", HOLDER.id)


def test_the_latest_changes_come_first() -> None:
    """Of more than fit, the latest stay, all are counted by cause, and those before the time do not count."""
    several = [entry(at, Cause.END if at % 2 else Cause.START) for at in (5, 1, 9, 4, 8)]
    found = changes(several, Millis(4), most=2)
    assert found.since == "1970-01-01T00:00:00.004Z"
    assert [row.at[-4:-1] for row in found.listing.rows] == ["009", "008"]
    assert (found.listing.total, found.listing.kinds) == (4, {"end": 2, "start": 2})


def test_what_is_not_known_has_no_cause() -> None:
    """A change that an audit found in the zone is somebody else's, and a row of an older version says no cause."""
    found = changes([entry(1, found=True), entry(2, Cause.UNKNOWN)], Millis(0)).listing.rows
    assert [row.cause for row in found] == ["unknown", "found in the zone"]
