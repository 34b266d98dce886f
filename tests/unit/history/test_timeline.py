"""The timeline of one name: what changes and marks prove, and what nobody knows."""

from __future__ import annotations

import pytest

from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.timeline import BEFORE, BROKEN, FOUND, GENERATION, LOST, NO_ROW, PENDING, Period, timeline
from hub.runtime.model.names import NEVER, Millis, Published, RecordSet
from hub.runtime.model.reasons.evidence import Evidence
from tests.support.build import CORP_ZONE, key, record_set

A, B = (record_set(1),), (record_set(2),)
NOTHING: tuple[RecordSet, ...] = ()
NOW = Millis(1_000)
Said = tuple[int, int | None, tuple[RecordSet, ...] | str]


def change(
    number: int, at: int, before: tuple[RecordSet, ...], after: tuple[RecordSet, ...], seen: int | None = None
) -> Entry:
    return Entry(str(number), key(), Millis(at), Millis(at), before, after, seen=Millis(at if seen is None else seen))


def found(number: int, since: int, at: int, before: tuple[RecordSet, ...], after: tuple[RecordSet, ...]) -> Entry:
    return Entry(str(number), key(), Millis(since), Millis(at), before, after, found=True, seen=Millis(at - 1))


def row(record_sets: tuple[RecordSet, ...], seen: int = 900, *, pending: bool = False, sent: int = 0) -> Published:
    return Published(record_sets, pending=pending, evidence=Evidence(seen, sent=sent))


def audit(at: int, why: str = "") -> Mark:
    return Mark("1", MarkKind.AUDIT, Millis(at), CORP_ZONE, why=why, until=Millis(at + 5))


def difference(at: int) -> Mark:
    return Mark("1", MarkKind.DIFFERENCE, Millis(at), f"name#{CORP_ZONE}#web.corp.internal.")


def lost(at: int, name: str = "web") -> Mark:
    return Mark("1", MarkKind.LOST, Millis(at), f"name#{CORP_ZONE}#{name}.corp.internal.")


def generation(at: int) -> Mark:
    return Mark("1", MarkKind.GENERATION, Millis(at))


def said(periods: tuple[Period, ...]) -> list[Said]:
    assert [period.since for period in periods] == [NEVER, *(period.until for period in periods[:-1])]
    assert periods[-1].until is None
    return [(each.since, each.until, each.reason if each.record_sets is None else each.record_sets) for each in periods]


CHAIN = [change(1, 100, NOTHING, A), change(2, 300, A, B)]


@pytest.mark.parametrize(
    ("entries", "marks", "current", "expected"),
    [
        pytest.param(CHAIN, [], row(B), [(0, 100, BEFORE), (100, 300, A), (300, None, B)], id="a chain without a gap"),
        pytest.param(
            [*reversed(CHAIN), *CHAIN], [], row(B), [(0, 100, BEFORE), (100, 300, A), (300, None, B)], id="twice"
        ),
        pytest.param(
            [CHAIN[0], change(2, 300, A, NOTHING)],
            [],
            None,
            [(0, 100, BEFORE), (100, 300, A), (300, None, NOTHING)],
            id="the row of a name that holds nothing expires",
        ),
        pytest.param(
            [CHAIN[0], found(2, 150, 300, A, B)],
            [],
            row(B),
            [(0, 100, BEFORE), (100, 150, A), (150, 300, FOUND), (300, None, B)],
            id="a change that a reading found",
        ),
        pytest.param(
            [CHAIN[0], found(2, 0, 300, A, B)],
            [],
            row(B),
            [(0, 100, BEFORE), (100, 300, FOUND), (300, None, B)],
            id="a change found by a ledger that does not know since when",
        ),
        pytest.param(
            [CHAIN[0], found(2, 100, 300, A, B)],
            [audit(120), audit(200), audit(250, why="1 unsettled"), audit(297)],
            row(B),
            [(0, 100, BEFORE), (100, 200, A), (200, 300, FOUND), (300, None, B)],
            id="an audit proves what was there, unless it left differences unmarked or had not ended",
        ),
        pytest.param(
            [CHAIN[0], found(2, 100, 300, A, B)],
            [audit(120), audit(200), difference(203)],
            row(B),
            [(0, 100, BEFORE), (100, 120, A), (120, 300, FOUND), (300, None, B)],
            id="an audit that marked the name proves nothing",
        ),
        pytest.param(
            [CHAIN[0], change(3, 300, B, A)],
            [audit(200)],
            row(A),
            [(0, 100, BEFORE), (100, 300, BROKEN), (300, None, A)],
            id="a change is missing, and the audit may have been after it",
        ),
        pytest.param(
            [CHAIN[0], change(2, 200, A, (*A, *B), seen=100), found(3, 100, 300, (*A, *B), B)],
            [],
            row(B),
            [(0, 100, BEFORE), (100, 300, FOUND), (300, None, B)],
            id="a change that left others as they were does not prove them",
        ),
        pytest.param(
            CHAIN,
            [generation(200)],
            row(B),
            [(0, 100, BEFORE), (100, 300, GENERATION), (300, None, B)],
            id="the ledger was lost in between, although the changes link up",
        ),
        pytest.param(
            CHAIN,
            [audit(350), generation(500)],
            row(B, seen=700),
            [(0, 100, BEFORE), (100, 300, A), (300, 350, B), (350, 700, GENERATION), (700, None, B)],
            id="the ledger was lost since, and has read the name again",
        ),
        pytest.param(
            CHAIN,
            [generation(500)],
            row(B, seen=300),
            [(0, 100, BEFORE), (100, 300, A), (300, None, GENERATION)],
            id="the ledger was restored, and has not read the name since",
        ),
        pytest.param(
            [CHAIN[0], change(2, 300, A, NOTHING)],
            [generation(500), audit(600)],
            None,
            [(0, 100, BEFORE), (100, 300, A), (300, 600, GENERATION), (600, None, NOTHING)],
            id="the ledger was emptied, and an audit shows that the zone has no more than it",
        ),
        pytest.param(
            CHAIN,
            [lost(500), lost(200, "other")],
            row(A, seen=800),
            [(0, 100, BEFORE), (100, 300, A), (300, 800, LOST), (800, None, A)],
            id="the name's row was deleted",
        ),
        pytest.param(
            CHAIN, [], None, [(0, 100, BEFORE), (100, 300, A), (300, None, NO_ROW)], id="the name has no row any more"
        ),
        pytest.param(
            CHAIN,
            [audit(700)],
            row(A, seen=800),
            [(0, 100, BEFORE), (100, 300, A), (300, 700, BROKEN), (700, None, A)],
            id="the ledger says something else",
        ),
        pytest.param(
            CHAIN,
            [],
            row(B, seen=300, pending=True, sent=950),
            [(0, 100, BEFORE), (100, 300, A), (300, 950, B), (950, None, PENDING)],
            id="a change is under way",
        ),
        pytest.param([], [], row(A, seen=700), [(0, 700, BEFORE), (700, None, A)], id="only the ledger knows the name"),
        pytest.param([], [], Published(A), [(0, None, BEFORE)], id="a ledger of a version that keeps no history"),
        pytest.param([], [], None, [(0, None, BEFORE)], id="nobody knows the name"),
    ],
)
def test_timeline(entries: list[Entry], marks: list[Mark], current: Published | None, expected: list[Said]) -> None:
    """History answers what the chain proves, and nothing else."""
    assert said(timeline(key(), entries, marks, current, NOW)) == expected
