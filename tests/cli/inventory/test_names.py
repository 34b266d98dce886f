"""The rows of the inventory that a name or an instance gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import (
    Claim,
    ConflictRule,
    NameState,
    Published,
    RecordSet,
    Refusal,
    Withheld,
)
from hub.runtime.model.observation import Observation
from orgdns.cli.reports.inventory.names import (
    KEPT,
    SENT,
    TO_DELETE,
    TO_PUBLISH,
    TO_REPLACE,
    UNREADABLE,
    facts_of,
    refused_rows,
    rows_of_name,
)
from orgdns.cli.reports.inventory.row import NameStatus
from tests.support.build import CORP_ZONE, PAYMENTS, ZONE_IDS, claim, instance, key, record_set, ref

PUBLISHED, WAITING, CONFLICT = NameStatus.PUBLISHED, NameStatus.WAITING, NameStatus.CONFLICT
NOT_HELD, DRY_RUN = NameStatus.NOT_HELD, NameStatus.DRY_RUN


def shown(*claims: Claim, published: Published | None = None) -> list[tuple[int, NameStatus, str]]:
    """The instance, the status and the reason of each row."""
    rows = rows_of_name(NameState(key(), claims, published or Published()))
    return [
        (int(row.instance.id.removeprefix("i-"), 16) if row.instance else 0, row.status, row.reason) for row in rows
    ]


def zone(*record_sets: RecordSet, pending: bool = False, conflict: str | None = None) -> Published:
    return Published(record_sets, pending=pending, conflict=conflict)


@pytest.mark.parametrize(
    ("claims", "published", "expected"),
    [
        ((claim(1),), zone(record_set(1)), [(1, PUBLISHED, "")]),
        ((claim(1),), zone(), [(1, WAITING, TO_PUBLISH)]),
        ((claim(1),), zone(pending=True), [(1, WAITING, SENT)]),
        ((claim(1),), zone(conflict="foreign"), [(1, CONFLICT, "foreign")]),
        ((), zone(record_set(1)), [(1, PUBLISHED, TO_DELETE)]),
        (
            (claim(1, address="10.9.9.9"),),
            zone(record_set(1)),
            [(1, PUBLISHED, TO_REPLACE), (1, WAITING, TO_PUBLISH)],
        ),
        (
            (claim(1), claim(2)),
            zone(record_set(2)),
            [(2, PUBLISHED, ""), (1, NOT_HELD, f"{ref(2)} holds it, as the newer instance")],
        ),
        ((replace(claim(1), publish=False),), zone(), [(1, DRY_RUN, "")]),
        ((replace(claim(1), publish=False),), zone(record_set(1)), [(1, PUBLISHED, KEPT)]),
        (
            (replace(claim(1), publish=False),),
            Published(withheld=Withheld(blocked="foreign")),
            [(1, DRY_RUN, "foreign")],
        ),
        (
            (replace(claim(1), turned_on=claim(1, address="10.9.9.9")),),
            zone(record_set(1)),
            [(1, PUBLISHED, ""), (1, DRY_RUN, "")],
        ),
    ],
)
def test_status_of_each_claim_and_record_set(
    claims: tuple[Claim, ...], published: Published, expected: list[tuple[int, NameStatus, str]]
) -> None:
    """What the zone holds is published; what it lacks says why."""
    assert shown(*claims, published=published) == expected


def test_shared_name_counts_its_holders() -> None:
    """A tool that connects to a host needs to know that a name leads to several."""
    claims = tuple(claim(number, conflict=ConflictRule.SHARE) for number in (1, 2))
    state = NameState(key(), claims, zone(record_set(1), record_set(2)))
    assert [row.holders for row in rows_of_name(state)] == [2, 2]


def test_rows_that_cannot_be_read_block_a_name() -> None:
    """The publisher leaves such a name as it is."""
    state = NameState(key(), (claim(1),), unreadable=(Unreadable("claim#odd", "malformed"),))
    assert [(row.status, row.reason) for row in rows_of_name(state)] == [(CONFLICT, UNREADABLE)]


def test_refused_names_have_their_zone_and_reason() -> None:
    """A name outside every zone has none. What a tag declined was not refused."""
    seen = Observation(
        ref(1),
        claim(1).launched_at,
        refusals=(
            Refusal("short-names", "is reserved", "db.corp.internal."),
            Refusal("short-names", "opted out", "web.corp.internal.", declined=True),
            Refusal("short-names", "no letters"),
        ),
        instance=instance(1),
        account=PAYMENTS,
    )
    rows = list(refused_rows(seen, ZONE_IDS))
    assert [(row.fqdn, row.zone_id, row.reason) for row in rows] == [
        ("db.corp.internal.", CORP_ZONE, "is reserved"),
        ("", "", "no letters"),
    ]
    facts = facts_of(seen)
    assert (facts.label, facts.units, facts.state) == ("payments", PAYMENTS.units, "running")
    assert facts_of(Observation(ref(1), claim(1).launched_at, ended=True)).state == ""
