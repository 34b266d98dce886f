"""The records of the ledger's stream: heartbeats, and since when someone waits for a change."""

from __future__ import annotations

from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.changes import NameChanges
from hub.runtime.aws.ledger.rows import claim_key, claim_row, name_pk
from hub.runtime.model.names import Claim, Millis, NameKey
from tests.support.build import claim, key, ref

CREATED = 1_793_610_300.25


def record(pk: str, sk: str, image: dict[str, Any] | None, number: int = 1) -> dict[str, Any]:
    """A record as Lambda passes it on; without an image, the row was deleted."""
    keys = written({contract.PARTITION_KEY: pk, contract.SORT_KEY: sk})
    change = {"Keys": keys, "SequenceNumber": str(number), "ApproximateCreationDateTime": CREATED}
    return {
        "eventID": f"e{number}",
        "eventSource": "aws:dynamodb",
        "dynamodb": change | ({} if image is None else {"NewImage": written(image)}),
    }


def stored(made: Claim) -> dict[str, Any]:
    return claim_key(made.key, made.instance) | claim_row(made)


def heartbeat(image: dict[str, Any] | None) -> dict[str, Any]:
    return record(contract.CONTROL_KEY, contract.HEARTBEAT_KEY, image)


def claimed(asked_at: Any, number: int = 1, name: str = "web") -> dict[str, Any]:  # noqa: ANN401 - of any type
    row = stored(claim(number, name=name)) | ({} if asked_at is None else {contract.ASKED_AT: asked_at})
    return record(row[contract.PARTITION_KEY], row[contract.SORT_KEY], row, number)


def released(name: NameKey, changed_at: int) -> dict[str, Any]:
    return record(
        name_pk(name), contract.RELEASED_KEY, {"changed_at": changed_at, "account": "444444444444", "marked": False}, 9
    )


def test_heartbeats_are_no_names() -> None:
    """All of a batch are there; the names beside them are as without them."""
    changes = NameChanges.of([heartbeat({"sent_at": 5}), claimed(None), heartbeat({"sent_at": 7, "observed_at": 8})])
    assert changes.heartbeats == [5, 7]
    assert changes.changed_at == {key(): CREATED * 1_000}
    assert changes.unreadable == []


@pytest.mark.parametrize("image", [None, {}, {"sent_at": "5"}, {"sent_at": True}])
def test_heartbeat_that_cannot_be_read_is_none(image: dict[str, Any] | None) -> None:
    """It is dropped with its id, and holds up no name: another delivery would be the same."""
    changes = NameChanges.of([heartbeat(image), claimed(None)])
    assert (changes.heartbeats, set(changes.changed_at)) == ([], {key()})
    assert [unreadable.what for unreadable in changes.unreadable] == ["e1"]


def test_first_event_counts() -> None:
    """Someone waits for a name since the first event that asked for a change of it."""
    changes = NameChanges.of([claimed(9), claimed(5, 2), claimed(7, 3), claimed(4, 4, name="db")])
    assert changes.asked_at == {key(): 5, key("db"): 4}


@pytest.mark.parametrize("asked_at", [None, 0, "5", True, [5]])
def test_change_that_no_event_asked_for(asked_at: object) -> None:
    """A sweep's change, and one whose time cannot be read, are changes like any other, and are not measured."""
    changes = NameChanges.of([claimed(asked_at)])
    assert changes.asked_at == {}
    assert changes.claimants == {key(): {str(ref(1))}}


def test_withdrawal_without_an_image_is_not_measured() -> None:
    """A tombstone that expires is no one's wish."""
    row = stored(claim())
    changes = NameChanges.of([record(row[contract.PARTITION_KEY], row[contract.SORT_KEY], None)])
    assert (changes.asked_at, set(changes.changed_at)) == ({}, {key()})


def test_released_name_was_asked_for_when_the_ledger_changed() -> None:
    """So its time in the backlog is measured. A mark of an audit was asked for by no one."""
    changes = NameChanges.of([released(key(), 1_234)])
    assert (changes.asked_at, changes.released) == ({key(): Millis(1_234)}, {key(): "444444444444"})
    marked = record(name_pk(key()), contract.MARK_KEY, {})
    assert NameChanges.of([marked]).asked_at == {}
