"""Record sets that cannot be read: they are foreign, block their name, and are never deleted."""

from __future__ import annotations

from typing import Any

import pytest

from hub.runtime.aws.zones import read_record_set, wire_of
from hub.runtime.model.names import ForeignRecordSet, Fqdn, Published
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.ports import ZoneRecordSets
from hub.runtime.publisher.foreign import ANY_TYPE, UNREADABLE, adoptable, blocked_types
from hub.runtime.sweeper.differences import Difference, difference_of
from tests.support.build import record_set

OURS = record_set(1)
ODD: dict[str, tuple[dict[str, Any], str]] = {
    "no type": ({"Type": None}, ANY_TYPE),
    "a type that is a number": ({"Type": 28}, ANY_TYPE),
    "no TTL": ({"TTL": None}, "A"),
    "a TTL that is a text": ({"TTL": "an hour"}, "A"),
    "records that are a number": ({"ResourceRecords": 1}, "A"),
    "a record without a value": ({"ResourceRecords": [{}]}, "A"),
    "a value with a lone surrogate": ({"ResourceRecords": [{"Value": "\ud800"}]}, "A"),
    "an identifier that is a number": ({"SetIdentifier": 7}, "A"),
}


def described(change: dict[str, Any]) -> dict[str, Any]:
    """Our record set as Route 53 lists it, changed. What is None is left out."""
    return {name: value for name, value in (wire_of(OWNER, OURS) | change).items() if value is not None}


@pytest.mark.parametrize(("change", "of_type"), ODD.values(), ids=ODD)
def test_p2_odd_record_set_blocks_its_name(change: dict[str, Any], of_type: str) -> None:
    """It is foreign although it may be ours, nothing is published beside it, nothing adopts it, and audits see it."""
    found = read_record_set(OWNER, described(change))
    assert found == ForeignRecordSet(OURS.fqdn, of_type, UNREADABLE)
    assert blocked_types([OURS], [found]) == {"A"}
    assert adoptable([found], [OURS]) == {}
    beside = ZoneRecordSets((OURS,), (found,))
    assert difference_of(beside, Published((OURS,))) is Difference.FOREIGN


@pytest.mark.parametrize("odd", [None, 7, "web", [], {}, {"Name": None}, {"Name": 1}, {"Name": "\udfff"}])
def test_p2_record_set_without_a_name(odd: object) -> None:
    """It belongs to no name that anyone could ask for, and the listing goes on."""
    assert read_record_set(OWNER, odd) == ForeignRecordSet(Fqdn(""), ANY_TYPE, UNREADABLE)


def test_p2_type_of_a_later_api_blocks_only_itself() -> None:
    """A type that can be read and that orgdns does not know is a foreign record set as any other."""
    found = read_record_set(OWNER, described({"Type": "HTTPS", "SetIdentifier": None, "MultiValueAnswer": None}))
    assert isinstance(found, ForeignRecordSet)
    assert blocked_types([OURS], [found]) == frozenset()
