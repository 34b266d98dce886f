"""Which record sets can exist side by side at a name, and which values they can have."""

from dataclasses import replace

import pytest

from sandbox.aws.route53.rules import (
    ResourceRecordSet,
    Routing,
)
from tests.support.sandbox.record_sets import WEB, create, delete, member, refusals, simple, upsert, zone_with


def weighted(identifier: str, ttl: int = 60) -> ResourceRecordSet:
    return ResourceRecordSet(WEB, "A", ttl, ("10.0.0.1",), identifier, Routing.WEIGHTED, details=(("Weight", 1),))


def test_simple_and_multivalue_do_not_mix() -> None:
    """Neither can join the other at a name and type; another type of the name is independent."""
    assert refusals(zone_with(simple()), create(member("one"))) == (
        (
            'RRSet with DNS name web.corp.internal., type A, SetIdentifier "one" cannot be created because a non '
            "multivalue answer rrset exists with the same name and type."
        ),
    )
    assert refusals(zone_with(member("one")), create(simple())) == (
        (
            "RRSet with DNS name web.corp.internal., type A, SetIdentifier null cannot be created as other RRSets "
            "exist with the same name and type."
        ),
    )
    zone_with(simple(), member("one", "2001:db8::1", type_="AAAA"))


def test_upsert_can_change_the_policy_of_a_lone_record_set() -> None:
    """The record set that an UPSERT replaces does not conflict with it."""
    zone = zone_with(weighted("one"))
    zone.apply([upsert(member("one"))])
    assert tuple(zone.listed()) == (member("one"),)


def test_cname_is_alone_at_its_name() -> None:
    """A CNAME cannot join other types, and other types cannot join a CNAME."""
    cname = simple(WEB, "CNAME", "other.corp.internal.")
    assert refusals(zone_with(simple()), create(cname)) == (
        (
            "RRSet of type CNAME with DNS name web.corp.internal. is not permitted as it conflicts with other records "
            "with the same DNS name in zone corp.internal."
        ),
    )
    assert refusals(zone_with(cname), create(member("one"))) == (
        (
            "RRSet of type A with DNS name web.corp.internal. is not permitted because a conflicting RRSet of type "
            "CNAME with the same DNS name already exists in zone corp.internal."
        ),
    )
    assert "at apex" in refusals(zone_with(), create(replace(cname, name="corp.internal.")))[0]


@pytest.mark.parametrize(
    "unsupported",
    [
        member("one", "other.corp.internal.", type_="CNAME"),
        member("one", "ns.corp.internal.", type_="NS"),
        replace(member("one"), ttl=None, values=(), alias_target=(("DNSName", "other.corp.internal."),)),
    ],
)
def test_multivalue_supports_no_cname_ns_or_alias(unsupported: ResourceRecordSet) -> None:
    """AWS documents these three as not supported."""
    assert "multivalue answer supports neither" in refusals(zone_with(), create(unsupported))[0]


def test_name_and_type_have_at_most_a_hundred_record_sets() -> None:
    """The 101st is refused; an UPSERT of one of the hundred is not."""
    zone = zone_with(*(member(str(number)) for number in range(100)))
    assert "Exceeded limit on number of multivalue RRSets" in refusals(zone, create(member("100")))[0]
    zone.apply([upsert(member("99", "10.0.0.2"))])
    assert len(zone) == 100


def test_multivalue_ttls_follow_the_latest() -> None:
    """A later DELETE with the first TTL no longer matches."""
    zone = zone_with(member("one", ttl=60), member("two", ttl=30))
    assert [record_set.ttl for record_set in zone.listed()] == [30, 30]
    assert "do not match" in refusals(zone, delete(member("one", ttl=60)))[0]
    zone.apply([delete(member("one", ttl=30))])


def test_weighted_ttls_must_be_equal() -> None:
    """Weighted record sets with different TTLs are refused."""
    message = refusals(zone_with(weighted("one")), create(weighted("two", ttl=30)))[0]
    assert message.endswith("cannot be created as weighted sets must contain the same TTL.")


@pytest.mark.parametrize(
    ("type_", "value", "problem"),
    [
        ("A", "10.0.0.256", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
        ("A", "2001:db8::1", "ARRDATAIllegalIPv4Address"),
        ("A", "", "ARRDATAIllegalIPv4Address"),
        ("AAAA", "10.0.0.1", "(Value is not a valid IPv6 address)"),
        ("AAAA", "fe80::1%eth0", "(Value is not a valid IPv6 address)"),
    ],
)
def test_bad_address_is_refused(type_: str, value: str, problem: str) -> None:
    """The message contains the value."""
    message = refusals(zone_with(), create(simple(WEB, type_, value)))[0]
    assert problem in message
    assert message.endswith(f"encountered with '{value}''")


def test_repeated_value_and_second_cname_value_are_refused() -> None:
    """The values of a record set are unique, and a CNAME has one."""
    assert refusals(zone_with(), create(simple(WEB, "A", "10.0.0.1", "10.0.0.1"))) == (
        "Duplicate Resource Record: '10.0.0.1'",
    )
    assert "one value only" in refusals(zone_with(), create(simple(WEB, "CNAME", "a.", "b.")))[0]
