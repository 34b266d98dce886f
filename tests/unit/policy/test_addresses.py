from __future__ import annotations

import pytest

from hub.runtime.model.names import (
    RecordType,
    Refusal,
    Selection,
)
from hub.runtime.policy.draft import Decision
from hub.runtime.policy.rules import Scope
from tests.support.build import (
    example_policy,
    instance,
    interface,
)
from tests.support.config.policies import ETH1, decide, names, reasons, rule


def test_instance_without_address_claims_nothing() -> None:
    """A name needs an address."""
    decision = decide(example_policy(), instance(address=None))
    assert not decision.claims
    assert decision.refusals == (Refusal("*", "the instance has no private address"),)


def test_ipv6_is_published_beside_ipv4() -> None:
    """An instance with IPv6 also gets AAAA record sets; one with only IPv6 gets no others."""
    both = instance(interfaces=(interface("10.1.0.1", ipv6=("2001:db8::2", "2001:db8::1")),))
    (claim,) = decide(rule(), both).claims
    assert claim.values == ((RecordType.A, ("10.1.0.1",)), (RecordType.AAAA, ("2001:db8::1", "2001:db8::2")))
    alone = instance(interfaces=(interface(ipv6=("2001:db8::1",)),))
    assert decide(rule(), alone).claims[0].values == ((RecordType.AAAA, ("2001:db8::1",)),)


@pytest.mark.parametrize(
    ("interfaces", "addresses", "values"),
    [
        (Selection.PRIMARY, Selection.PRIMARY, ("10.1.0.1",)),
        (Selection.PRIMARY, Selection.ALL, ("10.1.0.1", "10.1.0.2")),
        (Selection.PRIMARY, Selection.FURTHER, ("10.1.0.2",)),
        (Selection.FURTHER, Selection.PRIMARY, ("10.1.2.1",)),
        (Selection.ALL, Selection.ALL, ("10.1.0.1", "10.1.0.2", "10.1.2.1", "10.1.2.2")),
    ],
)
def test_several_addresses_under_one_name_are_one_claim(
    interfaces: Selection, addresses: Selection, values: tuple[str, ...]
) -> None:
    """All interfaces and addresses that a rule uses are under its one name."""
    subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2"), ETH1))
    (claim,) = decide(rule(interfaces=interfaces, addresses=addresses), subject).claims
    assert claim.values == ((RecordType.A, values),)


def test_interface_in_another_subnet_is_left_out() -> None:
    """A rule for a subnet uses only the instance's addresses in that subnet."""
    only = rule(interfaces=Selection.ALL, scope=Scope(subnets=frozenset({"subnet-2"})))
    (claim,) = decide(only, instance(interfaces=(interface("10.1.0.1"), ETH1))).claims
    assert claim.values == ((RecordType.A, ("10.1.2.1",)),)


def test_each_interface_has_its_name_by_its_index() -> None:
    """`{device_index}` gives each interface a name; interfaces with one index on two network cards share it."""
    subject = instance(interfaces=(interface("10.1.0.1"), ETH1, interface("10.1.3.1", index=1)))
    decision = decide(rule("{name}-eth{device_index}.corp.internal", interfaces=Selection.ALL), subject)
    assert {claim.key.fqdn: claim.values for claim in decision.claims} == {
        "web-eth0.corp.internal.": ((RecordType.A, ("10.1.0.1",)),),
        "web-eth1.corp.internal.": ((RecordType.A, ("10.1.2.1", "10.1.3.1")),),
    }


def test_each_address_has_its_name() -> None:
    """`{private_ipv4}` gives each address a name with only that address."""
    subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
    decision = decide(rule("ip-{private_ipv4}.corp.internal", addresses=Selection.ALL), subject)
    assert {claim.key.fqdn: claim.values for claim in decision.claims} == {
        f"ip-10-1-0-{n}.corp.internal.": ((RecordType.A, (f"10.1.0.{n}",)),) for n in (1, 2)
    }
    assert {claim.note for claim in decision.claims} == {""}


def test_address_and_index_in_one_name_belong_together() -> None:
    """`{private_ipv4}` and `{device_index}` in one name are those of one interface."""
    subject = instance(interfaces=(interface("10.1.0.1"), ETH1))
    both = rule("{private_ipv4}.eth{device_index}.corp.internal", interfaces=Selection.ALL, addresses=Selection.ALL)
    assert names(decide(both, subject)) == ["10-1-0-1.eth0", "10-1-2-1.eth1", "10-1-2-2.eth1"]


def test_interface_without_ipv4_has_an_index() -> None:
    """An interface with only IPv6 has a device index, which a fallback can use."""
    subject = instance(interfaces=(interface(ipv6=("2001:db8::1",)), interface(index=1, ipv6=("2001:db8::2",))))
    fallback = rule("{private_ipv4}.corp.internal", "eth{device_index}.corp.internal", interfaces=Selection.ALL)
    assert {claim.key.fqdn: claim.values for claim in decide(fallback, subject).claims} == {
        "eth0.corp.internal.": ((RecordType.AAAA, ("2001:db8::1",)),),
        "eth1.corp.internal.": ((RecordType.AAAA, ("2001:db8::2",)),),
    }
    assert "no private IPv4" in reasons(decide(rule("{private_ipv4}-{device_index}.corp.internal"), subject))


def test_further_addresses_are_ipv4_only() -> None:
    """A rule for further addresses gives nothing without any; IPv6 belongs to the primary address."""
    further = rule(addresses=Selection.FURTHER)
    both = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
    assert decide(further, both).claims[0].values == ((RecordType.A, ("10.1.0.2",)),)
    assert decide(further, instance(interfaces=(interface("10.1.0.1", ipv6=("2001:db8::1",)),))) == Decision()
