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
    """Two VPCs, of which the first is associated with the zone."""

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
    with DnsServer(lambda vpc_id: associated.get(vpc_id, []), Random(1)) as server:  # noqa: S311 - no secret
        yield Network(server, zone)


def ask(port: int, name: str, type_: str = "A") -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, type_), LOOPBACK, timeout=TIMEOUT, port=port)


def values(response: dns.message.Message) -> list[str]:
    return sorted(str(record) for rrset in response.answer for record in rrset)


def test_the_vpc_of_the_port_decides_what_is_answered(network: Network) -> None:
    """An associated VPC gets the address, another one gets none."""
    assert network.inside != network.outside
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1"]
    assert ask(network.outside, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN


def test_answers_are_always_those_of_now(network: Network) -> None:
    """A change of the zone is seen by the next query."""
    create(network.zone, member(2))
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1", "10.0.0.2"]
    network.zone.apply([Change(Action.DELETE, member(1)), Change(Action.DELETE, member(2))])
    assert ask(network.inside, "web.corp.internal").rcode() == dns.rcode.NXDOMAIN


def test_a_negative_answer_carries_the_soa(network: Network) -> None:
    """For the time that the SOA's last field tells."""
    response = ask(network.inside, "gone.corp.internal")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.authority[0].rdtype == dns.rdatatype.SOA
    assert response.authority[0].ttl == 60


def test_a_shared_name_has_eight_answers_at_most(network: Network) -> None:
    """Of thirty members."""
    create(network.zone, *(member(number) for number in range(2, 31)))
    assert len(values(ask(network.inside, "web.corp.internal"))) == 8


def test_what_does_not_fit_into_udp_is_asked_again_over_tcp(network: Network) -> None:
    """The short answer says that it is truncated, the long one is whole; EDNS makes room."""
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


def test_one_tcp_connection_takes_several_queries(network: Network) -> None:
    """As a client does that keeps its connection."""
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
def test_rubbish_does_not_end_the_server(network: Network, rubbish: bytes) -> None:
    """The next good query is answered, over UDP and TCP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(rubbish, (LOOPBACK, network.inside))
    with socket.create_connection((LOOPBACK, network.inside), timeout=TIMEOUT) as connection:
        connection.sendall(rubbish)
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1"]


def test_a_broken_query_is_told_so_and_an_answer_is_not_answered(network: Network) -> None:
    """FORMERR with the query's id; silence to what is itself an answer."""
    query = dns.message.make_query("web.corp.internal", "A", id=4711)
    wire = network.server.response("vpc-inside", query.to_wire()[:-3])
    assert wire is not None
    told = dns.message.from_wire(wire)
    assert (told.id, told.rcode()) == (4711, dns.rcode.FORMERR)
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
def test_what_it_does_not_do_it_says(network: Network, query: dns.message.Message, rcode: dns.rcode.Rcode) -> None:
    """Other classes, every type at once, zone transfers and messages without a question."""
    wire = network.server.response("vpc-inside", query.to_wire())
    assert wire is not None
    assert dns.message.from_wire(wire).rcode() == rcode


def test_one_bad_record_set_fails_alone(network: Network) -> None:
    """An alias, which the resolver does not follow, is SERVFAIL; the other names go on."""
    alias = ResourceRecordSet("alias.corp.internal.", "A", None, (), alias_target=(("DNSName", "web.corp.internal."),))
    create(network.zone, alias)
    assert ask(network.inside, "alias.corp.internal").rcode() == dns.rcode.SERVFAIL
    assert values(ask(network.inside, "web.corp.internal")) == ["10.0.0.1"]


def test_each_vpc_has_the_reverse_rules_of_now() -> None:
    """Of two VPCs each knows its own addresses; disabled rules are gone with the next query."""
    rules = {f"vpc-{number}": AutodefinedReverse("us-east-1", (f"10.{number}.0.0/16",)) for number in (1, 2)}
    with DnsServer(lambda _vpc_id: [], reverse_of_vpc=lambda vpc_id: rules[vpc_id]) as server:
        first, second = server.serve("vpc-1"), server.serve("vpc-2")
        assert values(ask(first, "4.0.1.10.in-addr.arpa", "PTR")) == ["ip-10-1-0-4.ec2.internal."]
        assert ask(second, "4.0.1.10.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN
        rules["vpc-1"] = NO_RULES
        assert ask(first, "4.0.1.10.in-addr.arpa", "PTR").rcode() == dns.rcode.NXDOMAIN


def test_each_vpc_has_the_attributes_and_rules_of_now(network: Network) -> None:
    """Of two VPCs with the same zone one has no Resolver, then one without private zones, then one that forwards."""
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


def test_it_ends_cleanly() -> None:
    """No thread is left, the port is free again, and can be chosen."""
    before = set(threading.enumerate())
    with DnsServer(lambda _vpc_id: []) as server:
        port = server.serve("vpc-1")
        with pytest.raises(OSError, match="in use"):
            server.serve("vpc-2", port)
    assert set(threading.enumerate()) == before
    with DnsServer(lambda _vpc_id: []) as server:
        assert server.serve("vpc-1", port) == port
