"""Keeps what the ledger's stream says of names, and compacts each day once it is over. Over a port; no AWS, no log."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.lines import keys_of, line_of
from hub.runtime.history.objects import (
    RAW_DAYS,
    Manifest,
    bucket_key,
    bucket_of,
    buckets_for,
    compressed,
    covered,
    day_of,
    day_prefix,
    days_between,
    in_order,
    kept,
    manifest_content,
    manifest_key,
    raw_key,
    raw_prefix,
)
from hub.runtime.model.names import Millis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from hub.runtime.deadline import Deadline

# A day is compacted when no run can still be writing an object of it: an invocation takes 15 minutes at most.
SETTLED_AFTER: Final = 3_600_000
# Compressed bytes are about a tenth of the lines.
BYTES_A_PASS: Final = 2_000_000
# Compaction takes no step that might not end in time.
_STEP_SECONDS: Final = HUB_CALLS.seconds(2)


class HistoryUnavailable(Exception):
    """The bucket of history could not be read or written. Temporary, unless the message says something else."""


class Objects(Protocol):
    """The objects of the bucket; each method raises HistoryUnavailable."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object, also over another one."""
        ...

    def get(self, key: str) -> bytes | None:
        """The content of an object, or None if there is none."""
        ...

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """The names of all objects with a prefix, in order, each with its size in bytes."""
        ...


@dataclass(slots=True)
class _Read:
    """What the raw objects of a day say: the lines of some buckets, all marks, and which objects are damaged."""

    lines: defaultdict[int, set[tuple[str, int, str]]] = field(default_factory=lambda: defaultdict(set))
    marks: list[Mark] = field(default_factory=list)
    damaged: dict[str, None] = field(default_factory=dict)

    def add(self, found: Entry, buckets: int, missing: set[int]) -> None:
        """Add an entry to those of these buckets that have it. One of a batch that was repeated is there twice."""
        line = line_of(found)
        for of in keys_of(found):
            if (bucket := bucket_of(of, buckets)) in missing:
                self.lines[bucket].add((of, int(found.id), line))


@dataclass(slots=True)
class Keeper:
    """Keeps history in a bucket.

    `compacted` are the days of which this worker knows that they are compacted, so that it does not ask again. It has
    the lines of `bytes_a_pass` compressed bytes in memory at the same time, each under about three keys.
    """

    objects: Objects
    bytes_a_pass: int = BYTES_A_PASS
    compacted: set[date] = field(default_factory=set)

    def keep(self, found: Sequence[Entry | Mark], first: str, last: str, now: Millis) -> None:
        """Keep what a batch says, whose records have sequence numbers from `first` to `last`.

        Raises:
            HistoryUnavailable: if that fails; to repeat it later does no harm.
        """
        if found:
            self.objects.put(raw_key(now, first, last), compressed(map(line_of, found)))

    def compact(self, now: Millis, deadline: Deadline) -> list[date]:
        """Compact the days that are over, as far as there is time; return the days that were finished.

        Whatever is not finished is continued by a later run, bucket by bucket. Two runs at the same time write the same
        objects, and leave out what they find there.

        Raises:
            HistoryUnavailable: if the bucket does not answer.
        """
        last = day_of(Millis(now - SETTLED_AFTER)) - timedelta(1)
        waiting = [day for day in days_between(last - timedelta(RAW_DAYS - 2), last) if day not in self.compacted]
        finished: list[date] = []
        for day in waiting:
            if not deadline.allows(_STEP_SECONDS):
                break
            sizes = self.objects.sizes(raw_prefix(day))
            # A day of which nothing is kept needs no manifest.
            if sizes and self.objects.get(manifest_key(day)) is None:
                if not self._compact(day, sizes, deadline):
                    break
                finished.append(day)
            self.compacted.add(day)
        # Forget the days before these: their raw objects are gone.
        self.compacted = {day for day in self.compacted if day > last - timedelta(RAW_DAYS)}
        return finished

    def _compact(self, day: date, sizes: Mapping[str, int], deadline: Deadline) -> bool:
        """Compact a day; whether it is finished."""
        size = max(1, sum(sizes.values()))
        buckets = buckets_for(size)
        passes = min(buckets, -(-size // self.bytes_a_pass))
        read: _Read | None = None
        for number in range(passes):
            # A worker of another shard may be at the same day.
            written = self.objects.sizes(day_prefix(day))
            if manifest_key(day) in written:
                return True
            missing = {each for each in range(number, buckets, passes) if bucket_key(day, each) not in written}
            if missing:
                read = self._read([*sizes], buckets, missing, deadline)
                if read is None or not self._write(day, read, missing, deadline):
                    return False
        # All buckets may have been there.
        read = read or self._read([*sizes], buckets, set(), deadline)
        if read is None:
            return False
        heartbeats = [mark.at for mark in read.marks if mark.kind is MarkKind.HEARTBEAT]
        manifest = Manifest(day, buckets, covered(heartbeats), in_order(read.marks), tuple(read.damaged))
        self.objects.put(manifest_key(day), manifest_content(manifest))
        return True

    def _read(self, keys: Sequence[str], buckets: int, missing: set[int], deadline: Deadline) -> _Read | None:
        """Read all raw objects of a day, and what these buckets will have of them; None if there was no time."""
        read = _Read()
        for key in keys:
            if not deadline.allows(_STEP_SECONDS):
                return None
            for found in self._kept(key):
                match found:
                    case Mark():
                        read.marks.append(found)
                    case Unreadable():
                        read.damaged[key] = None
                    case Entry() if missing:
                        read.add(found, buckets, missing)
        return read

    def _write(self, day: date, read: _Read, missing: set[int], deadline: Deadline) -> bool:
        """Write these buckets of a day; whether there was time."""
        for bucket in sorted(missing):
            if not deadline.allows(_STEP_SECONDS):
                return False
            content = compressed(f"{of}\t{line}" for of, _, line in sorted(read.lines.pop(bucket, ())))
            self.objects.put(bucket_key(day, bucket), content)
        return True

    def _kept(self, key: str) -> list[Entry | Mark | Unreadable]:
        content = self.objects.get(key)
        return [Unreadable(key, "the object disappeared")] if content is None else kept(content)
