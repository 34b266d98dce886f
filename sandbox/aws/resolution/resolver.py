"""What the Route 53 Resolver of one VPC answers from private hosted zones and autodefined rules. Pure.

A simulation of what AWS documents. It knows only those zones and rules; the targets of forwarded names are not
simulated. Where the real Resolver would go on to public DNS, this one answers as public DNS does for a name that is not
registered, such as any name below `internal`: it does not exist. A CNAME to a name outside the zones ends there.
"Considerations when working with a private hosted zone",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sandbox.aws.resolution.autodefined import NO_RULES
from sandbox.aws.resolution.forwarding import forwarded_domain
from sandbox.aws.route53.names import is_within, labels, name_of_labels, stored_name
from sandbox.aws.route53.rules import ResourceRecordSet, Routing

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Mapping

    from sandbox.aws.resolution.autodefined import AutodefinedReverse
    from sandbox.aws.resolution.forwarding import ResolverRule
    from sandbox.aws.route53.zone import Zone

MAX_ANSWERS: Final = 8
MAX_CHAIN: Final = 8
# The TTL of EC2's own answers in seconds. AWS documents none; Resolvers are known to return this one.
_EC2_TTL: Final = 60
_WILDCARD: Final = stored_name("*")


@dataclass(frozen=True, slots=True)
class Answer:
    """The content of a DNS response: the answer section, or the SOA of the zone that has no answer."""

    rcode: dns.rcode.Rcode
    answers: tuple[dns.rrset.RRset, ...] = ()
    authority: tuple[dns.rrset.RRset, ...] = ()


def answer(
    zones: Collection[Zone],
    qname: dns.name.Name,
    qtype: dns.rdatatype.RdataType,
    chooser: random.Random,
    reverse: AutodefinedReverse = NO_RULES,
    rules: Collection[ResolverRule] = (),
) -> Answer:
    """The answer to one question from within a VPC with these zones and rules.

    NXDOMAIN if no zone is responsible or the responsible zone does not have the name. An empty answer if the zone has
    the name, but not the type. "If there's a matching private hosted zone but there's no record that matches the domain
    name and type in the request, Resolver doesn't forward the request to a public DNS resolver."
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    That page calls both cases NXDOMAIN. By the DNS standard (RFC 2308) a name that exists with another type is not.
    REFUSED without any record for a name that a Resolver rule forwards, even after a CNAME: what answers it in AWS is
    not simulated.

    Args:
        zones: The private hosted zones that are associated with the VPC.
        qname: The name in the question.
        qtype: The type in the question.
        chooser: Chooses among several answers, and their order.
        reverse: The VPC's autodefined rules.
        rules: The Resolver rules that are associated with the VPC.

    Raises:
        NotImplementedError: if the name has an alias record set.
    """
    found: list[dns.rrset.RRset] = []
    name = qname
    for _ in range(MAX_CHAIN):
        stored = name_of_labels(name.labels[:-1])
        zone = responsible_zone(zones, stored)
        if is_forwarded(zone, stored, reverse, rules):
            return Answer(dns.rcode.REFUSED)
        if is_shadowed(zone, stored, reverse):
            return _ec2_answer(name, qtype, reverse.instance_name(stored), tuple(found))
        if zone is None:
            return Answer(dns.rcode.NOERROR if found else dns.rcode.NXDOMAIN, tuple(found))
        by_type = record_sets_for(zone, stored)
        wanted = dns.rdatatype.to_text(qtype)
        type_ = wanted if by_type and wanted in by_type else "CNAME"
        if by_type is None or type_ not in by_type:
            return Answer(dns.rcode.NXDOMAIN if by_type is None else dns.rcode.NOERROR, tuple(found), _soa(zone))
        chosen = chosen_record_sets(tuple(by_type[type_].values()), chooser)
        if chosen[0].alias_target is not None:
            raise NotImplementedError(f"{stored} {type_} is an alias record set, which this resolver does not follow")
        rrset = _rrset(name, chosen, chooser)
        found.append(rrset)
        if type_ == wanted:
            return Answer(dns.rcode.NOERROR, tuple(found))
        name = rrset[0].target
    return Answer(dns.rcode.SERVFAIL, tuple(found))


def responsible_zone(zones: Collection[Zone], stored: str) -> Zone | None:
    """The most specific zone that contains a name. There is no fallback to a less specific zone.

    "Private hosted zones that have overlapping namespaces": the most specific match.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """
    around = [zone for zone in zones if is_within(stored, zone.domain)]
    return max(around, key=lambda zone: len(zone.domain), default=None)


def is_shadowed(zone: Zone | None, stored: str, reverse: AutodefinedReverse) -> bool:
    """Whether an autodefined rule answers for a name instead of the responsible zone.

    The most specific domain wins; at the same domain the zone does: "How do I use and override auto-defined reverse DNS
    rules with Route 53 Resolver?", https://repost.aws/knowledge-center/route-53-override-reverse-dns-rules
    """
    domain = reverse.responsible_domain(stored)
    return domain is not None and (zone is None or len(domain) > len(zone.domain))


def is_forwarded(zone: Zone | None, stored: str, reverse: AutodefinedReverse, rules: Collection[ResolverRule]) -> bool:
    """Whether a Resolver rule forwards a name before the responsible zone or an autodefined rule answers it.

    The most specific domain wins; at the same domain the Resolver rule does: "Private hosted zones and Route 53 VPC
    Resolver rules", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """
    domain = forwarded_domain(rules, stored)
    kept = (zone.domain if zone else None, reverse.responsible_domain(stored))
    return domain is not None and all(other is None or len(domain) >= len(other) for other in kept)


def record_sets_for(zone: Zone, stored: str) -> Mapping[str, Mapping[str | None, ResourceRecordSet]] | None:
    """The record sets by type that answer for a name, or None if the name does not exist.

    A name exists if it has record sets or another name lies below it. Only for a name that does not exist, the
    wildcard of its closest existing ancestor answers (RFC 4592). "Using an asterisk (*) in the names of hosted zones
    and records",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html#domain-name-format-asterisk
    """
    here = zone.at(stored)
    if here or zone.has_below(stored) or stored == zone.domain:
        return here
    parts = labels(stored)
    for depth in range(1, len(parts)):
        ancestor = name_of_labels(parts[depth:])
        wildcard = zone.at(f"{_WILDCARD}{ancestor}")
        if wildcard:
            return wildcard
        if ancestor == zone.domain or zone.at(ancestor) or zone.has_below(ancestor):
            return None
    return None


def chosen_record_sets(
    same: tuple[ResourceRecordSet, ...],
    chooser: random.Random,
) -> tuple[ResourceRecordSet, ...]:
    """The record sets of one name and type that answer: all multivalue ones, otherwise one.

    Other routing policies are not simulated: any one of their record sets answers.
    """
    return same if same[0].routing is Routing.MULTIVALUE else (chooser.choice(same),)


def _rrset(name: dns.name.Name, chosen: tuple[ResourceRecordSet, ...], chooser: random.Random) -> dns.rrset.RRset:
    """The records of the answer in random order, at most eight of multivalue record sets.

    "Route 53 responds to DNS queries with up to eight healthy records": "Multivalue answer routing",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-multivalue.html
    """
    values = sorted({value for record_set in chosen for value in record_set.values})
    wanted = MAX_ANSWERS if chosen[0].routing is Routing.MULTIVALUE else len(values)
    return dns.rrset.from_text_list(
        name,
        chosen[0].ttl or 0,
        dns.rdataclass.IN,
        chosen[0].type,
        chooser.sample(values, min(wanted, len(values))),
        # Route 53 takes a name in a value as absolute, with or without a trailing dot.
        origin=dns.name.root,
        relativize=False,
    )


def _ec2_answer(
    name: dns.name.Name,
    qtype: dns.rdatatype.RdataType,
    target: str | None,
    found: tuple[dns.rrset.RRset, ...],
) -> Answer:
    """EC2's own answer for a reverse name: its name for the address, or that the name does not exist."""
    if target is None:
        return Answer(dns.rcode.NXDOMAIN, found)
    if qtype != dns.rdatatype.PTR:
        return Answer(dns.rcode.NOERROR, found)
    own = dns.rrset.from_text(name, _EC2_TTL, dns.rdataclass.IN, dns.rdatatype.PTR, target)
    return Answer(dns.rcode.NOERROR, (*found, own))


def _soa(zone: Zone) -> tuple[dns.rrset.RRset, ...]:
    """The zone's SOA record with the time for which a missing name may be cached (RFC 2308)."""
    record_sets = zone.at(zone.domain).get("SOA", {})
    for record_set in record_sets.values():
        soa = dns.rrset.from_text(
            dns.name.Name((*labels(zone.domain), b"")),
            record_set.ttl or 0,
            dns.rdataclass.IN,
            dns.rdatatype.SOA,
            *record_set.values,
        )
        soa.ttl = min(soa.ttl, soa[0].minimum)
        return (soa,)
    return ()
