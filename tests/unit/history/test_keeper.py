"""History in a bucket: raw objects, compacted days, and what is killed in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.deadline import Deadline
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.keeper import Keeper
from hub.runtime.history.lines import keys_of
from hub.runtime.history.objects import (
    DAYS,
    RAW_DAYS,
    Manifest,
    bucket_key,
    bucket_of,
    buckets_for,
    day_of,
    entries_of,
    manifest_content,
    manifest_in,
    manifest_key,
    raw_prefix,
)
from hub.runtime.model.names import Fqdn, InstanceRef, Millis, NameKey, RecordSet, RecordType

DAY = 86_400_000
NOON = Millis(20_000 * DAY + DAY // 2)
AMPLE = Deadline(lambda: 900.0)


class Killed(BaseException):
    """The worker ends, and nothing catches that."""


@dataclass
class Bucket:
    """A bucket in memory; the call with the number `kill_at` ends the worker, before or after its effect."""

    contents: dict[str, bytes] = field(default_factory=dict)
    kill_at: int = -1
    after: bool = False
    calls: int = 0

    def put(self, key: str, content: bytes) -> None:
        self._die(after=False)
        self.contents[key] = content
        self._die(after=True)
        self.calls += 1

    def get(self, key: str) -> bytes | None:
        self._die(after=False)
        self.calls += 1
        return self.contents.get(key)

    def sizes(self, prefix: str) -> Mapping[str, int]:
        self._die(after=False)
        self.calls += 1
        return {key: len(value) for key, value in sorted(self.contents.items()) if key.startswith(prefix)}

    def _die(self, *, after: bool) -> None:
        if self.calls == self.kill_at and after == self.after:
            raise Killed


@dataclass
class Reads(Bucket):
    """A bucket that notes which raw objects are read.

    After as many listings of a compacted day as `made_at`, another worker has written the objects `made`.
    """

    made_at: int = 0
    made: dict[str, bytes] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    written: int = 0
    listings: int = 0

    def get(self, key: str) -> bytes | None:
        found = super().get(key)
        self.read += [key] if found is not None and not key.startswith(DAYS) else []
        return found

    def put(self, key: str, content: bytes) -> None:
        super().put(key, content)
        self.written += key.startswith(DAYS)

    def sizes(self, prefix: str) -> Mapping[str, int]:
        if prefix.startswith(DAYS):
            self.listings += 1
            self.contents |= self.made if self.listings == self.made_at else {}
        return super().sizes(prefix)


def entry(number: int, address: str = "10.0.0.4") -> Entry:
    """A first record set of a name of its own."""
    ref = InstanceRef("1" * 12, "eu-west-1", f"i-{number:017x}")
    name = Fqdn(f"web-{number}.corp.internal.")
    held = RecordSet(name, RecordType.A, 60, (address,), str(ref))
    return Entry(str(number), NameKey("Z1", name), NOON, NOON, (), (held,))


def kept_on(bucket: Bucket, batches: Sequence[Sequence[Entry | Mark]], at: Millis = NOON) -> Keeper:
    keeper = Keeper(bucket)
    for batch in batches:
        keeper.keep(batch, batch[0].id, batch[-1].id, at)
    return keeper


def looked_up(bucket: Bucket, key: str, at: Millis = NOON) -> list[Entry]:
    """What a compacted day has under a key."""
    content = bucket.get(manifest_key(day_of(at)))
    assert content is not None
    buckets = manifest_in(content).buckets
    found = bucket.get(bucket_key(day_of(at), bucket_of(key, buckets)))
    assert found is not None
    entries = [entry for _, entry in entries_of(found, {key})]
    assert all(isinstance(each, Entry) for each in entries)
    return [each for each in entries if isinstance(each, Entry)]


@given(
    numbers=st.sets(st.integers(0, 30), min_size=1),
    parts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=6),
)
def test_compacted_day_has_each_entry_once_under_each_key(numbers: set[int], parts: list[tuple[int, int]]) -> None:
    """Also if batches overlap, because some were repeated in other parts, a key finds exactly its entries, in order."""
    entries = [entry(number) for number in sorted(numbers)]
    repeated = [entries[start : start + size] for start, size in parts]
    bucket = Bucket()
    kept_on(bucket, [entries, *filter(None, repeated)]).compact(Millis(NOON + DAY), AMPLE)
    for key in {key for each in entries for key in keys_of(each)}:
        assert looked_up(bucket, key) == [each for each in entries if key in keys_of(each)]


def test_nothing_kept_is_no_object() -> None:
    """A batch of which history keeps nothing leaves no object."""
    bucket = Bucket()
    Keeper(bucket).keep([], "1", "2", NOON)
    assert bucket.contents == {}


def test_day_is_compacted_once_it_is_over() -> None:
    """A run that began before midnight may still write, so a day is left alone until one o'clock."""
    bucket = Bucket()
    keeper = kept_on(bucket, [[entry(1)]])
    midnight = (NOON // DAY + 1) * DAY
    assert day_of(NOON) not in keeper.compact(Millis(midnight + 3_599_999), AMPLE)
    assert keeper.compact(Millis(midnight + 3_600_000), AMPLE) == [day_of(NOON)]
    calls = bucket.calls
    assert keeper.compact(Millis(midnight + 3_600_000), AMPLE) == []
    assert bucket.calls == calls


def test_manifest_has_marks_and_the_times_of_heartbeats() -> None:
    """Heartbeats without a longer silence are one interval; other marks are kept as they are, in order."""
    bucket = Bucket()
    beats = [Mark(str(number), MarkKind.HEARTBEAT, Millis(NOON + number * 300_000)) for number in (0, 1, 2, 9, 10)]
    pause = Mark("77", MarkKind.PAUSE, NOON, by="arn:aws:iam::111111111111:user/ops", why="maintenance")
    lost = Mark("78", MarkKind.LOST, Millis(NOON - 5), "name#Z1#web.corp.internal.")
    kept_on(bucket, [[*beats, pause], [lost]]).compact(Millis(NOON + DAY), AMPLE)
    found = manifest_in(bucket.contents[manifest_key(day_of(NOON))])
    later = NOON + 9 * 300_000
    assert found.covered == ((NOON, NOON + 600_000), (later, later + 300_000))
    assert found.marks == (lost, pause)


def busy(number: int) -> Entry:
    """An entry with an id that does not compress."""
    digest = sha256(str(number).encode()).hexdigest()
    found = entry(number, f"10.{int(digest[:2], 16)}.{int(digest[2:4], 16)}.{int(digest[4:6], 16)}")
    held = replace(found.after[0], holder=f"111111111111/eu-west-1/i-{digest[:17]}")
    return replace(found, after=(held,))


def test_large_day_has_many_buckets_which_are_written_in_passes() -> None:
    """However many passes there are, each bucket has the same bytes."""
    entries = [busy(number) for number in range(2_000)]
    contents = []
    for size in (1_000_000, 10_000):
        bucket = Bucket()
        kept_on(bucket, [entries[:1_000], entries[1_000:]])
        Keeper(bucket, size).compact(Millis(NOON + DAY), AMPLE)
        contents.append(bucket.contents)
    assert contents[0] == contents[1]
    assert len([key for key in contents[0] if key.startswith(DAYS) and "manifest" not in key]) > 3


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_call(after: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A worker that ends at any of its calls is repeated, and leaves the same objects."""

    def work(bucket: Bucket) -> None:
        keeper = kept_on(bucket, [[entry(1), entry(2)], [entry(3)]])
        keeper.compact(Millis(NOON + DAY), AMPLE)

    whole = Bucket()
    work(whole)
    for number in range(whole.calls):
        bucket = Bucket(kill_at=number, after=after)
        try:
            work(bucket)
        except Killed:
            bucket.kill_at = -1
            work(bucket)
        assert bucket.contents == whole.contents


def lasting(calls: int) -> Deadline:
    """The deadline of a run that has time for so many steps."""
    steps = iter([900.0] * calls)
    return Deadline(lambda: next(steps, 0.0))


def test_compaction_goes_on_where_time_ran_out() -> None:
    """Runs that are too short for the whole day write it bucket by bucket, together."""
    entries = [busy(number) for number in range(2_000)]
    whole, bucket = Bucket(), Bucket()
    kept_on(whole, [entries]).compact(Millis(NOON + DAY), AMPLE)
    kept_on(bucket, [entries])
    runs = 0
    while bucket.contents != whole.contents:
        before = len(bucket.contents)
        Keeper(bucket).compact(Millis(NOON + DAY), lasting(RAW_DAYS + 3))
        assert len(bucket.contents) > before
        runs += 1
    assert runs > 1


def test_each_raw_object_is_read_once() -> None:
    """A day that fits into one pass has its entries and its marks from the same reading."""
    bucket = Reads()
    kept_on(bucket, [[entry(1), Mark("2", MarkKind.PAUSE, NOON)], [entry(3)]]).compact(Millis(NOON + DAY), AMPLE)
    assert sorted(bucket.read) == sorted(key for key in bucket.contents if not key.startswith(DAYS))


def test_day_that_another_worker_compacts_is_left_to_it() -> None:
    """A worker that finds another one's buckets writes only what is missing, and nothing once the manifest is there."""
    whole, bucket = Bucket(), Reads(made_at=2)
    batches = [[busy(number) for number in range(2_000)]]
    kept_on(whole, batches).compact(Millis(NOON + DAY), AMPLE)
    kept_on(bucket, batches)
    bucket.made = {key: value for key, value in whole.contents.items() if key.startswith(DAYS)}
    assert Keeper(bucket, bytes_a_pass=10_000).compact(Millis(NOON + DAY), AMPLE) == [day_of(NOON)]
    assert bucket.contents == whole.contents
    assert 0 < bucket.written < len(bucket.made) / 2


def test_damaged_object_is_named() -> None:
    """What cannot be read stops nothing, and the manifest says where entries may be missing."""
    bucket = Bucket()
    keeper = kept_on(bucket, [[entry(1)]])
    (raw,) = bucket.contents
    bucket.contents[raw.replace("1-1", "0-0")] = b"nothing compressed"
    keeper.compact(Millis(NOON + DAY), AMPLE)
    assert manifest_in(bucket.contents[manifest_key(day_of(NOON))]).damaged == (raw.replace("1-1", "0-0"),)
    assert looked_up(bucket, "web-1.corp.internal.") == [entry(1)]


def test_object_with_a_flipped_byte_is_damaged() -> None:
    """Whichever byte of an object is another one, compaction of the day ends, and only that object may lack entries."""
    whole = Bucket()
    kept_on(whole, [[entry(1)]])
    ((raw, content),) = whole.contents.items()
    for place in range(len(content)):
        odd = raw.replace("1-1", "0-0")
        bucket = Bucket({raw: content, odd: content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]})
        assert Keeper(bucket).compact(Millis(NOON + DAY), AMPLE) == [day_of(NOON)]
        assert set(manifest_in(bucket.contents[manifest_key(day_of(NOON))]).damaged) <= {odd}
        assert looked_up(bucket, "web-1.corp.internal.") == [entry(1)]


def test_day_of_an_empty_object_is_compacted() -> None:
    """A console makes a folder by an object without bytes. It holds nothing, and hinders nothing."""
    bucket = Bucket({raw_prefix(day_of(NOON)): b""})
    assert Keeper(bucket).compact(Millis(NOON + DAY), AMPLE) == [day_of(NOON)]
    found = manifest_in(bucket.contents[manifest_key(day_of(NOON))])
    assert (found.buckets, found.damaged) == (1, ())


def test_manifest_is_read_as_written() -> None:
    """A manifest is read as it was written."""
    mark = Mark("5", MarkKind.RESUME, NOON)
    manifest = Manifest(day_of(NOON), 7, ((NOON, Millis(NOON + 5)),), (mark,), ("raw/x",))
    assert manifest_in(manifest_content(manifest)) == manifest


def test_buckets_grow_with_the_day() -> None:
    """A day without changes has no bucket, a quiet day has one, a day of a million changes the most."""
    assert [buckets_for(size) for size in (0, 1, 16_384, 16_385, 10**9)] == [0, 1, 1, 2, 256]
