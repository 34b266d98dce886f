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
        objects.

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
        written = self.objects.sizes(day_prefix(day))
        missing = [each for each in range(buckets) if bucket_key(day, each) not in written]
        for number in range(passes):
            mine = {each for each in missing if each % passes == number}
            if mine and not self._compact_buckets(day, [*sizes], buckets, mine, deadline):
                return False
        return self._conclude(day, [*sizes], buckets, deadline)

    def _compact_buckets(
        self, day: date, keys: Sequence[str], buckets: int, missing: set[int], deadline: Deadline
    ) -> bool:
        """Write these buckets of a day; whether there was time."""
        lines: defaultdict[int, set[tuple[str, int, str]]] = defaultdict(set)
        for key in keys:
            if not deadline.allows(_STEP_SECONDS):
                return False
            for found in self._kept(key):
                if not isinstance(found, Entry):
                    continue
                line = line_of(found)
                for of in keys_of(found):
                    if (bucket := bucket_of(of, buckets)) in missing:
                        # An entry of a batch that was repeated is there twice.
                        lines[bucket].add((of, int(found.id), line))
        for bucket in sorted(missing):
            if not deadline.allows(_STEP_SECONDS):
                return False
            content = compressed(f"{of}\t{line}" for of, _, line in sorted(lines.pop(bucket, ())))
            self.objects.put(bucket_key(day, bucket), content)
        return True

    def _conclude(self, day: date, keys: Sequence[str], buckets: int, deadline: Deadline) -> bool:
        """Write the manifest of a day whose buckets are all there; whether there was time."""
        marks: list[Mark] = []
        damaged: list[str] = []
        for key in keys:
            if not deadline.allows(_STEP_SECONDS):
                return False
            found = self._kept(key)
            marks += [each for each in found if isinstance(each, Mark)]
            damaged += [key] if any(isinstance(each, Unreadable) for each in found) else []
        heartbeats = [mark.at for mark in marks if mark.kind is MarkKind.HEARTBEAT]
        manifest = Manifest(day, buckets, covered(heartbeats), in_order(marks), tuple(damaged))
        self.objects.put(manifest_key(day), manifest_content(manifest))
        return True

    def _kept(self, key: str) -> list[Entry | Mark | Unreadable]:
        content = self.objects.get(key)
        return [Unreadable(key, "the object disappeared")] if content is None else kept(content)
