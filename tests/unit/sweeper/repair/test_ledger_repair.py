"""Audits repair the ledger beside workers that write to it, and report what they repaired."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import NEVER, Claim, Millis, NameKey, Spoke
from hub.runtime.model.observation import ClaimId, Observation
from hub.runtime.model.status import SpokeStatus
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.sweeper.auditor import MAX_REPORTED, NO_TIME
from hub.runtime.sweeper.repair.decision import Repaired, RepairKind
from tests.support.build import CORP_ZONE, SEARCH, claim, key, ref
from tests.support.memory import MemoryLedger
from tests.support.memory_statuses import MemoryStatuses
from tests.support.use_cases.auditor_world import World as AuditorWorld


class Ledger(MemoryLedger):
    """A ledger of which a test can replace a method."""


class World(AuditorWorld):
    """Names whose claims, rows of instances, memory and zone agree, and the repairs that audits report."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(generation=self.ledger.generation)

    def agreed(self, *numbers: int, version: int = 4) -> None:
        self.publish(*numbers, claimed=False)
        generation = self.ledger.generation.begun()
        for number in numbers:
            claimed = claim(number, name=f"n{number}")
            row = Observation(ref(number), Millis(5), (claimed,), version=version, generation=generation)
            self.ledger.observations[row.ref] = row
            self.ledger.put_claim(claimed, version)

    def audited(self) -> dict[str, int]:
        """What an audit of the zone repaired."""
        self.repaired.clear()
        (status,) = self.audit()
        assert status.fault == ""
        return dict(status.repaired)

    def claim(self, number: int) -> Claim | None:
        _, found = self.ledger.claims.get((key(f"n{number}"), ref(number)), (0, None))
        return found


@pytest.fixture
def world() -> World:
    return World()


def repaired(kind: RepairKind, number: int) -> Repaired:
    return Repaired(kind, ClaimId(ref(number), key(f"n{number}")))


def test_ledger_in_order_needs_no_repair(world: World) -> None:
    """Nothing is written, and nothing is read again."""
    world.agreed(*range(1, 10))
    world.ledger.fail_at = 0
    assert world.audited() == {}
    assert world.statuses.zones[CORP_ZONE].repaired == ()


def test_p8_lost_claims_are_put_back(world: World) -> None:
    """A missing claim, the tombstone of a wanted one, and one with other values. No name vanishes meanwhile."""
    world.agreed(1, 2, 3, 4)
    del world.ledger.claims[key("n1"), ref(1)]
    world.ledger.withdraw_claim(key("n2"), ref(2), 4)
    world.ledger.put_claim(claim(3, name="n3", address="10.9.9.9"), 4)
    assert world.audited() == {RepairKind.CLAIM: 3}
    assert [world.claim(number) for number in (1, 2, 3)] == [claim(number, name=f"n{number}") for number in (1, 2, 3)]
    assert world.repaired == [repaired(RepairKind.CLAIM, number) for number in (1, 2, 3)]
    # The names of 1 and 2 would have vanished: their claims come back with the publisher's next run instead.
    assert world.marked <= {"n3"}
    assert world.audited() == {}


def test_p8_an_instance_without_a_row_gets_one(world: World) -> None:
    """The new row has all of its claims, counts as unsettled, and its claims stay as they are."""
    world.agreed(1, 2)
    world.ledger.put_claim(claim(1, name="also"), 7)
    del world.ledger.observations[ref(1)]
    assert world.audited() == {RepairKind.ROW: 2}
    row = world.ledger.observations[ref(1)]
    assert row == Observation(ref(1), NEVER, (claim(1, name="also"), claim(1, name="n1")), settled=False, version=8)
    assert world.claim(1) == claim(1, name="n1")
    assert world.ledger.observations[ref(2)].settled
    assert world.audited() == {}


def test_p8_a_dead_claim_comes_into_the_row_of_its_instance(world: World) -> None:
    """The row lists the claim, so that the next sweep withdraws it if the instance does not have the name."""
    world.agreed(1)
    world.ledger.put_claim(claim(1, name="dead"), 2)
    assert world.audited() == {RepairKind.ROW: 1}
    row = world.ledger.observations[ref(1)]
    assert {each.key for each in row.claims} == {key("n1"), key("dead")}
    assert (row.settled, row.generation, row.version) == (False, "", 5)


def test_p8_a_spoke_with_a_new_row_is_swept(world: World) -> None:
    """Also if the ledger does not know the spoke, or if its names were withdrawn and nothing sweeps it any more."""
    unknown, abandoned = ref(1, "777777777777"), ref(2, SEARCH.id)
    world.statuses.spokes[abandoned.spoke] = SpokeStatus(abandoned.spoke, withdrawn=True, fault="denied")
    for owner in (unknown, abandoned):
        world.ledger.put_claim(replace(claim(9), instance=owner), 3)
    assert world.audited() == {RepairKind.ROW: 2}
    assert not world.statuses.spokes[unknown.spoke].over
    assert not world.statuses.spokes[abandoned.spoke].over
    assert Spoke(SEARCH.id, "eu-central-1") == abandoned.spoke


def test_p8_an_empty_spoke_with_a_new_row_is_swept_within_the_hour(world: World) -> None:
    """Its last sweep found nothing, so it would be swept once a day. What that sweep found stays."""
    owners = [ref(number, f"{number:012}") for number in range(1, 5)]
    found: dict[Spoke, SpokeStatus] = {}
    reads = 0

    class Statuses(MemoryStatuses):
        def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
            nonlocal reads
            reads += 1
            return super().spoke_statuses()

    world.statuses = Statuses(world.statuses.clock, ledger_generation=world.statuses.ledger_generation)
    for owner in owners:
        status = SpokeStatus(owner.spoke, swept_at=Millis(1), tried_at=Millis(1))
        world.statuses.spokes[owner.spoke] = status
        found[owner.spoke] = status
        world.ledger.put_claim(replace(claim(9), instance=owner), 3)
    assert world.audited() == {RepairKind.ROW: 4}
    # By the audit itself, which asks which spokes are settled.
    assert reads == 1
    for spoke, before in found.items():
        status = world.statuses.spokes[spoke]
        assert status.heard_since
        assert replace(status, event_at=NEVER) == before


def test_p8_what_changed_during_the_scan_is_not_repaired(world: World) -> None:
    """A scan shows rows of different moments. What seems to differ is read again, the instance's row first."""
    world.agreed(1)
    scanned = [*world.ledger.contents([CORP_ZONE])]
    moved = replace(claim(1, name="n1"), ttl=5)
    world.ledger.observations[ref(1)] = replace(world.ledger.observations[ref(1)], claims=(moved,), version=5)
    world.ledger.put_claim(moved, 5)
    world.ledger.contents = lambda _zone_ids: iter([*scanned, *world.ledger.observations.values()])  # type: ignore[method-assign, assignment]
    assert world.audited() == {}


def test_p8_a_row_that_changes_before_it_is_repaired_is_left_alone(world: World) -> None:
    """Another worker records the instance after the audit read its row: the repair is not made, and not counted."""
    world.agreed(1)
    world.ledger.put_claim(claim(1, name="dead"), 2)
    read = world.ledger.stored_claims

    def meanwhile(claim_ids: list[ClaimId]) -> object:
        row = world.ledger.observations[ref(1)]
        world.ledger.observations[ref(1)] = replace(row, version=row.version + 1)
        return read(claim_ids)

    world.ledger.stored_claims = meanwhile  # type: ignore[method-assign, assignment]
    before = world.ledger.observations[ref(1)]
    assert world.audited() == {}
    assert world.ledger.observations[ref(1)] == replace(before, version=5)


def test_claims_of_other_zones_are_left_to_their_audits(world: World) -> None:
    """An audit reads the names of its zones only, and decides nothing about others."""
    elsewhere = replace(claim(1), key=NameKey("Z0OTHER", key().fqdn))
    world.ledger.observations[ref(1)] = Observation(ref(1), Millis(5), (elsewhere,), version=1)
    world.ledger.put_claim(replace(elsewhere, instance=ref(2)), 1)
    assert world.audited() == {}


def test_many_repairs_are_counted_and_the_first_reported(world: World) -> None:
    """Log lines are bounded."""
    numbers = range(1, MAX_REPORTED + 150)
    world.agreed(*numbers)
    world.ledger.claims.clear()
    assert world.audited() == {RepairKind.CLAIM: len(numbers)}
    assert len(world.repaired) == MAX_REPORTED


def test_repairs_without_time_are_made_by_the_next_audit(world: World) -> None:
    """The audit counts as unfinished, so it is repeated."""
    world.agreed(*range(1, 150))
    world.ledger.observations.clear()
    read = world.ledger.stored_claims

    def slow(claim_ids: list[ClaimId]) -> object:
        world.seconds_left = 1.0
        return read(claim_ids)

    world.ledger.stored_claims = slow  # type: ignore[method-assign, assignment]
    (status,) = world.audit()
    assert status.fault == NO_TIME
    assert 0 < len(world.ledger.observations) < 149
    world.seconds_left = 900.0
    world.ledger.stored_claims = read  # type: ignore[method-assign]
    made = len(world.ledger.observations)
    assert world.audited() == {RepairKind.ROW: 149 - made}


def test_a_failed_write_is_repeated_by_the_next_audit(world: World) -> None:
    """A repair is safe to repeat."""
    world.agreed(1, 2)
    world.ledger.claims.clear()
    world.ledger.fail_at = 1
    with pytest.raises(LedgerUnavailable):
        world.audit()
    world.ledger.fail_at = None
    assert world.audited() == {RepairKind.CLAIM: 1}
    assert world.ledger.live_claims() == {claim(1, name="n1"), claim(2, name="n2")}
