"""History of very many changes, in a process of its own.

`python -m sandbox.bench.growth.history CHANGES DAYS` looks up a name, an instance and an address in a bucket that has
this many changes, spread evenly over so many days, and prints what that took. One day is kept and compacted by the
historian's own code; the others have the same objects, so the bucket has the sizes of real ones without taking the
time to make them. Contents come from memory: the time that S3 takes is counted in reads, and not in seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import Deadline
from hub.runtime.history.entry import Entry
from hub.runtime.history.keeper import Keeper
from hub.runtime.history.lines import keys_of
from hub.runtime.history.objects import DAYS, day_of, day_prefix, manifest_key
from hub.runtime.model.names import Fqdn, InstanceRef, Millis, NameKey, RecordSet, RecordType
from hub.runtime.model.reasons.cause import Cause
from orgdns.cli.sources.history.reader import HistoryReader
from sandbox.bench.figures import Figure
from sandbox.bench.growth.peak import peak

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIZES: Final = ((1_000_000, 400), (10_000_000, 400))
MOST_BYTES: Final = 512 * 1_024 * 1_024
_DAY: Final = 86_400_000
_FIRST: Final = date(2026, 1, 1)
# A batch of the stream, as the historian gets it in a busy hour.
_BATCH: Final = 500


@dataclass(slots=True)
class _Bucket:
    """A bucket whose days are all as the one that was made; it counts reads and their bytes."""

    made: date
    days: int
    contents: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0
    read_bytes: int = 0

    def put(self, key: str, content: bytes) -> None:
        self.contents[key] = content

    def get(self, key: str) -> bytes | None:
        self.reads += 1
        if not key.startswith(DAYS):
            return self.contents.get(key)
        day, _, rest = key.removeprefix(DAYS).partition("/")
        content = self.contents.get(f"{day_prefix(self.made)}{rest}")
        if content and key == manifest_key(date.fromisoformat(day)):
            content = content.replace(str(self.made).encode(), day.encode())
        self.read_bytes += len(content or b"")
        return content

    def sizes(self, prefix: str) -> Mapping[str, int]:
        self.reads += 1
        return {key: len(value) for key, value in sorted(self.contents.items()) if key.startswith(prefix)}

    def first(self, prefix: str) -> str | None:
        self.reads += 1
        return manifest_key(_FIRST) if prefix == DAYS else None


@dataclass(frozen=True, slots=True)
class Looked:
    """What lookups took: seconds and reads of one lookup, and of the compaction of one day."""

    compaction_seconds: float
    day_bytes: int
    seconds: float
    reads: int
    read_bytes: int
    found: int
    peak: int


def figures() -> Iterator[Figure]:
    """What a lookup takes by the number of changes that are kept for 400 days."""
    for changes, days in SIZES:
        each = looked(changes, days)
        name = f"history_{changes}_changes"
        yield Figure(f"{name}_lookup_seconds", each.seconds, "seconds of processor", limit=10)
        # A day has a manifest and an object.
        yield Figure(f"{name}_lookup_reads", each.reads, "reads of objects", limit=2 * days + 10)
        yield Figure(f"{name}_lookup_bytes", each.read_bytes, "bytes", naive=each.day_bytes * days)
        yield Figure(f"{name}_peak_bytes", each.peak, "bytes", limit=MOST_BYTES)
        yield Figure(f"{name}_compaction_seconds", each.compaction_seconds, "seconds of processor a day", limit=300)


def looked(changes: int, days: int) -> Looked:
    """Look things up in the history of so many changes, in a process of its own."""
    command = [sys.executable, "-m", "sandbox.bench.growth.history", str(changes), str(days)]
    return Looked(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603 - our own code


def entries(number: int, at: Millis) -> Iterator[Entry]:
    """So many changes of a day: each name gets a record set of an instance, and loses it again."""
    for place in range(number):
        # Ids, which do not compress, as real ones.
        digest = sha256(str(place // 2).encode()).hexdigest()
        address = f"10.{int(digest[:2], 16)}.{int(digest[2:4], 16)}.{int(digest[4:6], 16)}"
        ref = InstanceRef(f"{place // 2 % 400:012}", "eu-central-1", f"i-0{digest[:16]}")
        name = Fqdn(f"web-{place // 2}.team-{place // 2 % 40}.corp.internal.")
        held = (RecordSet(name, RecordType.A, 60, (address,), str(ref)),)
        before, after = ((), held) if place % 2 == 0 else (held, ())
        when = Millis(at + place)
        cause = Cause.START if after else Cause.END
        yield Entry(
            str(10**39 + place), NameKey("Z0CORPINTERNAL0EXAMPL", name), when, when, before, after, (), cause, ref
        )


def main() -> None:
    """Print what a lookup took; the peak has the objects of one day in it, and the imports."""
    changes, days = map(int, sys.argv[1:])
    last = _FIRST + timedelta(days - 1)
    noon = Millis((last.toordinal() - date(1970, 1, 1).toordinal()) * _DAY + _DAY // 2)
    bucket = _Bucket(last, days)
    keeper, kept = Keeper(bucket), list(entries(changes // days, noon))
    for start in range(0, len(kept), _BATCH):
        batch = kept[start : start + _BATCH]
        keeper.keep(batch, batch[0].id, batch[-1].id, noon)
    begun = time.process_time()
    keeper.compact(Millis(noon + _DAY), Deadline(lambda: 900.0))
    compaction = time.process_time() - begun
    day_bytes = sum(len(content) for key, content in bucket.contents.items() if key.startswith(day_prefix(last)))
    for key in [key for key in bucket.contents if not key.startswith(DAYS)]:
        del bucket.contents[key]
    wanted = keys_of(kept[0])
    assert day_of(noon) == last
    del kept
    bucket.reads = bucket.read_bytes = 0
    begun = time.process_time()
    found = HistoryReader(bucket, noon).entries([wanted[0]])[wanted[0]]
    seconds = time.process_time() - begun
    looked_up = Looked(compaction, day_bytes, seconds, bucket.reads, bucket.read_bytes, len(found), peak())
    print(json.dumps(asdict(looked_up)))  # noqa: T201 - the figure


if __name__ == "__main__":
    main()
