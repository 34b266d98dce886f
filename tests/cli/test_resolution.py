"""What answers a name in a VPC: the most specific domain, and AWS's precedence within a domain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Fqdn
from hub.runtime.model.resolver import (
    AMAZON_DNS,
    FirewallAction,
    FirewallRule,
    ProfileZone,
    ResolverRule,
    RuleKind,
)
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, Vpc, VpcRow, ZoneInVpc
from orgdns.cli.render.documents.resolution import resolution_document
from orgdns.cli.reports.resolution import Source, resolution
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory_vpcs import NETWORK, foreign_zone, vpc_ref

NAME = Fqdn("web.corp.internal.")
DIRECT = AssociatedZone(CORP_ZONE, CORP, NETWORK)
ZONE = ZoneInVpc(CORP_ZONE, CORP, AssociationMethod.ASSOCIATION, AssociationMethod.ASSOCIATION, managed=True)
BASE = Vpc(vpc_ref(), cidrs=("10.7.0.0/16",), zones=(DIRECT,))

BLOCKS = FirewallRule("frg/r", FirewallAction.BLOCK, (f"*.{CORP}",))
UNREAD = FirewallRule("frg/managed", FirewallAction.BLOCK, complete=False)


def row(*zones: ZoneInVpc) -> VpcRow:
    return VpcRow(vpc_ref(), zones=zones or (ZONE,))


@pytest.mark.parametrize(
    ("vpc", "source", "reason"),
    [
        (BASE, Source.ZONE, f"the zone corp.internal ({CORP_ZONE})"),
        (replace(BASE, dns_support=False), Source.NOBODY, "enableDnsSupport"),
        (replace(BASE, dns_hostnames=False), Source.INTERNET, "asks the internet"),
        (replace(BASE, zones=()), Source.INTERNET, "asks the internet"),
        (replace(BASE, zones=(DIRECT, foreign_zone("web.corp.internal."))), Source.FOREIGN_ZONE, "Z0FOREIGN"),
        (replace(BASE, zones=(DIRECT, foreign_zone("internal."))), Source.ZONE, CORP_ZONE),
        (replace(BASE, rules=(ResolverRule("r-1", CORP),)), Source.RULE, "r-1"),
        (replace(BASE, rules=(ResolverRule("r-1", Fqdn("internal.")),)), Source.ZONE, CORP_ZONE),
        (replace(BASE, rules=(ResolverRule("r-1", Fqdn(".")),)), Source.ZONE, CORP_ZONE),
        (replace(BASE, zones=(), rules=(ResolverRule("r-1", Fqdn(".")),)), Source.RULE, "r-1"),
    ],
)
def test_what_answers(vpc: Vpc, source: Source, reason: str) -> None:
    """A rule precedes a zone of the same domain, and a more specific domain precedes both."""
    found = resolution(row(), vpc, NAME)
    assert found.source is source
    assert reason in found.reason


def test_profile_gives_way_to_an_association() -> None:
    """Within a domain, a directly associated zone precedes a zone of the Profile."""
    by_profile = replace(ZONE, wanted=AssociationMethod.PROFILE, method=AssociationMethod.PROFILE)
    vpc = replace(BASE, zones=(), profile="rp-1", profiles=("rp-1",))
    found = resolution(row(by_profile), vpc, NAME)
    assert (found.source, found.method, found.id) == (Source.ZONE, AssociationMethod.PROFILE, CORP_ZONE)
    other = resolution(row(by_profile), replace(vpc, zones=(foreign_zone(),)), NAME)
    assert (other.source, other.id) == (Source.FOREIGN_ZONE, "Z0FOREIGN")
    assert other.why_not == (f"corp.internal ({CORP_ZONE}): a more specific domain, or a rule, takes precedence",)


def test_reverse_names() -> None:
    """An autodefined rule answers below a wider reverse zone, but not if a zone has the same domain."""
    name = Fqdn("9.3.7.10.in-addr.arpa.")
    wide = AssociatedZone("Z0WIDE", Fqdn("10.in-addr.arpa."), NETWORK)
    narrow = AssociatedZone("Z0NARROW", Fqdn("7.10.in-addr.arpa."), NETWORK)
    own = (ZoneInVpc("Z0WIDE", wide.domain), ZoneInVpc("Z0NARROW", narrow.domain))
    assert resolution(row(*own), replace(BASE, zones=(wide,)), name).source is Source.AUTODEFINED_RULE
    assert resolution(row(*own), replace(BASE, zones=(wide, narrow)), name).id == "Z0NARROW"
    off = replace(BASE, zones=(wide,), autodefined_rules=False)
    assert resolution(row(*own), off, name).id == "Z0WIDE"
    assert resolution(row(*own), replace(BASE, zones=()), name).domain == "7.10.in-addr.arpa."


@pytest.mark.parametrize(
    ("zone", "reason"),
    [
        (replace(ZONE, method=None, blocked="LimitsExceeded"), "LimitsExceeded"),
        (replace(ZONE, wanted=None, method=None), "the policy does not select this VPC"),
        (
            replace(ZONE, wanted=None, method=None, notes=("it is ...",)),
            "the policy does not select this VPC: it is ...",
        ),
    ],
)
def test_why_not(zone: ZoneInVpc, reason: str) -> None:
    """Each other orgdns zone that encloses the name has the reason why it does not answer."""
    found = resolution(row(zone, ZoneInVpc("Z0X", Fqdn("other.internal."))), replace(BASE, zones=()), NAME)
    assert found.why_not == (f"corp.internal ({CORP_ZONE}): {reason}",)


@pytest.mark.parametrize(
    ("vpc", "source", "certain", "reason"),
    [
        (replace(BASE, dns_servers=("10.7.0.2",), resolver_address="10.7.0.2"), Source.ZONE, True, CORP_ZONE),
        (replace(BASE, dns_servers=("169.254.169.253",)), Source.ZONE, True, CORP_ZONE),
        (replace(BASE, dns_servers=("192.0.2.1",)), Source.OTHER_SERVER, False, "instances ask 192.0.2.1"),
        (replace(BASE, dns_servers=(AMAZON_DNS, "192.0.2.1")), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, dns_servers=()), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, unknown=("a Profile",)), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, firewall=(BLOCKS,)), Source.FIREWALL, True, "by the rule frg/r"),
        (replace(BASE, firewall=(replace(BLOCKS, query_type="AAAA"),)), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, firewall=(replace(BLOCKS, query_type="A"),)), Source.FIREWALL, False, "by the rule frg/r"),
        (replace(BASE, firewall=(replace(UNREAD, query_type="AAAA"),)), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, firewall=(UNREAD,)), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, firewall=(BLOCKS, UNREAD)), Source.FIREWALL, True, "frg/r"),
        # A rule group of the Profile may let the query pass, and AWS documents no order of the two.
        (replace(BASE, firewall=(BLOCKS,), unknown=("a Profile",)), Source.FIREWALL, False, "frg/r"),
        (replace(BASE, rules=(ResolverRule("d", Fqdn("ns.example."), RuleKind.DELEGATE),)), Source.ZONE, False, "Z0CO"),
        (replace(BASE, rules=(ResolverRule("r", CORP, profile="rp-2"),)), Source.ZONE, False, CORP_ZONE),
        (replace(BASE, zones=(), rules=(ResolverRule("r", CORP, profile="rp-2"),)), Source.RULE, True, "rp-2"),
        (
            replace(BASE, zones=(), rules=(ResolverRule("r", CORP), ResolverRule("s", NAME, RuleKind.SYSTEM))),
            Source.INTERNET,
            True,
            "asks the internet",
        ),
        (replace(BASE, zones=(), others_zones=(ProfileZone("rp-2", CORP_ZONE, CORP),)), Source.ZONE, True, "rp-2"),
    ],
)
def test_o3_all_that_decides_and_how_certain_it_is(vpc: Vpc, source: Source, reason: str, *, certain: bool) -> None:
    """From the DNS server that an instance asks to the zone, whatever could not be seen makes the answer uncertain."""
    found = resolution(row(), vpc, NAME)
    assert (found.source, found.certain) == (source, certain)
    assert reason in found.reason
    document = resolution_document(row(), NAME, found, [])
    assert (document["certain"], document["unknown"]) == (certain, list(found.unknown))


def test_o3_addresses_of_connected_vpcs() -> None:
    """Which VPCs are connected is not read, so an address outside the VPC may have an autodefined rule there."""
    wide = AssociatedZone("Z0WIDE", Fqdn("10.in-addr.arpa."), NETWORK)
    own = row(ZoneInVpc("Z0WIDE", wide.domain))
    found = resolution(own, replace(BASE, zones=(wide,)), Fqdn("9.3.8.10.in-addr.arpa."))
    assert (found.source, found.certain) == (Source.ZONE, False)
    off = replace(BASE, zones=(wide,), autodefined_rules=False)
    assert resolution(own, off, Fqdn("9.3.8.10.in-addr.arpa.")).certain
    assert resolution(own, replace(BASE, zones=(wide,)), Fqdn("9.3.7.10.in-addr.arpa.")).certain


def test_zone_that_others_associate() -> None:
    """A zone of orgdns answers also where people associate it and the configuration selects no VPCs."""
    found = resolution(VpcRow(vpc_ref()), BASE, NAME, {CORP: CORP_ZONE})
    assert found.source is Source.ZONE
