"""Entries and marks of history as lines of JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.lines import kept_in, keys_of, line_of
from hub.runtime.model.names import Fqdn, InstanceRef, Millis, NameKey, RecordSet, RecordType
from hub.runtime.model.reasons.cause import Cause

WEB = Fqdn("web.corp.internal.")
TEXT = st.text(max_size=20)
TIMES = st.integers(0, 2**45).map(Millis)
REFS = st.builds(
    InstanceRef,
    st.sampled_from(["111111111111", "222222222222"]),
    st.just("eu-west-1"),
    st.sampled_from(["i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb", "i-0ccccccccccccccc0"]),
)


@st.composite
def record_sets(draw: st.DrawFn, name: Fqdn) -> tuple[RecordSet, ...]:
    """Record sets of a name, each of another instance or type."""
    held = draw(st.sets(st.tuples(REFS, st.sampled_from(RecordType)), max_size=4))
    values = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
    return tuple(
        sorted(RecordSet(name, kind, draw(st.integers(0, 2**31)), draw(values), str(ref)) for ref, kind in held)
    )


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry."""
    key = NameKey(draw(TEXT), Fqdn(draw(TEXT)))
    after = draw(record_sets(key.fqdn))
    ruled = sorted({ref for each in after if (ref := each.instance) and draw(st.booleans())})
    return Entry(
        id=str(draw(st.integers(0, 10**40))),
        key=key,
        since=draw(TIMES),
        at=draw(TIMES),
        before=draw(record_sets(key.fqdn)),
        after=after,
        rules=tuple((ref, draw(TEXT)) for ref in ruled),
        cause=draw(st.sampled_from(Cause)),
        by=draw(st.none() | REFS),
        found=draw(st.booleans()),
        seen=draw(TIMES),
    )


MARKS = st.builds(Mark, TEXT, st.sampled_from(MarkKind), TIMES, TEXT, TEXT, TEXT, TIMES)


@given(kept=entries() | MARKS)
def test_lines_are_read_as_written(kept: Entry | Mark) -> None:
    """A line is one line, is read as it was written, and gives the same line again."""
    line = line_of(kept)
    assert "\n" not in line
    found = kept_in(line)
    assert isinstance(found, Entry | Mark)
    assert found == kept
    assert line_of(found) == line


@given(line=TEXT | entries().map(lambda entry: line_of(entry)[:-7]) | MARKS.map(lambda mark: f"[{line_of(mark)}]"))
def test_other_lines_are_unreadable(line: str) -> None:
    """A line of another form, or one that is cut off, is reported, and raises nothing."""
    assert isinstance(kept_in(line), Unreadable)


def test_kind_of_a_later_version_is_unreadable() -> None:
    """What a later version keeps is no reason to stop."""
    line = json.dumps({"k": "rainbow", "id": "1", "at": 5})
    assert isinstance(kept_in(line), Unreadable)


def test_entry_is_found_by_name_instances_and_addresses() -> None:
    """A handover is found by both instances and both addresses."""
    old, new = (InstanceRef("1" * 12, "eu-west-1", f"i-0{digit * 16}") for digit in "ab")
    held = {
        ref: RecordSet(WEB, RecordType.A, 60, (address,), str(ref))
        for ref, address in ((old, "10.0.0.4"), (new, "10.0.0.5"))
    }
    entry = Entry("7", NameKey("Z1", WEB), Millis(5), Millis(5), (held[old],), (held[new],))
    assert keys_of(entry) == ("10.0.0.4", "10.0.0.5", old.id, new.id, WEB)


def test_reverse_name_is_not_found_by_its_target() -> None:
    """The value of a PTR record set is a name, but not the one that changed."""
    ref = InstanceRef("1" * 12, "eu-west-1", "i-0" + "a" * 16)
    reverse = Fqdn("4.0.0.10.in-addr.arpa.")
    held = (RecordSet(reverse, RecordType.PTR, 60, (WEB,), str(ref)),)
    assert keys_of(Entry("7", NameKey("Z1", reverse), Millis(5), Millis(5), (), held)) == (reverse, ref.id)
