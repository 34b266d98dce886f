"""A small DNS server on loopback. Each VPC has one port, UDP and TCP, and answers as the VPC's Resolver would.

A simulation of the Resolver at a VPC's ".2" address, "What is Route 53 VPC Resolver?",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver.html
"""

from __future__ import annotations

import logging
import random
import socketserver
import struct
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from sandbox.aws.resolution.attributes import DnsAttributes
from sandbox.aws.resolution.autodefined import NO_RULES, AutodefinedReverse
from sandbox.aws.resolution.firewall import FirewallRule, blocked
from sandbox.aws.resolution.resolver import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from types import TracebackType

    from sandbox.aws.resolution.forwarding import ResolverRule
    from sandbox.aws.route53.zone import Zone

    # Takes a query and the maximum size of the response in bytes, and returns the response.
    Respond = Callable[[bytes, int | None], bytes | None]

LOOPBACK: Final = "127.0.0.1"
_PLAIN_UDP: Final = 512
_MAX_TCP: Final = 65_535
# How many seconds an idle TCP connection stays open.
_PATIENCE: Final = 5.0
_POLL: Final = 0.05
_ATTEMPTS: Final = 20
_HEADER: Final = 12
_LOG: Final = logging.getLogger(__name__)


class DnsServer:
    """Serves VPCs while its context lasts.

    Args:
        zones_of_vpc: Returns the private hosted zones associated with a VPC. Called for every query, so that answers
            are always current.
        chooser: Chooses among several answers, and their order.
        reverse_of_vpc: Returns a VPC's autodefined rules, likewise; by default it has none.
        attributes_of_vpc: Returns a VPC's DNS attributes, likewise; by default they are all enabled.
        rules_of_vpc: Returns the Resolver rules associated with a VPC, likewise; by default there are none.
        firewall_of_vpc: Returns a VPC's rules of DNS Firewall in their order, likewise; by default there are none.
    """

    def __init__(
        self,
        zones_of_vpc: Callable[[str], Collection[Zone]],
        chooser: random.Random | None = None,
        reverse_of_vpc: Callable[[str], AutodefinedReverse] = lambda _vpc_id: NO_RULES,
        attributes_of_vpc: Callable[[str], DnsAttributes] = lambda _vpc_id: DnsAttributes(),
        rules_of_vpc: Callable[[str], Collection[ResolverRule]] = lambda _vpc_id: (),
        firewall_of_vpc: Callable[[str], Collection[FirewallRule]] = lambda _vpc_id: (),
    ) -> None:
        self._zones_of_vpc = zones_of_vpc
        self._reverse_of_vpc = reverse_of_vpc
        self._attributes_of_vpc = attributes_of_vpc
        self._rules_of_vpc = rules_of_vpc
        self._firewall_of_vpc = firewall_of_vpc
        self._chooser = chooser or random.Random()  # noqa: S311 - it spreads load, it is not for secrets
        self._open = ExitStack()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def serve(self, vpc_id: str, port: int = 0) -> int:
        """Answer queries from within a VPC until the server's context ends; the port.

        Raises:
            OSError: if the port is taken.
        """

        def respond(wire: bytes, size: int | None) -> bytes | None:
            return self.response(vpc_id, wire, size)

        udp, tcp = _bound(port, respond)
        for server in (udp, tcp):
            self._open.enter_context(_running(server))
        return int(udp.server_address[1])

    def response(self, vpc_id: str, wire: bytes, size: int | None = None) -> bytes | None:
        """The response to one query, or None if the packet is not a query.

        Args:
            vpc_id: The VPC that the query comes from.
            wire: The query.
            size: The maximum size of the response in bytes; by default what the query accepts over UDP.
        """
        try:
            query = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return _format_error(wire)
        if query.flags & dns.flags.QR:
            # If servers answered answers, two of them could keep each other busy for ever.
            return None
        response = dns.message.make_response(query, recursion_available=True)
        try:
            self._fill(response, query, vpc_id)
        except Exception:  # noqa: BLE001 - one broken name must not stop the server
            _LOG.exception("no answer to %s in %s", query.question, vpc_id)
            response.set_rcode(dns.rcode.SERVFAIL)
        return _fitted(response, size or max(query.payload if query.edns >= 0 else 0, _PLAIN_UDP))

    def _fill(self, response: dns.message.Message, query: dns.message.Message, vpc_id: str) -> None:
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response.set_rcode(dns.rcode.NOTIMP)
            return
        question = query.question[0]
        if question.rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
            return
        if dns.rdatatype.is_metatype(question.rdtype):
            response.set_rcode(dns.rcode.NOTIMP)
            return
        with self._lock:
            found = self._answer(vpc_id, question.name, question.rdtype)
        response.set_rcode(found.rcode)
        response.answer.extend(found.answers)
        response.authority.extend(found.authority)

    def _answer(self, vpc_id: str, name: dns.name.Name, type_: dns.rdatatype.RdataType) -> Answer:
        """The answer that an instance in a VPC in its current state gets.

        A VPC without a Resolver still has an open port here. What another DNS server would answer, if the VPC's DHCP
        options name one, is not simulated.
        """
        attributes = self._attributes_of_vpc(vpc_id)
        if not (attributes.support and attributes.asks_resolver):
            return Answer(dns.rcode.REFUSED)
        code = blocked(self._firewall_of_vpc(vpc_id), name.to_text(), dns.rdatatype.to_text(type_))
        if code is not None:
            return Answer(code)
        zones = self._zones_of_vpc(vpc_id) if attributes.hostnames else ()
        reverse, rules = self._reverse_of_vpc(vpc_id), self._rules_of_vpc(vpc_id)
        return answer(zones, name, type_, self._chooser, reverse, rules)


def _format_error(wire: bytes) -> bytes | None:
    """FORMERR for a malformed query, or None if even its header is unreadable."""
    if len(wire) < _HEADER or wire[2] & 0x80:
        return None
    response = dns.message.Message(id=struct.unpack("!H", wire[:2])[0])
    response.flags = dns.flags.QR
    response.set_rcode(dns.rcode.FORMERR)
    return response.to_wire()


def _fitted(response: dns.message.Message, size: int) -> bytes:
    """The response, or an empty truncated one if it is too long: the client then retries over TCP."""
    try:
        return response.to_wire(max_size=size)
    except dns.exception.TooBig:
        response.answer, response.authority, response.additional = [], [], []
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=size)


class _UdpServer(socketserver.UDPServer):
    max_packet_size = _MAX_TCP

    def __init__(self, port: int, respond: Respond) -> None:
        super().__init__((LOOPBACK, port), _UdpQuery)
        self.respond = respond


class _UdpQuery(socketserver.DatagramRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _UdpServer)
        self.wfile.write(self.server.respond(self.rfile.read(), None) or b"")

    def finish(self) -> None:
        # A packet that is not a query gets no response, not even an empty one.
        if self.wfile.getvalue():  # type: ignore[attr-defined]  # typeshed calls the BytesIO a BufferedIOBase
            super().finish()


class _TcpServer(socketserver.ThreadingTCPServer):
    # Closing the server waits for open connections, at most as long as they may be idle.
    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, port: int, respond: Respond) -> None:
        super().__init__((LOOPBACK, port), _TcpQueries)
        self.respond = respond


class _TcpQueries(socketserver.StreamRequestHandler):
    timeout = _PATIENCE

    def handle(self) -> None:
        assert isinstance(self.server, _TcpServer)
        try:
            while len(prefix := self.rfile.read(2)) == len(b"\0\0"):
                wire = self.server.respond(self.rfile.read(struct.unpack("!H", prefix)[0]), _MAX_TCP)
                if wire is None:
                    return
                self.wfile.write(struct.pack("!H", len(wire)) + wire)
        except OSError:
            # The client has disconnected, or has been idle for too long.
            return


def _bound(port: int, respond: Respond) -> tuple[_UdpServer, _TcpServer]:
    """A UDP and a TCP server on the same port; a free one for port 0."""
    for attempt in range(_ATTEMPTS):
        udp = _UdpServer(port, respond)
        try:
            return udp, _TcpServer(udp.server_address[1], respond)
        except OSError:
            udp.server_close()
            # A port that is free for UDP may be taken for TCP. Try another one only if the choice is ours.
            if port or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returned or raised")


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(_POLL,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
