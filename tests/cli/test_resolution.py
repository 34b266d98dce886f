"""What answers a name in a VPC: the most specific domain, and AWS's precedence within a domain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Fqdn
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, ForwardRule, Vpc, VpcRow, ZoneInVpc
from orgdns.cli.reports.resolution import Source, resolution
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory_vpcs import NETWORK, foreign_zone, vpc_ref

NAME = Fqdn("web.corp.internal.")
DIRECT = AssociatedZone(CORP_ZONE, CORP, NETWORK)
ZONE = ZoneInVpc(CORP_ZONE, CORP, AssociationMethod.ASSOCIATION, AssociationMethod.ASSOCIATION, managed=True)
BASE = Vpc(vpc_ref(), cidrs=("10.7.0.0/16",), zones=(DIRECT,))


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
        (replace(BASE, rules=(ForwardRule("r-1", CORP),)), Source.RULE, "r-1"),
        (replace(BASE, rules=(ForwardRule("r-1", Fqdn("internal.")),)), Source.ZONE, CORP_ZONE),
        (replace(BASE, rules=(ForwardRule("r-1", Fqdn(".")),)), Source.ZONE, CORP_ZONE),
        (replace(BASE, zones=(), rules=(ForwardRule("r-1", Fqdn(".")),)), Source.RULE, "r-1"),
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
