"""Read the bucket of history: what is kept under names, instances and addresses, and when it was kept."""

from __future__ import annotations

import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from hub.runtime.boundary.unreadable import Malformed, Unreadable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.lines import keys_of
from hub.runtime.history.objects import (
    DAYS,
    RAW,
    RAW_DAYS,
    bucket_key,
    bucket_of,
    covered,
    day_of,
    days_between,
    entries_of,
    joined,
    kept,
    manifest_in,
    manifest_key,
    raw_prefix,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    from hub.runtime.history.objects import Manifest
    from hub.runtime.model.names import Millis

    class Objects(Protocol):
        """The objects of the bucket; each method raises HistoryUnavailable."""

        def get(self, key: str) -> bytes | None:
            """The content of an object, or None if there is none."""
            ...

        def sizes(self, prefix: str) -> Mapping[str, int]:
            """The names of all objects with a prefix, in order, each with its size in bytes."""
            ...

        def first(self, prefix: str) -> str | None:
            """The name of the first object with a prefix, or None if there is none."""
            ...


# Calls at the same time: a day of a year takes one.
THREADS: Final = 32
_DAY: Final = re.compile(r"(?:raw|days)/(\d{4})[-/](\d{2})[-/](\d{2})/")
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(slots=True)
class HistoryReader:
    """Looks up entries. It keeps what it read of each day, so that further lookups read only their own buckets.

    Attributes:
        objects: The bucket.
        now: The time.
        progress: Gets the number of days that were read.
        threads: Calls at the same time.
        unreadable: What could not be read: entries of it may be missing.
    """

    objects: Objects
    now: Millis
    progress: Callable[[int], None] = lambda _: None
    threads: int = THREADS
    unreadable: list[Unreadable] = field(default_factory=list)
    _manifests: dict[date, Manifest] | None = None
    _raw: list[Entry | Mark] = field(default_factory=list)

    def marks(self) -> tuple[Mark, ...]:
        """All marks but heartbeats."""
        found = [mark for manifest in self._days().values() for mark in manifest.marks]
        raw = [each for each in self._raw if isinstance(each, Mark) and each.kind is not MarkKind.HEARTBEAT]
        return (*found, *raw)

    def covered(self) -> tuple[tuple[Millis, Millis], ...]:
        """The times in which history followed what happened."""
        found = [times for manifest in self._days().values() for times in manifest.covered]
        raw = [each.at for each in self._raw if isinstance(each, Mark) and each.kind is MarkKind.HEARTBEAT]
        return joined([*found, *covered(raw)])

    def entries(self, keys: Sequence[str]) -> dict[str, list[Entry]]:
        """The entries under each of these keys: names, ids of instances, addresses.

        Raises:
            HistoryUnavailable: if the bucket cannot be read.
        """
        wanted = [
            (manifest, number, of_bucket)
            for manifest in self._days().values()
            for number, of_bucket in _by_bucket(keys, manifest.buckets).items()
        ]
        found: dict[str, list[Entry]] = {key: [] for key in keys}
        for of_bucket in self._parallel(self._of_bucket, wanted):
            for key, entry in of_bucket:
                found[key].append(entry)
        for each in self._raw:
            if isinstance(each, Entry):
                for key in set(keys_of(each)) & found.keys():
                    found[key].append(each)
        return found

    def recent(self, since: Millis) -> Iterator[Entry]:
        """The entries since a time, which is at most two weeks ago, from raw objects, in no order; some come twice."""
        first = day_of(since)
        for day in days_between(max(first, day_of(self.now) - timedelta(RAW_DAYS - 1)), day_of(self.now)):
            keys = self.objects.sizes(raw_prefix(day))
            for found in self._parallel(self._of_raw, list(keys)):
                yield from (each for each in found if isinstance(each, Entry) and each.at >= since)

    def _of_bucket(self, wanted: tuple[Manifest, int, set[str]]) -> list[tuple[str, Entry]]:
        manifest, number, keys = wanted
        name = bucket_key(manifest.day, number)
        content = self.objects.get(name)
        if content is None:
            self.unreadable.append(Unreadable(name, "the object disappeared"))
            return []
        found: list[tuple[str, Entry]] = []
        try:
            for key, entry in entries_of(content, keys):
                if isinstance(entry, Unreadable):
                    self.unreadable.append(entry)
                else:
                    found.append((key, entry))
        except Malformed as error:
            self.unreadable.append(Unreadable(name, str(error)))
        return found

    def _of_raw(self, key: str) -> list[Entry | Mark]:
        content = self.objects.get(key)
        found = [Unreadable(key, "the object disappeared")] if content is None else kept(content)
        self.unreadable += [each for each in found if isinstance(each, Unreadable)]
        return [each for each in found if not isinstance(each, Unreadable)]

    def _days(self) -> dict[date, Manifest]:
        """The manifests of all days that are compacted. The raw objects of the others are read, too."""
        if self._manifests is not None:
            return self._manifests
        last = day_of(self.now)
        begins = [_day_of_key(self.objects.first(DAYS)), _day_of_key(self.objects.first(RAW))]
        days = list(days_between(min(filter(None, begins), default=last), last))
        manifests = dict(self._parallel(self._manifest, days))
        self._manifests = {day: found for day, found in manifests.items() if found}
        raw = [day for day in days if day not in self._manifests and begins[1] and day >= begins[1]]
        keys = [key for sizes in self._parallel(self.objects.sizes, map(raw_prefix, raw)) for key in sizes]
        self._raw = [each for found in self._parallel(self._of_raw, keys) for each in found]
        for manifest in self._manifests.values():
            self.unreadable += [Unreadable(key, "entries of it may be missing") for key in manifest.damaged]
        return self._manifests

    def _manifest(self, day: date) -> tuple[date, Manifest | None]:
        content = self.objects.get(manifest_key(day))
        try:
            return day, manifest_in(content) if content is not None else None
        except Malformed as error:
            self.unreadable.append(Unreadable(manifest_key(day), str(error)))
            return day, None

    def _parallel(self, work: Callable[[_In], _Out], each: Iterable[_In]) -> Iterator[_Out]:
        with ThreadPoolExecutor(self.threads) as pool:
            for number, done in enumerate(pool.map(work, each), 1):
                self.progress(number)
                yield done


def _by_bucket(keys: Iterable[str], buckets: int) -> dict[int, set[str]]:
    """The keys in each bucket of a day; none if the day has no bucket."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for key in keys if buckets else ():
        found[bucket_of(key, buckets)].add(key)
    return found


def _day_of_key(key: str | None) -> date | None:
    """The day in the name of an object."""
    found = _DAY.match(key or "")
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
