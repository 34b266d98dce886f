"""A foreign multivalue answer record set beside ours: Route 53 would set its TTL to ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.model.names import Action, Change, Claim, ConflictRule, ForeignRecordSet, Millis, RecordSet, RecordType
from hub.runtime.ports import ZoneRecordSets
from hub.runtime.publisher.batches import changes
from hub.runtime.publisher.foreign import (
    CLEAR_MILLIS,
    MOST_BYTES,
    MULTIVALUE,
    SPARE_MILLIS,
    UNREADABLE,
    ZoneReading,
    beside_foreign,
    foreign_names,
    may_set_a_ttl,
)
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set
from tests.support.use_cases.publisher_world import World, by_hand


def member(number: int, ttl: int = 60) -> Claim:
    return claim(number, conflict=ConflictRule.SHARE, ttl=ttl)


def foreign(ttl: int = 60) -> ForeignRecordSet:
    return replace(by_hand(routing="MultiValueAnswer"), ttl=ttl)


def add_foreign(world: World, ttl: int = 60) -> None:
    """Add a foreign multivalue answer record set to the name. orgdns does not know it until it reads the zone."""
    world.zones.foreign[key()] = [foreign(ttl)]


def test_p6_a_foreign_record_keeps_its_ttl_when_ours_changes(world: World) -> None:
    """A rule's TTL changes: the name is read, and the record sets stay as they are."""
    world.claim(member(1))
    world.publish()
    add_foreign(world)
    world.claim(member(1, ttl=90))
    assert world.results() == {NameResult.CONFLICT}
    assert world.zones.foreign[key()] == [foreign()]
    assert world.zones.owned[key()] == {record_set(1)}
    assert world.ledger.published[key()].record_sets == (record_set(1),)


def test_p6_a_foreign_record_keeps_its_ttl_when_a_member_joins(world: World) -> None:
    """A member of a shared name does not join beside a foreign record set, also if the TTL were the same."""
    world.claim(member(1))
    world.publish()
    add_foreign(world)
    world.claim(member(2), member(3, ttl=30))
    assert world.results() == {NameResult.CONFLICT}
    assert world.zones.foreign[key()] == [foreign()]
    assert world.zones.owned[key()] == {record_set(1)}


def test_p6_ours_stays_if_the_foreign_record_set_changed_its_ttl(world: World) -> None:
    """Whoever adds a record set with another TTL sets ours, too. Ours stays, and is right when the other is gone."""
    world.claim(member(1))
    world.publish()
    add_foreign(world, ttl=300)
    assert world.zones.owned[key()] == {record_set(1, ttl=300)}
    world.publisher.publish({key(): world.clock()}, [key()], world.deadline)
    assert world.zones.owned[key()] == {record_set(1, ttl=300)}
    assert world.results(key()) == {NameResult.CONFLICT}
    world.zones.foreign.clear()
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(1)}


@pytest.mark.parametrize("known", [False, True])
def test_p6_handover_needs_no_read_and_keeps_the_foreign_ttl(world: World, *, known: bool) -> None:
    """A holder takes the place of another with the same TTL, whether or not orgdns knows of the foreign record set."""
    world.claim(claim(1))
    world.publish()
    add_foreign(world)
    if known:
        world.publisher.publish({key(): world.clock()}, [key()], world.deadline)
    reads = len(world.zones.reads)
    world.claim(claim(2, ttl=60 if not known else 90))
    assert world.results() == {NameResult.CONFLICT if known else NameResult.PUBLISHED}
    assert len(world.zones.reads) == reads + known
    assert world.zones.owned[key()] == {record_set(2)}
    assert world.zones.foreign[key()] == [foreign()]


def test_p6_end_of_a_holder_deletes_its_record_set(world: World) -> None:
    """Deleting a record set of ours changes no other."""
    world.claim(member(1), member(2))
    world.publish()
    add_foreign(world)
    world.withdraw(member(2))
    world.publish()
    world.withdraw(member(1))
    world.publish()
    assert not world.zones.owned[key()]
    assert world.zones.foreign[key()] == [foreign()]


def test_p6_another_type_is_not_blocked(world: World) -> None:
    """A foreign multivalue A record set blocks no AAAA record set."""
    world.claim(claim(1))
    world.publish()
    add_foreign(world)
    both = replace(claim(1, ttl=90), values=((RecordType.A, ("10.0.0.1",)), (RecordType.AAAA, ("2001:db8::1",))))
    world.claim(both)
    assert world.results() == {NameResult.CONFLICT}
    ours = {(owned.type.value, owned.ttl) for owned in world.zones.owned[key()]}
    assert ours == {("A", 60), ("AAAA", 90)}
    assert world.zones.foreign[key()] == [foreign()]


def test_handover_and_end_cost_no_read(world: World) -> None:
    """A name that orgdns holds is not read when it passes to another instance, or ends."""
    world.claim(claim(1))
    world.publish()
    reads = len(world.zones.reads)
    world.claim(claim(2))
    world.publish()
    world.withdraw(claim(1))
    world.withdraw(claim(2))
    world.publish()
    assert len(world.zones.reads) == reads


def create(*record_sets: RecordSet) -> list[Change]:
    return [Change(Action.CREATE, record_set) for record_set in record_sets]


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        ([], False),
        (create(record_set(1)), True),
        (changes([record_set(1)], []), False),
        (changes([record_set(1)], [record_set(2)]), False),
        (changes([record_set(1)], [record_set(2), record_set(3)]), False),
        (changes([record_set(1)], [record_set(1), record_set(2)]), True),
        (changes([record_set(1)], [record_set(1, ttl=90)]), True),
        (changes([record_set(1)], [replace(record_set(2), type=RecordType.AAAA)]), True),
    ],
)
def test_change_that_may_set_a_ttl(needed: Iterable[Change], *, expected: bool) -> None:
    """Only a record set with the type and TTL of one that is deleted cannot change the TTL of another."""
    assert may_set_a_ttl(needed) is expected


RECORD_SETS = st.lists(
    st.builds(record_set, st.integers(1, 4), ttl=st.just(60)), max_size=4, unique_by=lambda each: each.holder
)


@given(RECORD_SETS, RECORD_SETS, st.sampled_from([60, 90]))
def test_beside_a_foreign_record_set_nothing_is_only_added(
    owned: list[RecordSet], claimed: list[RecordSet], ttl: int
) -> None:
    """What the name loses is not claimed; what it gains replaces something, with its TTL."""
    wanted = [replace(record_set, ttl=ttl) for record_set in claimed]
    held = beside_foreign(owned, wanted, {"A"})
    assert beside_foreign(owned, wanted, {"AAAA"}) == ()
    assert set(owned) - set(held) == set(owned) - set(claimed)
    assert not may_set_a_ttl(changes(owned, held))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "claim", "withdraw", "foreign", "gone", "mark", "audit"]),
        st.integers(1, 3),
        st.sampled_from([60, 90]),
        st.sampled_from(list(ConflictRule)),
    ),
    max_size=20,
)


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_p6_no_story_changes_a_foreign_record_set(steps: list[tuple[str, int, int, ConflictRule]]) -> None:
    """The zone of the tests fails if a change of orgdns alters a foreign record set. In the end all is as claimed."""
    world = World()
    for step, number, ttl, rule in steps:
        subject = claim(number, ttl=ttl, conflict=rule)
        match step:
            case "claim":
                world.claim(subject)
            case "withdraw":
                world.withdraw(subject)
            case "foreign":
                add_foreign(world, ttl)
            case "gone":
                world.zones.foreign.pop(key(), None)
            case "mark":
                world.publisher.publish({key(): world.clock()}, [key()], world.deadline)
            case _:
                world.publish(key())
    world.zones.foreign.pop(key(), None)
    world.publisher.publish({key(): world.clock()}, [key()], world.deadline)
    assert bool(world.zones.owned[key()]) == bool(world.ledger.live_claims())


def held(*foreign: ForeignRecordSet) -> ZoneRecordSets:
    return ZoneRecordSets(foreign=foreign)


def test_a_reading_of_a_zone_has_the_names_of_other_tools() -> None:
    """Names of orgdns alone are clear."""
    listing = [
        (key("web").fqdn, held(by_hand())),
        (key("api").fqdn, ZoneRecordSets(owned=(record_set(1),))),
        (key("many").fqdn, held(by_hand(routing=MULTIVALUE))),
    ]
    assert foreign_names(listing) == frozenset({key("web").fqdn, key("many").fqdn})
    assert foreign_names([]) == frozenset()


def test_a_zone_with_very_many_names_of_other_tools() -> None:
    """A row cannot have all of them. Those count whose TTL orgdns could change; what cannot be read may be one."""
    names = [(key(f"n{number:060}").fqdn, held(by_hand())) for number in range(MOST_BYTES // 60)]
    some = [
        (key("many").fqdn, held(by_hand(), by_hand(routing=MULTIVALUE))),
        (key("odd").fqdn, held(by_hand(routing=UNREADABLE))),
    ]
    assert foreign_names([*names, *some]) == frozenset({key("many").fqdn, key("odd").fqdn})
    multivalue = [(name, held(by_hand(routing=MULTIVALUE))) for name, _ in names]
    assert foreign_names([*multivalue, *some]) is None


def test_a_reading_counts_for_a_minute() -> None:
    """By the clock of another worker, which may be a little late or early."""
    reading = ZoneReading(Millis(1_000_000), frozenset({key("web").fqdn}))
    api, web = key("api").fqdn, key("web").fqdn
    for passed in (-CLEAR_MILLIS, 0, CLEAR_MILLIS):
        now = Millis(reading.at + passed)
        assert (reading.shows_clear(api, now), reading.shows_clear(web, now)) == (True, False)
    for passed in (-CLEAR_MILLIS - 1, CLEAR_MILLIS + 1):
        assert not reading.shows_clear(api, Millis(reading.at + passed))


@pytest.mark.parametrize(("took", "lasts"), [(-5, 60_000), (6_000, 60_000), (6_001, 60_010), (100_000, 600_000)])
def test_a_long_reading_counts_for_longer(took: int, lasts: int) -> None:
    """Ten times as long as it took, and ten minutes at most, so readings are a small part of the requests."""
    reading = ZoneReading(Millis(1_000_000), frozenset(), took)
    assert reading.counts(Millis(reading.at + lasts))
    assert not reading.counts(Millis(reading.at + lasts + 1))


@pytest.mark.parametrize("took", [0, 5_000, 6_000, 20_000, 60_000])
def test_a_reading_can_be_replaced_while_the_others_rely_on_it(took: int) -> None:
    """From half of its time, in as long as it took."""
    reading = ZoneReading(Millis(1_000_000), frozenset(), took, replacing=True)
    assert reading.suffices(Millis(reading.at + max(CLEAR_MILLIS, 10 * took) // 2 + took))


def test_a_reading_that_is_not_whole_shows_nothing() -> None:
    """It only says that the zone need not be read again soon."""
    reading = ZoneReading(Millis(1_000_000), frozenset(), whole=False)
    assert reading.suffices(reading.at)
    assert not reading.shows_clear(key("api").fqdn, reading.at)


def test_a_reading_is_replaced_before_it_no_longer_counts() -> None:
    """By one worker: while it reads, the others rely on what is known, but not until its last moment."""
    reading = ZoneReading(Millis(1_000_000), frozenset())
    half, last = Millis(reading.at + CLEAR_MILLIS // 2), Millis(reading.at + CLEAR_MILLIS - SPARE_MILLIS)
    assert reading.suffices(half)
    assert not reading.suffices(Millis(half + 1))
    replaced = replace(reading, replacing=True)
    assert replaced.suffices(last)
    assert not replaced.suffices(Millis(last + 1))
