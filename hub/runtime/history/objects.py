"""The objects of the history's bucket: their names and contents. Pure.

| object | contents |
|---|---|
| `raw/YYYY/MM/DD/<first>-<last>.jsonl.gz` | what one run of the historian kept on a day (UTC): lines in the order of the stream; `first` and `last` are sequence numbers |
| `days/YYYY-MM-DD/<bucket>.tsv.gz` | the entries of a day of which a key is in the bucket: sorted lines, each after its key and a tab |
| `days/YYYY-MM-DD/manifest.json` | the number of buckets, the marks of the day, and when the path of events worked. Written last |

The same contents give the same bytes, so that a run that is repeated overwrites an object with itself.
"""  # noqa: E501 - the lines of a table

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.schema import number, text, texts
from hub.runtime.boundary.unreadable import Malformed, Unreadable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.lines import kept_in, line_of
from hub.runtime.model.names import Millis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

RAW: Final = "raw/"
DAYS: Final = "days/"
# A sweep of the schedule, and with it a heartbeat, comes every five minutes. Milliseconds.
LONGEST_SILENCE: Final = 15 * 60_000
MAX_BUCKETS: Final = 256
# Compressed bytes of a day's raw objects for each bucket: some hundred lines, which a lookup reads in a moment.
_BYTES_A_BUCKET: Final = 16_384
# Raw objects stay for so many days, in which a day is compacted.
RAW_DAYS: Final = 14
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is kept of a day besides its entries.

    `covered` are the times between the first and the last heartbeat of each series without a longer silence than
    LONGEST_SILENCE, in milliseconds. `marks` are all marks but heartbeats, in order. `damaged` are the raw objects that
    could not be read, wholly or in part: entries of them may be missing.
    """

    day: date
    buckets: int
    covered: tuple[tuple[Millis, Millis], ...] = ()
    marks: tuple[Mark, ...] = ()
    damaged: tuple[str, ...] = ()


def day_of(at: Millis) -> date:
    """The day (UTC) of a time."""
    return datetime.fromtimestamp(at / 1_000, UTC).date()


def days_between(first: date, last: date) -> Iterator[date]:
    """All days from the first to the last one."""
    for number_of_day in range((last - first).days + 1):
        yield first + timedelta(number_of_day)


def raw_prefix(day: date) -> str:
    """With this, the names of a day's raw objects begin."""
    return f"{RAW}{day:%Y/%m/%d}/"


def raw_key(at: Millis, first: str, last: str) -> str:
    """The name of the object with what a run kept that began at a time, from the first to the last sequence number."""
    return f"{raw_prefix(day_of(at))}{first}-{last}.jsonl.gz"


def day_prefix(day: date) -> str:
    """With this, the names of a compacted day's objects begin."""
    return f"{DAYS}{day}/"


def bucket_key(day: date, bucket: int) -> str:
    """The name of a bucket's object."""
    return f"{day_prefix(day)}{bucket:03}.tsv.gz"


def manifest_key(day: date) -> str:
    """The name of a day's manifest."""
    return f"{day_prefix(day)}manifest.json"


def buckets_for(size: int) -> int:
    """The number of buckets for a day whose raw objects have so many compressed bytes."""
    return min(MAX_BUCKETS, -(-size // _BYTES_A_BUCKET))


def bucket_of(key: str, buckets: int) -> int:
    """The bucket of what is looked up by a key: a name, the id of an instance, or an address."""
    return zlib.crc32(key.encode()) % buckets


def compressed(lines: Iterable[str]) -> bytes:
    """The contents of an object with these lines. The same lines give the same bytes: the header has no time."""
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def lines_in(content: bytes) -> list[str]:
    """The lines of an object.

    Raises:
        Malformed: if it is not the contents of one.
    """
    try:
        return gzip.decompress(content).decode().split("\n")[:-1]
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Malformed(f"the object is not compressed lines: {error}") from error


def kept(content: bytes) -> list[Entry | Mark | Unreadable]:
    """What a raw object holds, or that it is not one.

    An entry without a number as its id is unreadable: entries of a name are in the order of their ids.
    """
    try:
        return [_numbered(kept_in(line)) for line in lines_in(content)]
    except Malformed as error:
        return [Unreadable("", str(error))]


def _numbered(found: Entry | Mark | Unreadable) -> Entry | Mark | Unreadable:
    if isinstance(found, Entry) and not found.id.isdecimal():
        return Unreadable(found.id, "the id is not a number")
    return found


def entries_of(content: bytes, keys: Collection[str]) -> Iterator[tuple[str, Entry | Unreadable]]:
    """The entries of a bucket with any of these keys, each with its key.

    Raises:
        Malformed: if it is not a bucket.
    """
    for line in lines_in(content):
        key, _, written = line.partition("\t")
        if key in keys:
            found = kept_in(written)
            yield key, found if not isinstance(found, Mark) else Unreadable(line[:100], "a mark is among the entries")


def manifest_content(manifest: Manifest) -> bytes:
    """The contents of a manifest's object."""
    found = {
        "version": _VERSION,
        "day": str(manifest.day),
        "buckets": manifest.buckets,
        "covered": manifest.covered,
        "marks": [line_of(mark) for mark in manifest.marks],
    } | ({"damaged": manifest.damaged} if manifest.damaged else {})
    return json.dumps(found, separators=(",", ":")).encode()


def manifest_in(content: bytes) -> Manifest:
    """The manifest in an object. A mark that cannot be read, of a later version, is left out.

    Raises:
        Malformed: if it is not one, or one of a later version.
    """
    try:
        found = json.loads(content)
        if number(found["version"]) > _VERSION:
            raise Malformed(f"a later version of orgdns wrote the manifest: {found['version']}")
        marks = map(kept_in, texts(found["marks"]))
        return Manifest(
            day=date.fromisoformat(text(found["day"])),
            buckets=number(found["buckets"]),
            covered=tuple((Millis(number(first)), Millis(number(last))) for first, last in found["covered"]),
            marks=tuple(mark for mark in marks if isinstance(mark, Mark)),
            damaged=texts(found.get("damaged", ())),
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Malformed(f"the object is not a manifest: {error}") from error


def covered(heartbeats: Iterable[Millis]) -> tuple[tuple[Millis, Millis], ...]:
    """The times between heartbeats without a longer silence than LONGEST_SILENCE."""
    return joined((at, at) for at in heartbeats)


def joined(times: Iterable[tuple[Millis, Millis]]) -> tuple[tuple[Millis, Millis], ...]:
    """These times, joined where the silence between them is short."""
    found: list[tuple[Millis, Millis]] = []
    for first, last in sorted(times):
        if found and first - found[-1][1] <= LONGEST_SILENCE:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def in_order(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Marks by their times, each once, without heartbeats."""
    kinds = set(MarkKind) - {MarkKind.HEARTBEAT}
    return tuple(sorted({mark for mark in marks if mark.kind in kinds}, key=lambda mark: (mark.at, mark.id, mark.kind)))
