from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Action, RecordSet, RecordType
from hub.runtime.publisher.batches import MAX_CHARACTERS, MAX_ELEMENTS, NameChange, batches, changes
from tests.support.build import key, record_set, ref

RECORD_SETS = st.frozensets(
    st.builds(record_set, st.integers(1, 6), address=st.sampled_from(["10.0.0.1", "10.0.0.2"]), ttl=st.just(60)),
    max_size=6,
)


@given(RECORD_SETS, RECORD_SETS)
def test_changes_turn_current_into_desired_record_sets(
    current: frozenset[RecordSet], desired: frozenset[RecordSet]
) -> None:
    """In order, each DELETE finds its exact record set, each CREATE finds none, and the result is as desired."""
    zone = set(current)
    for change in changes(current, desired):
        if change.action is Action.DELETE:
            zone.remove(change.record_set)
        else:
            assert change.record_set not in zone
            zone.add(change.record_set)
    assert zone == desired


@given(RECORD_SETS)
def test_zone_as_desired_needs_no_change(current: frozenset[RecordSet]) -> None:
    """A zone that is as desired needs no change."""
    assert changes(current, current) == ()


def test_handover_deletes_before_it_creates() -> None:
    """A handover is a DELETE and a CREATE, in this order, of one name."""
    assert [change.action for change in changes([record_set(1)], [record_set(2)])] == [Action.DELETE, Action.CREATE]


def name_change(number: int, values: int, length: int = 10) -> NameChange:
    single = RecordSet(
        key(f"n{number}").fqdn,
        RecordType.AAAA,
        60,
        tuple(f"{value:0{length}d}" for value in range(values)),
        str(ref(number)),
    )
    return NameChange(key(f"n{number}"), (single,), changes([], [single]))


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 45)), max_size=40), st.integers(1, 40))
def test_batches_are_within_limits_and_complete(shapes: list[tuple[int, int]], most: int) -> None:
    """No batch is over Route 53's limits, none is empty, no name is lost, repeated or split."""
    names = [name_change(number, values, length) for number, (values, length) in enumerate(shapes)]
    made = list(batches(names, most))
    assert [name for batch in made for name in batch] == names
    for batch in made:
        assert batch
        assert sum(len(name.changes) for name in batch) <= most
        assert sum(name.size[0] for name in batch) <= MAX_ELEMENTS
        assert sum(name.size[1] for name in batch) <= MAX_CHARACTERS


def test_batches_are_full() -> None:
    """A thousand single records are one batch, and one more is a second batch."""
    assert [len(batch) for batch in batches(name_change(number, 1) for number in range(1001))] == [1000, 1]


def test_long_values_end_a_batch_too() -> None:
    """Fewer than 1,000 IPv6 addresses have 32,000 characters."""
    assert [len(batch) for batch in batches(name_change(number, 1, 39) for number in range(1000))] == [820, 180]


def test_batch_is_full_at_the_last_character_and_so_is_the_next() -> None:
    """A thousand values of 32 characters fill a batch to both limits, and the next batch is counted from zero."""
    assert [len(batch) for batch in batches(name_change(number, 1, 32) for number in range(2001))] == [1000, 1000, 1]


def test_name_larger_than_a_batch_is_a_batch() -> None:
    """A name above the limit is a batch of its own: Route 53 refuses it, and the others are published."""
    names = [name_change(1, 1), name_change(2, MAX_ELEMENTS + 1), name_change(3, 1)]
    assert [len(batch) for batch in batches(names)] == [1, 1, 1]


def test_batch_has_no_more_changes_than_the_pace_has_tokens() -> None:
    """A small share of the quota makes small batches; a name that needs more is a batch of its own."""
    sets = [record_set(number) for number in range(1, 10)]
    large = NameChange(key("large"), tuple(sets), changes([], sets))
    names = [name_change(1, 1), large, *(name_change(number, 1) for number in range(2, 6))]
    assert [len(batch) for batch in batches(names, most=3)] == [1, 1, 3, 1]
