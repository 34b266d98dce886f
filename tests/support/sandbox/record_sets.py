"""Record sets, changes and zones, for the tests of Route 53's rules."""

import pytest

from sandbox.aws.route53.rules import (
    Action,
    Change,
    InvalidChangeBatch,
    ResourceRecordSet,
    Routing,
)
from sandbox.aws.route53.zone import Zone

WEB = "web.corp.internal."


def simple(name: str = WEB, type_: str = "A", *values: str, ttl: int = 60) -> ResourceRecordSet:
    return ResourceRecordSet(name, type_, ttl, values or ("10.0.0.1",))


def member(identifier: str, *values: str, name: str = WEB, type_: str = "A", ttl: int = 60) -> ResourceRecordSet:
    return ResourceRecordSet(name, type_, ttl, values or ("10.0.0.1",), identifier, Routing.MULTIVALUE)


def create(record_set: ResourceRecordSet) -> Change:
    return Change(Action.CREATE, record_set)


def delete(record_set: ResourceRecordSet) -> Change:
    return Change(Action.DELETE, record_set)


def upsert(record_set: ResourceRecordSet) -> Change:
    return Change(Action.UPSERT, record_set)


def zone_with(*record_sets: ResourceRecordSet, limit: int = 10_000) -> Zone:
    zone = Zone("corp.internal.", "Z0CORP", limit)
    zone.apply([create(record_set) for record_set in record_sets])
    return zone


def refusals(zone: Zone, *changes: Change) -> tuple[str, ...]:
    before = tuple(zone.listed())
    with pytest.raises(InvalidChangeBatch) as refused:
        zone.apply(changes)
    assert tuple(zone.listed()) == before
    assert len(zone) == len(before)
    return refused.value.messages
