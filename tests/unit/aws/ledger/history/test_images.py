"""What history keeps of the ledger's stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.generation import generation_key
from hub.runtime.aws.ledger.history.images import UNSETTLED, first_number, kept_of
from hub.runtime.aws.ledger.rows import mark_key, name_pk
from hub.runtime.aws.ledger.status_rows import spoke_key, zone_key
from hub.runtime.aws.ledger.zone.published import published_key, published_row
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.filters import FILTERS
from hub.runtime.model.names import Millis, Published
from hub.runtime.model.reasons.cause import Cause
from hub.runtime.model.reasons.evidence import Evidence
from hub.runtime.sweeper.differences import Difference
from tests.support.build import CORP_ZONE, key, record_set, ref

CREATED = 1_793_610_300
SPOKE = ref().spoke
A, B = record_set(1), record_set(2)
CONTROL = contract.CONTROL_KEY


def record(keys: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """A record as Lambda passes it on."""
    images = {name: written(image) for name, image in (("OldImage", old), ("NewImage", new)) if image is not None}
    change = {"Keys": written(keys), "SequenceNumber": "77", "ApproximateCreationDateTime": CREATED}
    return {"eventID": "e1", "dynamodb": change | images}


@pytest.mark.parametrize("odd", [{}, {"dynamodb": None}, {"dynamodb": {"SequenceNumber": 7}}, None])
def test_batch_is_delivered_again_from_the_first_number(odd: Any) -> None:  # noqa: ANN401 - anything in the place of a record
    """A record without a number hinders nothing; without any, the empty text makes Lambda deliver all of them."""
    whole = record({}, None, None)
    assert first_number([whole, odd]) == first_number([odd, whole]) == "77"
    assert first_number([odd]) == first_number([]) == ""


def published(old: Published | None, new: Published | None) -> Any:  # noqa: ANN401 - what is kept
    rows = [published_row(key(), each) | {"at": at} if each else None for each, at in ((old, 500), (new, 900))]
    return kept_of(record(published_key(key()), *rows))


def test_an_accepted_change_is_kept_at_its_time() -> None:
    """With what was there before, the rules, the cause, and the instance."""
    before = Published((A,), pending=True, evidence=Evidence(300, sent=490))
    evidence = Evidence(880, 880, Cause.START, str(ref(2)))
    after = Published((B,), rules=((ref(2), "everybody"),), evidence=evidence)
    assert published(before, after) == Entry(
        id="77",
        key=key(),
        since=Millis(880),
        at=Millis(880),
        before=(A,),
        after=(B,),
        rules=((ref(2), "everybody"),),
        cause=Cause.START,
        by=ref(2),
        seen=Millis(880),
    )


def test_a_found_change_is_kept_with_its_window() -> None:
    """From when the zone was last known to hold what was there, to the note."""
    before = Published((A,), pending=True, evidence=Evidence(300, sent=490))
    entry = published(before, Published((B,), evidence=Evidence(890)))
    assert (entry.found, entry.since, entry.at, entry.seen) == (True, 300, 900, 890)
    # Rows of versions that keep no history say nothing of when.
    assert published(Published((A,)), Published((B,), evidence=Evidence(890))).since == 0
    assert published(None, Published((B,), evidence=Evidence(890))).since == 0


def test_rows_without_another_content_are_not_kept() -> None:
    """Nor is a name that holds nothing while its first change is under way: the change says that."""
    seen = Evidence(300)
    assert published(Published((A,)), Published((A,), pending=True, evidence=seen)) is None
    assert published(None, Published(pending=True, evidence=seen)) is None
    assert published(None, Published()) is None
    assert published(Published(), None) is None
    # The first that is known of a name.
    assert isinstance(published(None, Published(evidence=seen)), Entry)


def test_a_lost_row_is_a_mark() -> None:
    """Whoever deleted it."""
    assert published(Published((A,)), None) == Mark("77", MarkKind.LOST, Millis(CREATED * 1_000), name_pk(key()))


def control(sort: str) -> dict[str, str]:
    return {contract.PARTITION_KEY: CONTROL, contract.SORT_KEY: sort}


ZONE, OF_SPOKE = zone_key(CORP_ZONE), spoke_key(SPOKE)
REQUEST = {contract.PARTITION_KEY: contract.REQUESTS_KEY, contract.SORT_KEY: "1793610300000#0a1b2c3d"}
GENERATION, PAUSE, CURSOR = generation_key("a/stream/x"), control("pause"), control("schedule")


@pytest.mark.parametrize(
    ("keys", "old", "new", "expected"),
    [
        (GENERATION, None, {"id": "a", "at": 5}, ("generation", 5, "", "", "")),
        (GENERATION, {"id": "a"}, {"id": "b", "at": 6}, ("generation", 6, "", "", "")),
        (GENERATION, {"id": "a"}, None, ("generation", CREATED * 1_000, "", "", "")),
        (GENERATION, {"id": "a"}, {"id": "a", "at": 6}, None),
        (PAUSE, None, {"paused": True, "reason": "move", "at": 5, "by": "arn"}, ("pause", 5, "", "arn", "move")),
        (PAUSE, {"paused": True}, {"paused": False, "reason": "", "at": 6, "by": "arn"}, ("resume", 6, "", "arn", "")),
        (control("heartbeat"), None, {"sent_at": 7}, ("heartbeat", 7, "", "", "")),
        (CURSOR, {"version": "1", "at": 1}, {"version": "2", "policy": "p", "at": 8}, ("deploy", 8, "p", "", "2")),
        (CURSOR, {"version": "2", "policy": "p"}, {"version": "2", "policy": "p", "at": 9}, None),
        (control("pace"), None, {"at": 1}, None),
        (mark_key(key()), None, {"reason": "edited", "at": 4}, ("difference", 4, name_pk(key()), "", "edited")),
        (ZONE, {}, {"approved_at": 3, "approved_by": "arn"}, ("approve", 3, CORP_ZONE, "arn", "")),
        (OF_SPOKE, {}, {"approved_at": 3, "approved_by": "arn"}, ("approve", 3, str(SPOKE), "arn", "")),
        (OF_SPOKE, {"approved_at": 3}, {"approved_at": 3, "audited_at": 9}, None),
        (OF_SPOKE, {}, {"approved_at": 3, "approved_reason": "moved"}, ("approve", 3, str(SPOKE), "", "moved")),
        (
            REQUEST,
            None,
            {"action": "sweep", "subject": str(SPOKE), "by": "arn", "reason": "late"},
            ("request", CREATED * 1_000, f"sweep {SPOKE}", "arn", "late"),
        ),
        (REQUEST, None, {"action": "audit"}, ("request", CREATED * 1_000, "audit", "", "")),
        # Time to live removes it, or somebody writes it again.
        (REQUEST, {"action": "audit"}, None, None),
        (REQUEST, {"action": "audit"}, {"action": "audit"}, None),
        (ZONE, {"audited_at": 4}, {"audited_at": 4}, None),
        (ZONE, {}, {"audited_at": 4, "differences": {"edited": 3}}, ("audit", 4, CORP_ZONE, "", "")),
        (ZONE, {}, {"audited_at": 4, "differences": {"unsettled": 3}}, ("audit", 4, CORP_ZONE, "", "3 unsettled")),
        (ZONE, {}, {"audited_at": 4, "pending_names": 2}, ("audit", 4, CORP_ZONE, "", "2 pending")),
    ],
)
def test_other_rows_give_marks(
    keys: dict[str, str], old: dict[str, Any] | None, new: dict[str, Any] | None, expected: tuple[object, ...] | None
) -> None:
    """Each with when, about what, by whom and why."""
    mark = kept_of(record(keys, old, new))
    found = (mark.kind, mark.at, mark.subject, mark.by, mark.why) if isinstance(mark, Mark) else mark
    assert found == expected


def test_an_audit_had_ended_when_its_row_was_written() -> None:
    """The stream rounds that down to a second."""
    mark = kept_of(record(zone_key(CORP_ZONE), None, {"audited_at": 4}))
    assert isinstance(mark, Mark)
    assert mark.until == (CREATED + 1) * 1_000


def test_audits_leave_these_differences_unmarked() -> None:
    """The word is the auditor's."""
    assert Difference.UNSETTLED.value == UNSETTLED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made["dynamodb"].pop("Keys"),
        lambda made: made["dynamodb"].update(SequenceNumber="x"),
        lambda made: made["dynamodb"]["NewImage"].update(record_sets={"S": "x"}),
        lambda made: made["dynamodb"]["NewImage"].update(schema={"N": "99"}),
    ],
)
def test_records_that_cannot_be_read_are_told(spoil: Callable[[dict[str, Any]], object]) -> None:
    """Each with its id; they would be the same after another delivery."""
    made = record(published_key(key()), None, published_row(key(), Published((A,))) | {"at": 1})
    spoil(made)
    found = kept_of(made)
    assert isinstance(found, Unreadable)
    assert found.what == "e1"


def test_evidence_that_cannot_be_read_is_none() -> None:
    """The name is as it is: no decision needs the evidence."""
    row = published_row(key(), Published((A,), evidence=Evidence(5))) | {"at": 1, "seen": "x"}
    entry = kept_of(record(published_key(key()), None, row))
    assert isinstance(entry, Entry)
    assert entry.seen == 0


def test_filters_are_few_and_small() -> None:
    """Lambda takes five."""
    assert len(FILTERS) <= 5
