"""What the publisher notes of a change: when Route 53 accepted it, why, and what it proves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.runtime.model.names import NEVER, Action, Change, ConflictRule, NameKey, Published
from hub.runtime.model.reasons.cause import Cause, Reason
from hub.runtime.model.reasons.evidence import Evidence
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set, ref
from tests.support.use_cases.publisher_world import World


class Written(World):
    """A world that keeps each row with what is published, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.zones.clock = self.clock
        self.rows: list[Published] = []
        put = self.ledger.put_published

        def kept(published: list[tuple[NameKey, Published]]) -> None:
            put(published)
            self.rows += [each for _, each in published]

        recording: Any = Recording(self.ledger, kept)
        self.publisher = replace(self.publisher, ledger=recording)

    def because(self, *reasons: Reason) -> set[NameResult]:
        told = {key(): self.told.pop(key(), set())}
        outcomes = self.publisher.publish({key(): NEVER}, (), self.deadline, told, reasons={key(): reasons})
        return {outcome.result for outcome in outcomes}


class Recording:
    """A ledger whose writes of published rows are kept."""

    def __init__(self, ledger: object, put: object) -> None:
        self._ledger, self.put_published = ledger, put

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)


@pytest.fixture
def world() -> Written:
    return Written()


def evidence(row: Published) -> Evidence:
    assert row.evidence
    return row.evidence


def test_an_accepted_change_says_when_and_why(world: Written) -> None:
    """The row has Route 53's time, the cause, and the instance; no write and no call is made for it."""
    world.claim(claim(1))
    assert world.because(Reason(Cause.START, str(ref(1)))) == {NameResult.PUBLISHED}
    pending, noted = map(evidence, world.rows)
    assert (len(world.rows), len(world.zones.batches), len(world.zones.reads)) == (2, 1, 1)
    assert noted == Evidence(noted.accepted, noted.accepted, Cause.START, str(ref(1)))
    # It was read, it was about to be sent, it was accepted.
    assert 0 < pending.seen < pending.sent < noted.accepted

    world.withdraw(claim(1))
    assert world.because(Reason(Cause.END, str(ref(1)))) == {NameResult.PUBLISHED}
    assert (len(world.rows), len(world.zones.batches), len(world.zones.reads)) == (4, 2, 1)
    assert evidence(world.rows[3]) == Evidence(
        evidence(world.rows[3]).accepted, evidence(world.rows[3]).accepted, Cause.END, str(ref(1))
    )


def test_a_change_without_a_time_proves_nothing(world: Written) -> None:
    """Route 53 accepted it, and nobody knows when: what was seen before is the last proof."""
    world.zones.clock = None
    world.claim(claim(1))
    world.because()
    pending, noted = map(evidence, world.rows)
    assert (noted.accepted, noted.seen) == (0, pending.seen)


def test_members_that_stay_are_not_proved(world: Written) -> None:
    """Another member's CREATE or DELETE says nothing of them: the last reading does."""
    shared = [claim(number, conflict=ConflictRule.SHARE) for number in (1, 2)]
    world.claim(shared[0])
    world.because()
    first = evidence(world.rows[-1])
    world.claim(shared[1])
    world.because()
    second = evidence(world.rows[-1])
    assert first.seen == first.accepted < second.seen < second.accepted
    world.withdraw(shared[1])
    world.because()
    third = evidence(world.rows[-1])
    assert second.seen == third.seen < second.accepted < third.accepted


def test_what_a_reading_finds_is_noted_before_the_next_change(world: Written) -> None:
    """A refused batch shows that somebody edited the name: the pending row has what is there, and since when."""
    world.claim(claim(1))
    world.because()
    edited = record_set(1, address="192.0.2.99")
    world.zones.change(key().zone_id, [Change(Action.DELETE, record_set(1)), Change(Action.CREATE, edited)])
    world.rows.clear()
    world.withdraw(claim(1))
    assert world.because(Reason(Cause.END, str(ref(1)))) == {NameResult.PUBLISHED}
    assert [(row.pending, row.record_sets) for row in world.rows] == [
        (True, (record_set(1),)),
        (True, (edited,)),
        (False, ()),
    ]
    before, found, noted = map(evidence, world.rows)
    assert before.seen < found.seen < noted.accepted
