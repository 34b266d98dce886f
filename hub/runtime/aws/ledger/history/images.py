"""What history keeps of the records of the ledger's stream, with the images of a row before and after. Pure.

| row                    | what changed                 | kept                                             |
|------------------------|------------------------------|--------------------------------------------------|
| published              | its record sets              | the change of the name                           |
| published              | it is gone, with record sets | LOST                                             |
| a mark                 | it is new, or written again  | DIFFERENCE                                       |
| a generation           | its id, or it is gone        | GENERATION                                       |
| the pause              | anything                     | PAUSE or RESUME                                  |
| a heartbeat            | anything                     | HEARTBEAT                                        |
| the schedule's cursor  | version or policy            | DEPLOY                                           |
| the status of a zone   | the last complete audit      | AUDIT                                            |
| that, or of a spoke    | the last approval            | APPROVE                                          |
| a request              | it is new                    | REQUEST                                          |
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.answers import text_in
from hub.runtime.aws.ledger.attributes import read
from hub.runtime.aws.ledger.rows import name_key_of
from hub.runtime.aws.ledger.zone.published import published_of
from hub.runtime.boundary.schema import number, read_row, text
from hub.runtime.boundary.unreadable import Malformed, Unreadable, readable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.model.names import NEVER, InstanceRef, Millis, NameKey, Published
from hub.runtime.model.reasons.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.aws.ledger.rows import Row

# "The approximate date and time when the stream record was created, in UNIX epoch time format and rounded down to the
# closest second" (DynamoDB API Reference, StreamRecord: ApproximateCreationDateTime).
_ROUNDED: Final = 1_000
# An audit leaves these differences unmarked: the ledger may not have all claims back (`hub.runtime.sweeper`).
UNSETTLED: Final = "unsettled"
_NO_EVIDENCE: Final = Evidence()


def kept_of(record: Any) -> Entry | Mark | Unreadable | None:  # noqa: ANN401 - of any type, if it is malformed
    """Return what history keeps of a record, as Lambda passes it on; None if it keeps nothing of it."""
    return readable(_kept, record, text_in(record, "eventID"))


def change_of(
    number_: str, key: NameKey, before: tuple[Published, Millis] | None, after: tuple[Published, Millis]
) -> Entry | None:
    """Return the change of what a zone holds under a name, or None if there is none.

    Args:
        number_: The sequence number of the record.
        key: The name.
        before: The row before, and when it was written; None if there was none.
        after: The row after, and when it was written.
    """
    (published, at), held = after, before[0].record_sets if before else ()
    evidence, known = published.evidence or _NO_EVIDENCE, (before[0].evidence if before else None) or _NO_EVIDENCE
    unchanged = set(held) == set(published.record_sets)
    # The first that is known of a name is that it holds nothing: no change, but the beginning of its history. Where a
    # change is under way, that comes next, and says so.
    first = before is None and bool(evidence.seen) and not published.pending
    if unchanged and not first:
        return None
    if accepted := evidence.accepted:
        since, at = Millis(accepted), Millis(accepted)
    else:
        # Although a change may have been under way, somebody else may have made the same change before it.
        since = Millis(known.seen)
    return Entry(
        id=number_,
        key=key,
        since=since,
        at=at,
        before=held,
        after=published.record_sets,
        rules=published.rules,
        cause=evidence.cause,
        by=InstanceRef.named(evidence.by),
        found=not accepted,
        seen=Millis(evidence.seen),
    )


def numbered(record: Mapping[str, Any]) -> str:
    """The number of a record, which grows with each change of a name, also from one stream of the ledger to the next.

    AWS does not say that sequence numbers do: those of a table that was restored or made anew may begin again. So the
    label of the stream, which is the time at which it was made, comes first ("StreamDescription: StreamLabel",
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamDescription.html). A sequence
    number has at most 40 digits.

    Raises:
        ValueError: if the sequence number is not a number.
    """
    sequence = str(int(text(record["dynamodb"]["SequenceNumber"])))
    label = re.sub(r"\D", "", text(record.get("eventSourceARN", "")).rpartition("/stream/")[2])
    return f"{label}{sequence:0>40}" if label else sequence


def first_number(records: Iterable[Mapping[str, Any]]) -> str:
    """The number of the first record that has one, from which Lambda delivers the batch again.

    Without any, an empty text: then Lambda delivers the whole batch again ("Configuring partial batch response with
    DynamoDB and Lambda", https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html). What is
    before the first number cannot be read, and is not kept in any case.
    """
    found = (readable(lambda each: text(each["dynamodb"]["SequenceNumber"]), record, "") for record in records)
    return next((number for number in found if isinstance(number, str)), "")


def _kept(record: Mapping[str, Any]) -> Entry | Mark | None:
    change = record["dynamodb"]
    keys = read(change["Keys"])
    partition, sort = text(keys[contract.PARTITION_KEY]), text(keys[contract.SORT_KEY])
    number_, created = numbered(record), Millis(int(change["ApproximateCreationDateTime"]) * _ROUNDED)
    old, new = (read(change[name]) if name in change else None for name in ("OldImage", "NewImage"))
    match partition, sort:
        case _, contract.PUBLISHED_KEY:
            return _published(number_, created, partition, old, new)
        case _, contract.MARK_KEY if new:
            return Mark(number_, MarkKind.DIFFERENCE, _time(new, "at") or created, partition, why=_text(new, "reason"))
        case contract.CONTROL_KEY, _:
            return _control(number_, created, sort, old, new)
        case contract.ZONES_KEY | contract.SPOKES_KEY, _ if new:
            audited = _audited(number_, created, sort, old, new) if partition == contract.ZONES_KEY else None
            return _approved(number_, sort, old, new) or audited
        case contract.REQUESTS_KEY, _ if new and not old:
            return _requested(number_, created, new)
        case _:
            return None


def _published(number_: str, created: Millis, partition: str, old: Row | None, new: Row | None) -> Entry | Mark | None:
    key = name_key_of(partition)
    before = (_row(key, old), _time(old, "at")) if old else None
    if new is None:
        return Mark(number_, MarkKind.LOST, created, partition) if before and before[0].record_sets else None
    return change_of(number_, key, before, (_row(key, new), _time(new, "at") or created))


def _row(key: NameKey, row: Row) -> Published:
    found = read_row(partial(published_of, key), row, key)
    if isinstance(found, Unreadable):
        raise Malformed(found.reason)
    return found


def _control(number_: str, created: Millis, sort: str, old: Row | None, new: Row | None) -> Mark | None:
    before, after = old or {}, new or {}
    at = _time(after, "at") or created
    deployed = [(_text(row, "version"), _text(row, "policy")) for row in (before, after)]
    match sort:
        case _ if sort.startswith(contract.GENERATION_PREFIX) and before.get("id") != after.get("id"):
            return Mark(number_, MarkKind.GENERATION, at)
        case contract.HEARTBEAT_KEY if new:
            return Mark(number_, MarkKind.HEARTBEAT, _time(after, "sent_at"))
        case contract.PAUSE_KEY if new:
            kind = MarkKind.PAUSE if after.get("paused") is True else MarkKind.RESUME
            return Mark(number_, kind, at, by=_text(after, "by"), why=_text(after, "reason"))
        case contract.CURSOR_KEY if new and deployed[0] != deployed[1]:
            version, policy = deployed[1]
            return Mark(number_, MarkKind.DEPLOY, at, policy, why=version)
        case _:
            return None


def _audited(number_: str, created: Millis, zone_id: str, old: Row | None, new: Row) -> Mark | None:
    at = _time(new, "audited_at")
    if not at or at == _time(old or {}, "audited_at"):
        return None
    counts = {"pending": number(new.get("pending_names", 0)), "unreadable": number(new.get("unreadable", 0))}
    counts[UNSETTLED] = number(new.get("differences", {}).get(UNSETTLED, 0))
    why = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return Mark(number_, MarkKind.AUDIT, at, zone_id, why=why, until=Millis(created + _ROUNDED))


def _approved(number_: str, subject: str, old: Row | None, new: Row) -> Mark | None:
    at = _time(new, "approved_at")
    if not at or at == _time(old or {}, "approved_at"):
        return None
    return Mark(number_, MarkKind.APPROVE, at, subject, _text(new, "approved_by"), _text(new, "approved_reason"))


def _requested(number_: str, created: Millis, new: Row) -> Mark:
    # AWS's clock: that of the machine on which the command ran may be wrong.
    subject = f"{text(new['action'])} {_text(new, 'subject')}".rstrip()
    return Mark(number_, MarkKind.REQUEST, created, subject, _text(new, "by"), _text(new, "reason"))


def _time(row: Row, name: str) -> Millis:
    return Millis(number(row.get(name, NEVER)))


def _text(row: Row, name: str) -> str:
    return text(row.get(name, ""))
