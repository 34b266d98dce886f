"""Entries and marks as lines of JSON. Pure.

A line is an object. `k` is the kind, and empty values are left out. A line that cannot be read is reported and skipped:
a later version of orgdns may have written it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hub.runtime.boundary.schema import flag, number, text, texts
from hub.runtime.boundary.unreadable import Malformed, Unreadable, readable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.model.names import NEVER, Fqdn, InstanceRef, Millis, NameKey, RecordSet, RecordType
from hub.runtime.model.reasons.cause import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHANGE = "change"


def line_of(kept: Entry | Mark) -> str:
    """The line of an entry or a mark, without a line feed. The same value gives the same line."""
    return json.dumps(_mark(kept) if isinstance(kept, Mark) else _entry(kept), separators=(",", ":"))


def kept_in(line: str) -> Entry | Mark | Unreadable:
    """The entry or mark in a line, or that the line cannot be read."""
    return readable(_kept, line, line[:100])


def keys_of(entry: Entry) -> tuple[str, ...]:
    """What an entry can be looked up by: its name, and the instances and addresses of its record sets, in order."""
    found = {str(entry.key.fqdn)}
    for record_set in (*entry.before, *entry.after):
        found |= {ref.id} if (ref := record_set.instance) else set()
        # The address of a PTR record set is in its name.
        found |= set(record_set.values) if record_set.type is not RecordType.PTR else set()
    return tuple(sorted(found))


def _entry(entry: Entry) -> dict[str, Any]:
    places = {record_set.holder: place for place, record_set in reversed(list(enumerate(entry.after)))}
    rules = [[places[str(ref)], rule] for ref, rule in entry.rules if str(ref) in places]
    found: dict[str, Any] = {"k": _CHANGE, "id": entry.id, "at": entry.at}
    if entry.since != entry.at:
        found["since"] = entry.since
    found |= {"zone": entry.key.zone_id, "name": entry.key.fqdn}
    found |= {"before": _record_sets(entry.before)} if entry.before else {}
    found |= {"after": _record_sets(entry.after)} if entry.after else {}
    found |= {"rules": rules} if rules else {}
    found |= {"cause": entry.cause.value} if entry.cause else {}
    found |= {"by": str(entry.by)} if entry.by else {}
    found |= {"seen": entry.seen} if entry.seen != entry.at else {}
    return found | ({"found": True} if entry.found else {})


def _mark(mark: Mark) -> dict[str, Any]:
    found: dict[str, Any] = {"k": mark.kind.value, "id": mark.id, "at": mark.at}
    more = {"subject": mark.subject, "by": mark.by, "why": mark.why, "until": mark.until}
    return found | {name: value for name, value in more.items() if value}


def _record_sets(record_sets: Iterable[RecordSet]) -> list[list[Any]]:
    return [[each.type.value, each.ttl, each.holder, *each.values] for each in record_sets]


def _kept(line: str) -> Entry | Mark:
    found = json.loads(line)
    if found["k"] != _CHANGE:
        return Mark(
            id=text(found["id"]),
            kind=MarkKind(found["k"]),
            at=Millis(number(found["at"])),
            subject=text(found.get("subject", "")),
            by=text(found.get("by", "")),
            why=text(found.get("why", "")),
            until=Millis(number(found.get("until", NEVER))),
        )
    key = NameKey(text(found["zone"]), Fqdn(text(found["name"])))
    at = Millis(number(found["at"]))
    after = _record_sets_of(key.fqdn, found.get("after", ()))
    return Entry(
        id=text(found["id"]),
        key=key,
        since=Millis(number(found.get("since", at))),
        at=at,
        before=_record_sets_of(key.fqdn, found.get("before", ())),
        after=after,
        rules=tuple((_instance(after[number(place)]), text(rule)) for place, rule in found.get("rules", ())),
        cause=Cause.named(found.get("cause")),
        by=InstanceRef.parse(found["by"]) if "by" in found else None,
        found=flag(found.get("found", False)),
        seen=Millis(number(found.get("seen", at))),
    )


def _record_sets_of(fqdn: Fqdn, rows: Iterable[Any]) -> tuple[RecordSet, ...]:
    return tuple(
        RecordSet(fqdn, RecordType(record_type), number(ttl), texts(values), text(holder))
        for record_type, ttl, holder, *values in rows
    )


def _instance(record_set: RecordSet) -> InstanceRef:
    ref = record_set.instance
    if ref is None:
        raise Malformed(f"a rule gives {record_set.fqdn} to no instance")
    return ref
