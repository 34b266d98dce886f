"""The report on a VPC and the sandbox's Resolver are two opinions of what AWS documents: they must agree.

The report is written against the ledger's facts, the Resolver against the emulator's. Neither imports the other's code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import dns.message
import dns.rcode
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn
from hub.runtime.model.resolver import FirewallAction, ResolverRule, RuleKind
from hub.runtime.model.resolver import FirewallRule as Known
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, Vpc, VpcRow, ZoneInVpc
from hub.runtime.names.firewall import concerns
from hub.runtime.names.labels import absolute
from orgdns.cli.reports.resolution import Source, resolution
from sandbox.aws.resolution.attributes import DnsAttributes, asks_resolver
from sandbox.aws.resolution.autodefined import AutodefinedReverse
from sandbox.aws.resolution.firewall import FirewallRule
from sandbox.aws.resolution.forwarding import ResolverRule as Forwarding
from sandbox.aws.resolution.server import DnsServer
from sandbox.aws.route53.rules import Action, Change, ResourceRecordSet
from sandbox.aws.route53.zone import Zone
from tests.support.memory_vpcs import NETWORK, vpc_ref

CIDR = "10.7.0.0/16"
DOMAINS = ("internal.", "corp.internal.", "eu.corp.internal.", "7.10.in-addr.arpa.", "10.in-addr.arpa.", "example.com.")
NAMES = ("web.corp.internal.", "web.eu.corp.internal.", "9.3.7.10.in-addr.arpa.", "web.example.com.", "web.org.")
ENTRIES = ("*", "*.internal", "*.corp.internal", "web.corp.internal", "corp.internal", "*.com", "*.in-addr.arpa")
SERVERS = ("AmazonProvidedDNS", "10.7.0.2", "169.254.169.253", "10.7.0.3", "192.0.2.1")
MANAGED = frozenset({"web.corp.internal"})


@dataclass(frozen=True)
class Settings:
    """The settings of a VPC. A list of DNS Firewall without entries is a managed one, which nobody can read."""

    servers: tuple[str, ...]
    support: bool
    hostnames: bool
    firewall: tuple[tuple[str, tuple[str, ...], str], ...]
    rules: tuple[tuple[str, bool], ...]
    zones: tuple[str, ...]
    by_profile: tuple[str, ...]
    autodefined: bool


_FIREWALL = st.tuples(
    st.sampled_from(FirewallAction),
    st.lists(st.sampled_from(ENTRIES), max_size=2, unique=True).map(tuple),
    st.sampled_from(("", "", "A", "PTR", "AAAA")),
)
_DOMAIN_LISTS = st.lists(st.sampled_from(DOMAINS), max_size=3, unique=True).map(tuple)
SETTINGS = st.builds(
    Settings,
    servers=st.lists(st.sampled_from(SERVERS), max_size=2, unique=True).map(tuple) | st.just(SERVERS[:1]),
    support=st.sampled_from((True, True, True, False)),
    hostnames=st.sampled_from((True, True, True, False)),
    firewall=st.lists(_FIREWALL, max_size=3).map(tuple),
    rules=st.lists(
        st.tuples(st.sampled_from((".", *DOMAINS)), st.booleans()), max_size=3, unique_by=lambda rule: rule[0]
    ).map(tuple),
    zones=_DOMAIN_LISTS,
    by_profile=_DOMAIN_LISTS,
    autodefined=st.booleans(),
)


def described(given_: Settings) -> tuple[VpcRow, Vpc]:
    """The VPC as the ledger has it after its description. All of its zones belong to orgdns."""
    zones = tuple(AssociatedZone(f"direct {domain}", Fqdn(domain), NETWORK) for domain in given_.zones)
    by_profile = tuple(
        ZoneInVpc(f"profile {domain}", Fqdn(domain), method=AssociationMethod.PROFILE) for domain in given_.by_profile
    )
    own = tuple(ZoneInVpc(zone.id, zone.domain, method=AssociationMethod.ASSOCIATION) for zone in zones)
    covered = [Fqdn(domain) for domain in (*given_.zones, *given_.by_profile)]
    vpc = Vpc(
        vpc_ref(),
        cidrs=(CIDR,),
        dns_support=given_.support,
        dns_hostnames=given_.hostnames,
        zones=zones,
        rules=tuple(
            ResolverRule(domain, Fqdn(domain), RuleKind.FORWARD if forwards else RuleKind.SYSTEM)
            for domain, forwards in given_.rules
        ),
        autodefined_rules=given_.autodefined,
        dns_servers=given_.servers,
        resolver_address="10.7.0.2",
        firewall=tuple(
            Known(
                str(number),
                FirewallAction(action),
                tuple(absolute(entry) for entry in entries if concerns(absolute(entry), covered)),
                complete=bool(entries),
                query_type=kind,
            )
            for number, (action, entries, kind) in enumerate(given_.firewall)
        ),
    )
    return VpcRow(vpc.ref, vpc=vpc, zones=(*own, *by_profile)), vpc


def simulated(given_: Settings) -> DnsServer:
    """The VPC in the sandbox. Each zone answers each name below it with its own address, by a wildcard."""
    zones = {domain: zone_of("profile", domain) for domain in given_.by_profile}
    zones |= {domain: zone_of("direct", domain) for domain in given_.zones}
    attributes = DnsAttributes(given_.support, given_.hostnames, asks_resolver(given_.servers, CIDR))
    autodefined = given_.autodefined and given_.hostnames
    return DnsServer(
        lambda _vpc: tuple(zones.values()),
        Random(1),  # noqa: S311 - not a secret
        lambda _vpc: AutodefinedReverse("eu-central-1", (CIDR,) if autodefined else ()),
        lambda _vpc: attributes,
        lambda _vpc: [Forwarding(domain, forwards) for domain, forwards in given_.rules],
        lambda _vpc: [FirewallRule(action, entries or MANAGED, kind) for action, entries, kind in given_.firewall],
    )


def address_of(kind: str, domain: str) -> str:
    return f"192.0.2.{100 * (kind == 'direct') + DOMAINS.index(domain) + 1}"


def zone_of(kind: str, domain: str) -> Zone:
    zone = Zone(domain)
    type_, value = ("PTR", f"{kind}.example.") if domain.endswith("arpa.") else ("A", address_of(kind, domain))
    record_set = ResourceRecordSet(f"\\052.{domain}", type_, 60, (value,))
    zone.apply([Change(Action.CREATE, record_set)])
    return zone


@given(SETTINGS, st.sampled_from(NAMES))
def test_o3_report_and_resolver_agree(given_: Settings, name: str) -> None:
    """If the report is certain of the source of an answer, the Resolver answers from it."""
    row, vpc = described(given_)
    found = resolution(row, vpc, Fqdn(name))
    kind = "PTR" if name.endswith("arpa.") else "A"
    wire = simulated(given_).response("vpc", dns.message.make_query(name, kind).to_wire())
    assert wire is not None
    answer = dns.message.from_wire(wire)
    values = [str(value) for rrset in answer.answer for value in rrset]
    if not found.certain:
        return
    if found.source is Source.ZONE:
        method, _, domain = found.id.partition(" ")
        assert values == [f"{method}.example." if kind == "PTR" else address_of(method, domain)]
    elif found.source is Source.AUTODEFINED_RULE:
        assert [value[:3] for value in values] == ["ip-"]
    elif found.source in {Source.RULE, Source.NOBODY}:
        assert answer.rcode() == dns.rcode.REFUSED
    elif found.source is Source.FIREWALL:
        assert (answer.rcode(), values) == (dns.rcode.NOERROR, [])
    else:
        assert (found.source, answer.rcode()) == (Source.INTERNET, dns.rcode.NXDOMAIN)


@given(SETTINGS, st.sampled_from(NAMES))
def test_o3_certain_where_all_can_be_read(given_: Settings, name: str) -> None:
    """Doubts come from what cannot be read: other DNS servers, managed lists, lists for names of nobody's zone.

    Or from a rule for A queries only, or for AAAA queries only.
    """
    readable = replace(
        given_,
        servers=SERVERS[:1],
        firewall=tuple(
            (action, entries, kind.replace("AAAA", "").replace("A", ""))
            for action, entries, kind in given_.firewall
            if entries and name.endswith("corp.internal.")
        ),
        zones=(*given_.zones, *({"corp.internal."} - set(given_.zones))),
    )
    row, vpc = described(readable)
    assert resolution(row, vpc, Fqdn(name)).unknown == ()
