"""The rules of ChangeResourceRecordSets as AWS documents them, one function each. Pure.

A simulation, and stricter than most. Where AWS documents a rule but not its error message, a comment says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_SET_IDENTIFIER: Final = 128
MAX_SAME_NAME_AND_TYPE: Final = 100


class Action(StrEnum):
    """What a change does."""

    CREATE = "CREATE"
    DELETE = "DELETE"
    UPSERT = "UPSERT"


class Routing(StrEnum):
    """A record set's routing policy, as far as the rules distinguish them."""

    SIMPLE = "simple"
    MULTIVALUE = "multivalue"
    WEIGHTED = "weighted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ResourceRecordSet:
    """A record set; its name is in stored form (`names.stored_name`).

    `details` are the other attributes that Route 53 stores, such as Weight or HealthCheckId, sorted by name.
    """

    name: str
    type: str
    ttl: int | None
    values: tuple[str, ...]
    set_identifier: str | None = None
    routing: Routing = Routing.SIMPLE
    alias_target: tuple[tuple[str, object], ...] | None = None
    details: tuple[tuple[str, object], ...] = field(default=())

    def matches(self, other: ResourceRecordSet) -> bool:
        """Whether both agree in everything that a DELETE must repeat; the order of values does not matter."""
        return replace(self, values=tuple(sorted(self.values))) == replace(other, values=tuple(sorted(other.values)))


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a change batch."""

    action: Action
    record_set: ResourceRecordSet


class InvalidInput(ValueError):
    """A malformed request, refused before the zone is read."""


class InvalidChangeBatch(ValueError):
    """A refused batch, with one message for each faulty change. None of its changes was made."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__(f"[{', '.join(messages)}]")
        self.messages = messages


class Fault(Exception):
    """What is wrong with one change."""


# The record sets of one name, by type and then by SetIdentifier.
TypeSets: TypeAlias = dict[str, dict[str | None, ResourceRecordSet]]


def check_request(changes: Iterable[Change]) -> None:
    """Refuse changes whose fields contradict each other.

    SetIdentifier is required for, and only allowed with, a routing policy other than simple, also in a DELETE, and has
    1 to 128 characters. A record set has either an alias target or a TTL and values.
    "ResourceRecordSet", https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html

    Raises:
        InvalidInput: if a change is malformed, with Route 53's message.
    """
    for change in changes:
        record_set = change.record_set
        identifier = record_set.set_identifier
        where = (
            f"in Change with [Action={change.action}, Name={record_set.name}, Type={record_set.type}, "
            f"SetIdentifier={'null' if identifier is None else identifier}]"
        )
        if record_set.routing is not Routing.SIMPLE and identifier is None:
            raise InvalidInput(f"Invalid request: Missing field 'SetIdentifier' {where}")
        if record_set.routing is Routing.SIMPLE and identifier is not None:
            raise InvalidInput(
                "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer],"
                f" but found none {where}",
            )
        if identifier is not None and not 1 <= len(identifier) <= MAX_SET_IDENTIFIER:
            raise InvalidInput(
                f"1 validation error detected: Value '{identifier}' at 'setIdentifier' failed to satisfy constraint: "
                f"Member must have length between 1 and {MAX_SET_IDENTIFIER}",
            )
        plain = record_set.ttl is not None and bool(record_set.values)
        if plain == (record_set.alias_target is not None):
            raise InvalidInput(
                "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
                f"TrafficPolicyInstanceId], but found {'more than one' if plain else 'none'} {where}",
            )


def described(record_set: ResourceRecordSet) -> str:
    """A record set as Route 53's messages describe it."""
    identifier = "" if record_set.set_identifier is None else f", set-identifier='{record_set.set_identifier}'"
    return f"[name='{record_set.name}', type='{record_set.type}'{identifier}]"


def check_delete(record_set: ResourceRecordSet, current: ResourceRecordSet | None) -> None:
    """Refuse a DELETE of a record set that does not exist, or that has another TTL or other values.

    "To delete a resource record set, you must specify all the same values that you specified when you created it."
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_Change.html
    """
    if current is None:
        raise Fault(f"Tried to delete resource record set {described(record_set)} but it was not found")
    if not current.matches(record_set):
        raise Fault(
            f"Tried to delete resource record set {described(record_set)} "
            "but the values provided do not match the current values",
        )


def check_values(record_set: ResourceRecordSet) -> None:
    """Refuse a bad address, a repeated value, and a second value of a CNAME or SOA.

    "Supported DNS record types", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
    "You can specify more than one value for all record types except CNAME and SOA",
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html
    """
    for value in record_set.values:
        if record_set.type == "A" and not _is_address(value, IPv4Address):
            raise Fault(_bad_value("ARRDATAIllegalIPv4Address", "IPv4", value))
        if record_set.type == "AAAA" and not _is_address(value, IPv6Address):
            raise Fault(_bad_value("AAAARRDATAIllegalIPv6Address", "IPv6", value))
    if len(set(record_set.values)) < len(record_set.values):
        twice = next(value for value in record_set.values if record_set.values.count(value) > 1)
        raise Fault(f"Duplicate Resource Record: '{twice}'")
    if record_set.type in {"CNAME", "SOA"} and len(record_set.values) > 1:
        # AWS documents the rule, but not this message.
        raise Fault(f"RRSet of type {record_set.type} with DNS name {record_set.name} may have one value only.")


def _is_address(value: str, family: type[IPv4Address | IPv6Address]) -> bool:
    try:
        family(value)
    except AddressValueError:
        return False
    # A zone index ("fe80::1%eth0") is not part of an address in the DNS.
    return "%" not in value


def _bad_value(code: str, family: str, value: str) -> str:
    return (
        f"Invalid Resource Record: 'FATAL problem: {code} (Value is not a valid {family} address) "
        f"encountered with '{value}''"
    )


def check_cname(record_set: ResourceRecordSet, here: TypeSets, domain: str) -> None:
    """Refuse a CNAME at the zone's own name, a CNAME beside other types, and other types beside a CNAME.

    "CNAME record type",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat
    """
    of_type = f"RRSet of type {record_set.type} with DNS name {record_set.name} is not permitted"
    others = {type_ for type_, by_identifier in here.items() if by_identifier and type_ != record_set.type}
    if record_set.type == "CNAME" and record_set.name == domain:
        raise Fault(f"{of_type} at apex in zone {domain}")
    if record_set.type == "CNAME" and others:
        raise Fault(f"{of_type} as it conflicts with other records with the same DNS name in zone {domain}")
    if "CNAME" in others:
        raise Fault(
            f"{of_type} because a conflicting RRSet of type CNAME with the same DNS name already exists in zone "
            f"{domain}",
        )


def check_routing(record_set: ResourceRecordSet, same: Mapping[str | None, ResourceRecordSet]) -> None:
    """Refuse mixed routing policies, unsupported multivalue answers, and the 101st record set of a name and type.

    "Multivalue answer routing": not for CNAME and NS, nor for an alias; not beside simple record sets.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
    "Quotas on records": 100 record sets with one name and type.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
    Weighted record sets "must contain the same TTL", unlike multivalue ones.
    """
    identifier = "null" if record_set.set_identifier is None else f'"{record_set.set_identifier}"'
    new = f"RRSet with DNS name {record_set.name}, type {record_set.type}, SetIdentifier {identifier}"
    others = [other for key, other in same.items() if key != record_set.set_identifier]
    multivalue = record_set.routing is Routing.MULTIVALUE
    if multivalue and (record_set.type in {"CNAME", "NS", "SOA"} or record_set.alias_target is not None):
        # AWS documents the rule, but not this message.
        raise Fault(f"{new} cannot be created because multivalue answer supports neither CNAME, NS, SOA nor aliases.")
    if multivalue and any(other.routing is not Routing.MULTIVALUE for other in others):
        raise Fault(
            f"{new} cannot be created because a non multivalue answer rrset exists with the same name and type.",
        )
    if any(other.routing is not record_set.routing for other in others):
        raise Fault(f"{new} cannot be created as other RRSets exist with the same name and type.")
    if len(others) >= MAX_SAME_NAME_AND_TYPE:
        # AWS documents this message for weighted record sets; the others follow it.
        raise Fault(
            f"Exceeded limit on number of {record_set.routing} RRSets for {record_set.name}, type {record_set.type} "
            "in this zone.",
        )
    if record_set.routing is Routing.WEIGHTED and any(other.ttl != record_set.ttl for other in others):
        raise Fault(f"{new} cannot be created as weighted sets must contain the same TTL.")


def level_ttl(latest: ResourceRecordSet, same: dict[str | None, ResourceRecordSet]) -> None:
    """Give all multivalue record sets of a name and type the TTL of the latest one.

    "Values specific for multivalue answer records: TTL",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-multivalue.html
    """
    if latest.routing is Routing.MULTIVALUE:
        for identifier, other in same.items():
            if other.ttl != latest.ttl:
                same[identifier] = replace(other, ttl=latest.ttl)
