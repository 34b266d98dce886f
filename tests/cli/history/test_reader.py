"""Lookups in the bucket of history: compacted days, days with raw objects only, and damaged objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.keeper import HistoryUnavailable, Keeper
from hub.runtime.history.objects import DAYS, bucket_key, day_of, manifest_key
from hub.runtime.model.names import Millis
from orgdns.cli.sources.history.reader import HistoryReader
from tests.support.build import key, record_set, ref

DAY = 86_400_000
NOON = Millis(20_000 * DAY + DAY // 2)
TOMORROW = Millis(NOON + DAY)
NAME = str(key().fqdn)
ADDRESS = record_set(1).values[0]


@dataclass
class Bucket:
    """A bucket in memory, which counts what is read."""

    contents: dict[str, bytes] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)
    down: bool = False

    def put(self, key: str, content: bytes) -> None:
        self.contents[key] = content

    def get(self, key: str) -> bytes | None:
        if self.down:
            raise HistoryUnavailable("cannot read")
        self.read[key] += 1
        return self.contents.get(key)

    def sizes(self, prefix: str) -> Mapping[str, int]:
        return {key: len(content) for key, content in sorted(self.contents.items()) if key.startswith(prefix)}

    def first(self, prefix: str) -> str | None:
        return next(iter(self.sizes(prefix)), None)


def entry(number: int, at: Millis = NOON) -> Entry:
    return Entry(str(number), key(), at, at, (), (record_set(1),))


def two_days() -> Bucket:
    """A day that is compacted, and the next one, of which there is a raw object only."""
    bucket = Bucket()
    beats = [Mark(str(90 + number), MarkKind.HEARTBEAT, Millis(NOON + number * 300_000)) for number in range(3)]
    pause = Mark("80", MarkKind.PAUSE, NOON)
    keeper = Keeper(bucket)
    keeper.keep([entry(1), pause, *beats], "1", "99", NOON)
    keeper.compact(TOMORROW, Deadline(lambda: 900.0))
    keeper.keep([entry(200, TOMORROW), Mark("201", MarkKind.HEARTBEAT, TOMORROW)], "200", "201", TOMORROW)
    bucket.read.clear()
    return bucket


def reader(bucket: Bucket, now: Millis = TOMORROW) -> HistoryReader:
    return HistoryReader(bucket, now)


@pytest.mark.parametrize("subject", [NAME, ADDRESS, ref(1).id])
def test_compacted_and_raw_days_are_found(subject: str) -> None:
    """A name, an address and an instance have the entries of both days, each once."""
    assert reader(two_days()).entries([subject]) == {subject: [entry(1), entry(200, TOMORROW)]}


def test_nothing_is_found_under_another_key() -> None:
    """A subject without entries has an empty list, and nothing is unreadable."""
    found = reader(two_days())
    assert found.entries(["10.99.99.99"]) == {"10.99.99.99": []}
    assert found.unreadable == []


def test_marks_and_heartbeats_are_of_both_days() -> None:
    """Marks are without heartbeats; the times that these cover come from the manifest and from raw objects."""
    found = reader(two_days())
    assert [mark.kind for mark in found.marks()] == [MarkKind.PAUSE]
    assert found.covered() == ((NOON, NOON + 600_000), (TOMORROW, TOMORROW))


def test_manifest_is_read_once() -> None:
    """A second lookup reads the bucket of its key, and neither manifests nor raw objects again."""
    bucket = two_days()
    found = reader(bucket)
    found.entries([NAME])
    found.entries([ADDRESS])
    found.marks()
    found.covered()
    assert bucket.read[manifest_key(day_of(NOON))] == 1
    assert {number for key, number in bucket.read.items() if key.startswith("raw/")} == {1}
    assert bucket.read[bucket_key(day_of(NOON), 0)] == 2


def test_raw_objects_of_a_compacted_day_are_not_read() -> None:
    """They stay for two weeks beside the manifest, and say nothing else."""
    bucket = two_days()
    reader(bucket).entries([NAME])
    assert [key for key in bucket.read if key.startswith(f"raw/{day_of(NOON):%Y/%m/%d}")] == []


def damaged(bucket: Bucket, prefix: str, content: bytes | None = b"no lines") -> list[str]:
    """What is unreadable once the objects with this prefix are gone or have this content."""
    for name in bucket.sizes(prefix):
        if content is None:
            del bucket.contents[name]
        else:
            bucket.contents[name] = content
    found = reader(bucket)
    found.entries([NAME])
    return [str(each) for each in found.unreadable]


def test_damaged_raw_object_is_told() -> None:
    """The entries of other objects are found, and what is unreadable is told."""
    bucket = two_days()
    raw = f"raw/{day_of(TOMORROW):%Y/%m/%d}/"
    assert damaged(bucket, raw) != []
    assert reader(bucket).entries([NAME]) == {NAME: [entry(1)]}


def test_damaged_bucket_is_told() -> None:
    """A bucket of a day that cannot be read, or disappeared, is named."""
    name = bucket_key(day_of(NOON), 0)
    (broken,) = damaged(two_days(), name)
    assert broken.startswith(name)
    assert damaged(two_days(), name, None) == [f"{name} cannot be read: the object disappeared"]


def test_damaged_manifest_leaves_the_raw_objects() -> None:
    """A day with a manifest that cannot be read is read from its raw objects, and the manifest is named."""
    bucket = two_days()
    (broken,) = damaged(bucket, manifest_key(day_of(NOON)))
    assert broken.startswith(manifest_key(day_of(NOON)))
    assert reader(bucket).entries([NAME]) == {NAME: [entry(1), entry(200, TOMORROW)]}


def test_what_the_manifest_calls_damaged_is_told() -> None:
    """What compaction could not read may lack entries forever."""
    bucket = Bucket()
    keeper = Keeper(bucket)
    keeper.keep([entry(1)], "1", "1", NOON)
    raw = next(iter(bucket.contents))
    bucket.contents[raw.replace("1-1", "0-0")] = b"no lines"
    keeper.compact(TOMORROW, Deadline(lambda: 900.0))
    found = reader(bucket)
    assert found.entries([NAME]) == {NAME: [entry(1)]}
    assert [each.what for each in found.unreadable] == [raw.replace("1-1", "0-0")]


def test_bucket_that_does_not_answer_is_an_error() -> None:
    """A lookup that could not read a day is no answer."""
    bucket = two_days()
    bucket.down = True
    with pytest.raises(HistoryUnavailable):
        reader(bucket).entries([NAME])


def test_empty_bucket_has_nothing() -> None:
    """Before the first batch, nothing is known, and nothing is wrong."""
    found = reader(Bucket())
    assert (found.entries([NAME]), found.marks(), found.covered(), found.unreadable) == ({NAME: []}, (), (), [])


def test_recent_entries_are_those_since_a_time() -> None:
    """The last days are read from raw objects, which stay beside a manifest."""
    found = reader(two_days())
    assert {each.id for each in found.recent(NOON)} == {"1", "200"}
    assert {each.id for each in found.recent(Millis(NOON + 1))} == {"200"}


def test_object_with_an_odd_name_hinders_nothing() -> None:
    """An object that somebody else put first into the bucket has no day in its name."""
    bucket = two_days()
    bucket.put(f"{DAYS}0000-99-99/x", b"")
    found = reader(bucket, Millis(TOMORROW + timedelta(hours=1) // timedelta(milliseconds=1)))
    assert found.entries([NAME])[NAME] != []
