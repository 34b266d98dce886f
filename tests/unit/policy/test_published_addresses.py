"""The addresses that may be published in a zone."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import ConflictRule, Instance, RecordType, Refusal, Selection
from hub.runtime.policy.addresses import DEFAULT, is_in
from hub.runtime.policy.compiled import from_json, to_json
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import ReverseZone
from tests.support.build import CORP, instance, interface
from tests.support.config.policies import REVERSE_ALL, decide, names, policy, rule

REASON = (
    "{} may not be published in the zone 'corp.internal': if it is the organization's own, add its network to "
    "'addresses' of the zone"
)
V4 = st.one_of(st.ip_addresses(v=4), *(st.ip_addresses(network=each) for each in DEFAULT if "." in each)).map(str)
V6 = st.one_of(st.ip_addresses(v=6), *(st.ip_addresses(network=each) for each in DEFAULT if ":" in each)).map(str)
NETWORKS = st.sampled_from(
    [(), ("10.0.0.0/9",), ("8.8.8.0/24", "2001:db8::/32"), ("fd00::/8", "172.16.0.0/12", "0.0.0.0/1")]
)


def everything(**more: object) -> Policy:
    return policy(rule(interfaces=Selection.ALL, addresses=Selection.ALL, reverse=ConflictRule.OLDEST), **more)


@pytest.mark.parametrize(
    ("address", "published"),
    [
        ("10.0.0.1", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.255.1", True),
        ("192.169.0.1", False),
        ("100.64.0.1", True),
        ("100.63.255.255", False),
        ("100.128.0.1", False),
        ("8.8.8.8", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("fd00::1", True),
        ("2001:db8::1", True),
        ("2a05:d014::1", True),
        ("fe80::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::808:808", False),
    ],
)
def test_default_is_private_shared_and_ipv6_unicast(address: str, published: bool) -> None:  # noqa: FBT001 - a table
    """A zone that does not say publishes addresses that can be only a VPC's own."""
    assert is_in(address, DEFAULT) is published


def test_addresses_outside_are_refused_and_the_others_published() -> None:
    """Each refusal names address, zone and key. Other addresses of the same instance stay."""
    first = interface("10.1.0.1", "8.8.8.8", ipv6=("fe80::1", "2001:db8::1"))
    subject = instance(interfaces=(first, interface("8.8.4.4", index=1)))
    decision = decide(everything(), subject)
    (claim,) = decision.claims
    assert claim.values == ((RecordType.A, ("10.1.0.1",)), (RecordType.AAAA, ("2001:db8::1",)))
    fqdn = f"web.{CORP}"
    assert decision.refusals == tuple(
        Refusal("rule", REASON.format(address), fqdn) for address in ("8.8.8.8", "fe80::1", "8.8.4.4")
    )


def test_instance_with_no_other_address_gets_no_name() -> None:
    """A name without addresses is no claim, and the address has no PTR record that names it."""
    decision = decide(everything(reverse_zones=(ReverseZone(REVERSE_ALL),)), instance(address="8.8.8.8"))
    assert not decision.claims
    assert [refusal.reason for refusal in decision.refusals] == [REASON.format("8.8.8.8")]


def test_zone_replaces_the_default() -> None:
    """A zone publishes what its `addresses` list and nothing else, also after the policy was read back."""
    own = everything(networks=((CORP, ("8.8.8.0/24",)),), reverse_zones=(ReverseZone(REVERSE_ALL),))
    for read in (own, from_json(to_json(own))):
        assert names(decide(read, instance(address="8.8.8.8"))) == ["web"]
        assert not decide(read, instance(address="10.1.0.1")).claims


@given(st.lists(V4, max_size=4, unique=True), st.lists(V6, max_size=3, unique=True), NETWORKS)
def test_every_published_address_is_in_the_zones_networks(v4: list[str], v6: list[str], own: tuple[str, ...]) -> None:
    """For any addresses, exactly those in the zone's networks are published; each other address is refused once."""
    subject: Instance = instance(interfaces=(interface(*v4[:2], ipv6=tuple(v6)), interface(*v4[2:], index=1)))
    decision = decide(everything(networks=((CORP, own),) if own else ()), subject)
    published = {value for claim in decision.claims for _, values in claim.values for value in values}
    networks = [ip_network(each) for each in own or DEFAULT]
    inside = {each for each in (*v4, *v6) if any(ip_address(each) in network for network in networks)}
    assert published == inside
    if v4 or v6:
        assert len(decision.refusals) == len({*v4, *v6} - inside)
