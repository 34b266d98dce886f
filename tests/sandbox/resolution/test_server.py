from __future__ import annotations

import socket
import threading
from random import Random
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from sandbox.aws.resolution.attributes import NO_RESOLVER, DnsAttributes
from sandbox.aws.resolution.autodefined import NO_RULES, AutodefinedReverse
from sandbox.aws.resolution.forwarding import ResolverRule
from sandbox.aws.resolution.server import LOOPBACK, DnsServer
from sandbox.aws.route53.names import stored_name
from sandbox.aws.route53.rules import Action, Change, ResourceRecordSet, Routing
from sandbox.aws.route53.zone import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 5.0


def simple(name: str, type_: str, *values: str) -> ResourceRecordSet:
    return ResourceRecordSet(stored_name(name), type_, 60, values)


def member(number: int) -> ResourceRecordSet:
    values = (f"10.0.0.{number}",)
    return ResourceRecordSet("web.corp.internal.", "A", 60, values, str(number), Routing.MULTIVALUE)


def create(zone: Zone, *record_sets: ResourceRecordSet) -> None:
    zone.apply([Change(Action.CREATE, record_set) for record_set in record_sets])


class Network:
    """Two VPCs; the first one is associated with the zone."""

    def __init__(self, server: DnsServer, zone: Zone) -> None:
        self.server = server
        self.zone = zone
        self.inside = server.serve("vpc-inside")
        self.outside = server.serve("vpc-outside")


@pytest.fixture
def network() -> Iterator[Network]:
    zone = Zone("corp.internal.")
    create(zone, simple("corp.internal", "SOA", "ns.example. root.example. 1 7200 900 1209600 300"), member(1))
    associated = {"vpc-inside": [zone]}
    with DnsServer(lambda vpc_id: associated.get(vpc_id, []), Random(1)) as server:  # noqa: S311 - not a secret
        yield Network(server, zone)


def ask(port: int, name: str, type_: str = "A") -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, type_), LOOPBACK, timeout=TIMEOUT, port=port)


def values(response: dns.message.Message) -> list[str]:
    return sorted(str(record) for rrset in response.answer for record in rrset)


def test_port_selects_the_vpc(network: Network) -> None:
    """An associated VPC gets the address, another VPC does not."""
    assert network.inside != network.outside
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1"]
    assert ask(network.outside, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN


def test_answers_are_always_current(network: Network) -> None:
    """The next query sees a change of the zone."""
    create(network.zone, member(2))
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1", "10.0.0.2"]
    network.zone.apply([Change(Action.DELETE, member(1)), Change(Action.DELETE, member(2))])
    assert ask(network.inside, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN


def test_negative_answer_has_the_soa(network: Network) -> None:
    """Its TTL is the SOA's last field."""
    response = ask(network.inside, "gone.corp.internal")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.authority[0].rdtype == dns.rdatatype.SOA
    assert response.authority[0].ttl == 60


def test_shared_name_has_at_most_eight_answers(network: Network) -> None:
    """Of thirty members eight are in the answer."""
    create(network.zone, *(member(number) for number in range(2, 31)))
    assert len(values(ask(network.inside, "web.corp.internal"))) == 8


def test_large_answer_needs_tcp_or_edns(network: Network) -> None:
    """Over UDP it is truncated, over TCP complete; EDNS raises the limit."""
    addresses = [f"10.0.1.{number}" for number in range(100)]
    create(network.zone, simple("many.corp.internal", "A", *addresses))
    short = ask(network.inside, "many.corp.internal")
    assert short.flags & dns.flags.TC
    assert short.answer == []
    query = dns.message.make_query("many.corp.internal", "A")
    whole, used_tcp = dns.query.udp_with_fallback(query, LOOPBACK, timeout=TIMEOUT, port=network.inside)
    assert used_tcp
    assert values(whole) == sorted(addresses)
    roomy = dns.message.make_query("many.corp.internal", "A", use_edns=0, payload=4096)
    assert len(values(dns.query.udp(roomy, LOOPBACK, timeout=TIMEOUT, port=network.inside))) == 100


def test_tcp_connection_serves_several_queries(network: Network) -> None:
    """A client may keep its connection."""
    query = dns.message.make_query("web.corp.internal", "A")
    with socket.create_connection((LOOPBACK, network.inside), timeout=TIMEOUT) as connection:
        for _ in range(3):
            assert values(dns.query.tcp(query, LOOPBACK, timeout=TIMEOUT, sock=_nonblocking(connection))) == [
                "10.0.0.1"
            ]


def _nonblocking(connection: socket.socket) -> socket.socket:
    connection.setblocking(False)  # noqa: FBT003 - the standard library's own
    return connection


@pytest.mark.parametrize("rubbish", [b"", b"x", b"\0" * 11, b"\xff" * 40, bytes(range(200))])
def test_server_survives_malformed_packets(network: Network, rubbish: bytes) -> None:
    """The next valid query is answered, over UDP and TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(rubbish, (LOOPBACK, network.inside))
    with socket.create_connection((LOOPBACK, network.inside), timeout=TIMEOUT) as connection:
        connection.sendall(rubbish)
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1"]


def test_malformed_query_and_response_packets(network: Network) -> None:
    """A malformed query gets FORMERR with its id; a packet that is a response gets nothing."""
    query = dns.message.make_query("web.corp.internal", "A", id=4711)
    wire = network.server.response("vpc-inside", query.to_wire()[:-3])
    assert wire is not None
    error = dns.message.from_wire(wire)
    assert (error.id, error.rcode()) == (4711, dns.rcode.FORMERR)
    assert network.server.response("vpc-inside", dns.message.make_response(query).to_wire()) is None
    assert network.server.response("vpc-inside", b"\0\0\x80" + b"\xff" * 20) is None


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        (dns.message.make_query("web.corp.internal", "ANY"), dns.rcode.NOTIMP),
        (dns.message.make_query("web.corp.internal", "AXFR"), dns.rcode.NOTIMP),
        (dns.message.make_query("web.corp.internal", "A", rdclass="CH"), dns.rcode.REFUSED),
        (dns.message.QueryMessage(1), dns.rcode.NOTIMP),
    ],
)
def test_unsupported_queries_have_their_rcodes(
    network: Network, query: dns.message.Message, rcode: dns.rcode.Rcode
) -> None:
    """Other classes, ANY, zone transfers and messages without a question."""
    wire = network.server.response("vpc-inside", query.to_wire())
    assert wire is not None
    assert dns.message.from_wire(wire).rcode() == rcode


def test_bad_record_set_fails_alone(network: Network) -> None:
    """An alias record set is SERVFAIL; other names still resolve."""
    alias = ResourceRecordSet("alias.corp.internal.", "A", None, (), alias_target=(("DNSName", "web.corp.internal."),))
    create(network.zone, alias)
    assert ask(network.inside, "alias.corp.internal").rcode() == dns.rcode.SERVFAIL
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1"]


def test_vpcs_have_their_current_autodefined_rules() -> None:
    """Each VPC answers for its own addresses; disabled rules have no effect from the next query on."""
    rules = {f"vpc-{number}": AutodefinedReverse("us-east-1", (f"10.{number}.0.0/16",)) for number in (1, 2)}
    with DnsServer(lambda _vpc_id: [], reverse_of_vpc=lambda vpc_id: rules[vpc_id]) as server:
        first, second = server.serve("vpc-1"), server.serve("vpc-2")
        assert values(ask(first, "4.0.1.10.in-addr.arpa", "PTR")) == ["ip-10-1-0-4.ec2.internal."]
        assert ask(second, "4.0.1.10.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN
        rules["vpc-1"] = NO_RULES
        assert ask(first, "4.0.1.10.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN


def test_vpcs_have_their_current_attributes_and_rules(network: Network) -> None:
    """A VPC loses its Resolver, then its private zones, then forwards; another one is unaffected."""
    attributes = {"vpc-1": DnsAttributes(), "vpc-2": NO_RESOLVER}
    rules: dict[str, list[ResolverRule]] = {"vpc-1": [], "vpc-2": []}
    with DnsServer(
        lambda _vpc_id: [network.zone], attributes_of_vpc=attributes.__getitem__, rules_of_vpc=rules.__getitem__
    ) as server:
        first, second = server.serve("vpc-1"), server.serve("vpc-2")
        assert values(ask(first, "web.corp.internal")) == ["10.0.0.1"]
        assert ask(second, "web.corp.internal").rcode() == dns.rcode.REFUSED
        attributes["vpc-2"] = DnsAttributes(hostnames=False)
        assert ask(second, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN
        rules["vpc-2"] = [ResolverRule("corp.internal.")]
        assert ask(second, "web.corp.internal").rcode() == dns.rcode.REFUSED
        assert values(ask(first, "web.corp.internal")) == ["10.0.0.1"]


def test_server_closes_cleanly() -> None:
    """No thread remains, and the port is free again."""
    before = set(threading.enumerate())
    with DnsServer(lambda _vpc_id: []) as server:
        port = server.serve("vpc-1")
        with pytest.raises(OSError, match="in use"):
            server.serve("vpc-2", port)
    assert set(threading.enumerate()) == before
    with DnsServer(lambda _vpc_id: []) as server:
        assert server.serve("vpc-1", port) == port
