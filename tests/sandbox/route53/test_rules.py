"""Which change batches Route 53 applies."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.route53.names import listing_key
from sandbox.aws.route53.rules import (
    Action,
    Change,
    InvalidChangeBatch,
    InvalidInput,
    ResourceRecordSet,
    Routing,
    check_request,
)
from tests.support.sandbox.record_sets import WEB, create, delete, member, refusals, simple, upsert, zone_with


def test_create_of_existing_record_set_is_refused() -> None:
    """Even with the same values; the set identifier distinguishes multivalue members."""
    assert refusals(zone_with(simple()), create(simple())) == (
        "Tried to create resource record set [name='web.corp.internal.', type='A'] but it already exists",
    )
    assert refusals(zone_with(member("one")), create(member("one", "10.0.0.2"))) == (
        (
            "Tried to create resource record set [name='web.corp.internal.', type='A', set-identifier='one'] "
            "but it already exists"
        ),
    )


def test_delete_of_missing_record_set_is_refused() -> None:
    """A record set with another set identifier is another record set."""
    assert refusals(zone_with(member("one")), delete(member("two"))) == (
        (
            "Tried to delete resource record set [name='web.corp.internal.', type='A', set-identifier='two'] "
            "but it was not found"
        ),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        member("one", "10.0.0.1", "10.0.0.3"),
        member("one", "10.0.0.1"),
        member("one", "10.0.0.1", "10.0.0.2", ttl=61),
        replace(member("one", "10.0.0.1", "10.0.0.2"), routing=Routing.OTHER),
        replace(member("one", "10.0.0.1", "10.0.0.2"), details=(("HealthCheckId", "h"),)),
    ],
)
def test_delete_must_match_exactly(wrong: ResourceRecordSet) -> None:
    """Another or missing value, TTL, policy or health check is refused."""
    assert refusals(zone_with(member("one", "10.0.0.1", "10.0.0.2")), delete(wrong)) == (
        (
            "Tried to delete resource record set [name='web.corp.internal.', type='A', set-identifier='one'] "
            "but the values provided do not match the current values"
        ),
    )


def test_delete_ignores_the_order_of_values() -> None:
    """Two values in reverse order match."""
    zone = zone_with(member("one", "10.0.0.1", "10.0.0.2"))
    zone.apply([delete(member("one", "10.0.0.2", "10.0.0.1"))])
    assert len(zone) == 0
    assert zone.at(WEB) == {}


def test_batch_is_all_or_nothing() -> None:
    """Valid changes between faulty ones are not made, and each faulty one has its message, in order."""
    zone = zone_with(simple("a.corp.internal."))
    messages = refusals(
        zone,
        create(simple("a.corp.internal.")),
        create(simple("b.corp.internal.")),
        delete(simple("c.corp.internal.")),
    )
    assert [message[:15] for message in messages] == ["Tried to create", "Tried to delete"]


def test_changes_see_the_changes_before_them() -> None:
    """A DELETE and a CREATE in one batch hand a name over; in reverse order they are refused."""
    old, new = member("old", "10.0.0.1"), simple(WEB, "A", "10.0.0.2")
    zone = zone_with(old)
    refusals(zone, create(new), delete(old))
    zone.apply([delete(old), create(new)])
    assert tuple(zone.listed()) == (new,)


def test_name_outside_the_zone_is_refused() -> None:
    """A name that ends in the same letters is outside."""
    assert refusals(zone_with(), create(simple("web.notcorp.internal."))) == (
        "RRSet with DNS name web.notcorp.internal. is not permitted in zone corp.internal.",
    )


def test_apex_ns_and_soa_cannot_be_removed() -> None:
    """They can be replaced in a batch, but not removed; an NS record set further down can be."""
    apex_ns = simple("corp.internal.", "NS", "ns.example.")
    soa = simple("corp.internal.", "SOA", "ns.example. root.example. 1 2 3 4 5")
    below = simple("sub.corp.internal.", "NS", "ns.example.")
    zone = zone_with(apex_ns, soa, below)
    assert refusals(zone, delete(apex_ns)) == ("A HostedZone must contain at least one NS record for the zone itself.",)
    assert refusals(zone, delete(soa)) == ("A HostedZone must contain exactly one SOA record.",)
    zone.apply([delete(apex_ns), create(replace(apex_ns, ttl=30)), delete(below)])


def test_zone_has_a_quota_of_record_sets() -> None:
    """One more record set is refused; replacing one is not."""
    first, second = simple("a.corp.internal."), simple("b.corp.internal.")
    zone = zone_with(first, limit=1)
    assert refusals(zone, create(second)) == ("Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z0CORP",)
    zone.apply([delete(first), create(second)])


@pytest.mark.parametrize(
    "change", [create(member("two")), upsert(member("one", "10.0.0.2")), delete(member("one")), delete(member("none"))]
)
def test_protected_record_set_cannot_change(change: Change) -> None:
    """Any change refuses the whole batch; other types and names are free."""
    zone = zone_with(member("one"))
    zone.protected.add((WEB, "A"))
    message = "RRSet with DNS name web.corp.internal., type A is protected"
    assert refusals(zone, create(simple("api.corp.internal.")), change) == (message,)
    zone.apply([create(simple(WEB, "TXT")), create(simple("api.corp.internal."))])
    zone.protected.clear()
    zone.apply([delete(member("one"))])


@pytest.mark.parametrize(
    ("record_set", "problem"),
    [
        (replace(member("x"), set_identifier=None), "Missing field 'SetIdentifier' in Change with [Action=DELETE, "),
        (replace(simple(), set_identifier="x"), "Expected exactly one of [Weight, Region,"),
        (member(""), "length between 1 and 128"),
        (member("x" * 129), "length between 1 and 128"),
        (replace(simple(), ttl=None), "Expected exactly one of [AliasTarget, "),
        (replace(simple(), values=()), "Expected exactly one of [AliasTarget, "),
        (replace(simple(), alias_target=(("DNSName", "a."),)), "Expected exactly one of [AliasTarget, "),
    ],
)
def test_malformed_change_is_invalid_input(record_set: ResourceRecordSet, problem: str) -> None:
    """A DELETE must name the policy of what it deletes, too."""
    with pytest.raises(InvalidInput) as refused:
        check_request([delete(record_set)])
    assert problem in str(refused.value)


def test_longest_set_identifier_is_accepted() -> None:
    """A set identifier may have 128 characters."""
    check_request([create(member("x" * 128))])


def test_has_below_compares_labels() -> None:
    """Neither the name itself nor a name with a dot inside its label is below it."""
    zone = zone_with(simple("a.b.corp.internal."), simple("x\\056y.corp.internal."))
    assert zone.has_below("b.corp.internal.")
    assert zone.has_below("corp.internal.")
    assert not zone.has_below("a.b.corp.internal.")
    assert not zone.has_below("x.corp.internal.")


def test_listing_starts_anywhere() -> None:
    """A listing starts at a name, a type, a member, or after a missing one."""
    first, second = member("1"), member("2")
    six = member("1", "2001:db8::1", type_="AAAA")
    last = simple("z.corp.internal.")
    zone = zone_with(last, six, second, first)
    assert tuple(zone.listed()) == (first, second, six, last)
    assert tuple(zone.listed((WEB, "A", "2"))) == (second, six, last)
    assert tuple(zone.listed((WEB, "AAAA", ""))) == (six, last)
    assert tuple(zone.listed(("x.corp.internal.", "", ""))) == (last,)
    assert tuple(zone.listed(("zz.corp.internal.", "", ""))) == ()


RECORD_SETS = st.builds(
    member,
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["10.0.0.1", "10.0.0.2"]),
    name=st.sampled_from(["a.corp.internal.", "b.a.corp.internal.", "\\052.corp.internal."]),
    ttl=st.sampled_from([30, 60]),
) | st.builds(simple, st.sampled_from(["a.corp.internal.", "c.corp.internal."]), st.sampled_from(["A", "TXT"]))


BATCHES = st.lists(st.lists(st.builds(Change, st.sampled_from(Action), RECORD_SETS), max_size=4), max_size=12)


@given(BATCHES)
def test_zone_is_consistent_after_any_batches(batches: list[list[Change]]) -> None:
    """A refused batch changes nothing, count and order agree, and a name and type have one TTL."""
    zone = zone_with()
    for batch in batches:
        before = tuple(zone.listed())
        try:
            zone.apply(batch)
        except InvalidChangeBatch as refused:
            assert refused.messages  # noqa: PT017 - both ends of a batch are fine, each is checked
            assert tuple(zone.listed()) == before
        listed = tuple(zone.listed())
        assert len(zone) == len(listed)
        keys = [(listing_key(each.name), each.type, each.set_identifier or "") for each in listed]
        assert keys == sorted(set(keys))
        for each in listed:
            assert {other.ttl for other in zone.at(each.name)[each.type].values()} == {each.ttl}
