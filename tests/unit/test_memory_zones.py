"""The zones in memory are as strict as Route 53, and read as the adapter reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Action, Change, ForeignRecordSet, Fqdn, RecordSet
from hub.runtime.ports import BatchRefused, ZoneClosed, ZoneRecordSets, ZoneUnavailable
from tests.support.build import CORP_ZONE, key, record_set
from tests.support.memory_zones import MemoryZones

WEB = key().fqdn


@pytest.fixture
def zones() -> MemoryZones:
    return MemoryZones()


def create(record_set: RecordSet) -> Change:
    return Change(Action.CREATE, record_set)


def delete(record_set: RecordSet) -> Change:
    return Change(Action.DELETE, record_set)


def by_hand(kind: str = "A", routing: str = "Simple", value: str = "192.0.2.1") -> ForeignRecordSet:
    return ForeignRecordSet(WEB, kind, routing, (value,), 300)


def simple(foreign: ForeignRecordSet) -> RecordSet:
    """The record set that an adoption deletes."""
    return replace(record_set(), values=foreign.values, ttl=300, holder="")


def content(zones: MemoryZones, name: str = WEB) -> ZoneRecordSets:
    return zones.record_sets(CORP_ZONE, [Fqdn(name)])[Fqdn(name)]


def test_created_record_set_is_owned(zones: MemoryZones) -> None:
    """A record set is read as it was created, sorted; a name without record sets holds nothing."""
    zones.change(CORP_ZONE, [create(record_set(2)), create(record_set(1))])
    assert content(zones) == ZoneRecordSets(owned=(record_set(1), record_set(2)))
    assert content(zones, "api.corp.internal.") == ZoneRecordSets()
    assert dict(zones.owned) == {key(): {record_set(1), record_set(2)}}
    assert zones.addresses(key()) == {"10.0.0.1", "10.0.0.2"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (create(record_set()), "but it already exists"),
        (delete(record_set(2)), "but it was not found"),
        (delete(record_set(address="10.0.0.9")), "do not match the current values"),
        (delete(record_set(ttl=61)), "do not match the current values"),
        (create(record_set(2, address="10.0.0.256")), "Value is not a valid IPv4 address"),
        (create(replace(record_set(2), values=())), "Expected exactly one of [AliasTarget, "),
        (create(replace(record_set(2), holder="x" * 129)), "length between 1 and 128"),
        (create(replace(record_set(2), fqdn=Fqdn("web.instances.internal."))), "not permitted in zone corp.internal."),
    ],
)
def test_batch_is_refused_whole_in_route_53s_words(zones: MemoryZones, change: Change, problem: str) -> None:
    """One bad change makes the whole batch fail, and nothing changes."""
    zones.change(CORP_ZONE, [create(record_set())])
    with pytest.raises(BatchRefused) as refused:
        zones.change(CORP_ZONE, [create(record_set(3, name="api")), change])
    assert problem in refused.value.message
    assert dict(zones.owned) == {key(): {record_set()}}


def test_batch_that_is_too_large_is_refused(zones: MemoryZones) -> None:
    """A request can have 1,000 values."""
    many = [create(record_set(number, name=f"n{number}")) for number in range(1, 1_002)]
    with pytest.raises(BatchRefused, match="Number of records limit of 1000 exceeded"):
        zones.change(CORP_ZONE, many)
    zones.change(CORP_ZONE, many[:1_000])
    assert len(zones.owned) == 1_000


def test_full_zone_refuses_more(zones: MemoryZones) -> None:
    """`room` is the zone's quota of record sets."""
    zones.room = 1
    zones.change(CORP_ZONE, [create(record_set())])
    with pytest.raises(BatchRefused, match="MAX_RRSETS_BY_ZONE"):
        zones.change(CORP_ZONE, [create(record_set(2))])


def test_message_of_a_refusal_may_be_unreadable(zones: MemoryZones) -> None:
    """Such a message has neither the name nor the fault."""
    zones.readable_messages = False
    with pytest.raises(BatchRefused) as refused:
        zones.change(CORP_ZONE, [delete(record_set())])
    assert refused.value.message == "[something is not right]"


def test_protected_name_is_not_changed(zones: MemoryZones) -> None:
    """A protected name cannot be changed; other names of the zone can."""
    zones.change(CORP_ZONE, [create(record_set())])
    zones.protected.add(key())
    for change in (delete(record_set()), create(record_set(2))):
        with pytest.raises(BatchRefused, match=r"web\.corp\.internal\., type A is protected"):
            zones.change(CORP_ZONE, [change])
    zones.change(CORP_ZONE, [create(record_set(name="api"))])
    zones.protected.clear()
    zones.change(CORP_ZONE, [delete(record_set())])
    assert set(zones.owned) == {key("api")}


@pytest.mark.parametrize(
    "foreign",
    [
        by_hand(),
        by_hand("TXT", value='"text"'),
        by_hand("CNAME", value="elsewhere.example."),
        by_hand(routing="Weight"),
        by_hand(routing="MultiValueAnswer"),
        ForeignRecordSet(WEB, "A", "AliasTarget"),
    ],
)
def test_record_set_of_someone_else_is_foreign(zones: MemoryZones, foreign: ForeignRecordSet) -> None:
    """A foreign record set is created as someone else would, read as foreign, and deleted separately."""
    zones.change(CORP_ZONE, [create(record_set(name="api"))])
    zones.foreign[key()] = [foreign]
    assert content(zones) == ZoneRecordSets(foreign=(foreign,))
    assert (set(zones.foreign), set(zones.owned)) == ({key()}, {key("api")})
    del zones.foreign[key()]
    assert content(zones) == ZoneRecordSets()
    assert zones.addresses(key("api")) == {"10.0.0.1"}


def test_setting_foreign_record_sets_keeps_owned_ones(zones: MemoryZones) -> None:
    """Setting the foreign record sets of a name replaces the foreign ones only."""
    zones.change(CORP_ZONE, [create(record_set())])
    zones.foreign[key()] = [by_hand("AAAA", value="fd00::1")]
    zones.foreign[key()] = [by_hand("TXT", value='"text"')]
    assert content(zones) == ZoneRecordSets((record_set(),), (by_hand("TXT", value='"text"'),))


def test_changing_a_foreign_ttl_is_a_bug(zones: MemoryZones) -> None:
    """Route 53 accepts it without an error, so the zones in memory raise an error that no use case catches."""
    zones.foreign[key()] = [by_hand(routing="MultiValueAnswer")]
    with pytest.raises(AssertionError, match="changed what is foreign"):
        zones.change(CORP_ZONE, [create(record_set(ttl=60))])


def test_adoption_may_delete_only_its_record_set(zones: MemoryZones) -> None:
    """An adoption may delete its simple record set; other foreign record sets stay."""
    text = by_hand("TXT", value='"text"')
    zones.foreign[key()] = [by_hand(), text]
    zones.change(CORP_ZONE, [delete(simple(by_hand())), create(record_set())])
    assert content(zones) == ZoneRecordSets((record_set(),), (text,))


def test_creating_a_simple_record_set_is_a_bug(zones: MemoryZones) -> None:
    """Without an owner in its SetIdentifier, the record set would be foreign afterwards."""
    with pytest.raises(AssertionError, match="changed what is foreign"):
        zones.change(CORP_ZONE, [create(replace(record_set(), holder=""))])


def test_listing_is_in_route_53s_order(zones: MemoryZones) -> None:
    """By labels from the right, each name once with all its record sets, and only those of the zone."""
    zones.change(CORP_ZONE, [create(record_set(name=name)) for name in ("a.b", "c", "b")])
    zones.change("Z0OTHER", [create(record_set(name="elsewhere"))])
    text = replace(by_hand("TXT", value='"text"'), fqdn=key("b").fqdn)
    zones.foreign[key("b")] = [text]
    assert list(zones.listing(CORP_ZONE)) == [
        (key("b").fqdn, ZoneRecordSets((record_set(name="b"),), (text,))),
        (key("a.b").fqdn, ZoneRecordSets((record_set(name="a.b"),))),
        (key("c").fqdn, ZoneRecordSets((record_set(name="c"),))),
    ]


@pytest.mark.parametrize("zone_id", [CORP_ZONE, "Z0UNKNOWN"])
def test_zone_that_is_closed_or_unknown_is_neither_read_nor_written(zones: MemoryZones, zone_id: str) -> None:
    """A zone without access and a missing zone raise the same error."""
    zones.closed.add(CORP_ZONE)
    with pytest.raises(ZoneClosed):
        zones.change(zone_id, [create(record_set())])
    with pytest.raises(ZoneClosed):
        zones.record_sets(zone_id, [WEB])
    with pytest.raises(ZoneClosed):
        list(zones.listing(zone_id))
    assert (zones.batches, zones.reads) == ([], [])


def test_fault_comes_before_or_after_the_change(zones: MemoryZones) -> None:
    """Both raise the same error; only one makes the change, and each affects one call."""
    zones.faults = ["before", "after"]
    for expected in (set(), {record_set()}):
        with pytest.raises(ZoneUnavailable):
            zones.change(CORP_ZONE, [create(record_set())])
        assert zones.owned[key()] == expected
    zones.change(CORP_ZONE, [delete(record_set())])
    assert [len(batch) for batch in zones.batches] == [1, 1, 1]
