"""Looks at instances are ordered by the versions of their rows, whatever is lost and whatever the clocks say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import InstanceRef, Millis, NameKey
from hub.runtime.model.observation import Observation
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import InstanceResult
from tests.support.build import PAYMENTS, ZONE_IDS, claim, example_policy, instance, interface, key
from tests.support.memory import AMPLE, MemoryClock
from tests.support.use_cases.observer_world import World

HOUR = 3_600_000


def values(world: World, name: NameKey) -> set[str]:
    return {value for each in world.ledger.name(name).claims for _, of_type in each.values for value in of_type}


def lose_row(world: World, subject: InstanceRef) -> None:
    del world.ledger.observations[subject]


def test_p8_a_new_row_fences_claims_of_a_lost_row(world: World) -> None:
    """The row is lost, and the address changes: the new address must answer, although the old claim is later."""
    subject = world.show()
    for _ in range(3):
        world.event(subject)
        world.show(name="other")
        world.event(subject)
        world.show()
    world.event(subject)
    old = world.ledger.claims[key(), subject][0]
    lose_row(world, subject)
    world.show(interfaces=(interface("10.0.0.99"),))
    assert world.event(subject).result is InstanceResult.RECORDED
    assert values(world, key()) == {"10.0.0.99"}
    row = world.ledger.observations[subject]
    assert row.settled
    assert row.version > world.ledger.claims[key(), subject][0] > old
    # A worker of the former life is fenced from now on.
    world.ledger.withdraw_claim(key(), subject, old)
    assert values(world, key()) == {"10.0.0.99"}
    # And what the next look withdraws is withdrawn.
    world.event(subject, "terminated")
    assert world.claimed() == set()


def test_p8_a_row_that_an_audit_made_fences_the_claim_that_it_was_made_for(world: World) -> None:
    """A claim without a row gets a row that the next look decides: here the instance ends."""
    subject = world.show()
    lost = claim(1, name="lost")
    world.ledger.put_claim(lost, 8)
    world.ledger.put_observation(Observation(subject, Millis(0), (lost,), settled=False, version=1))
    world.event(subject)
    assert lost.key.fqdn not in world.claimed()
    world.event(subject, "terminated")
    assert world.claimed() == set()


def test_p9_a_look_that_began_before_a_loss_is_repeated(world: World) -> None:
    """The row that was read is lost before the write: the write would create a row by an old description."""
    subject = world.show(name="old")
    world.event(subject)
    look = world.observer.recorder.looks([subject])[subject]
    described = world.organization.instances[subject]
    world.ledger.generation.lose()
    world.ledger.observations.clear()
    world.ledger.claims.clear()
    world.show(name="new")
    world.event(subject)
    again = world.ledger.observations[subject]
    assert isinstance(look.row, Observation)
    # The new row happens to have the version of the lost one.
    assert again.version == look.row.version
    decision = example_policy().decide(described, PAYMENTS, ZONE_IDS, {})
    outcome = world.observer.recorder.described(described, PAYMENTS, decision, look)
    assert (outcome.result, outcome.superseded) == (InstanceResult.RETRY, True)
    assert world.ledger.observations[subject] == again
    assert key("old").fqdn not in world.claimed()


def test_p9_a_row_has_the_generation_in_which_its_look_began(world: World) -> None:
    """A look that a loss overtakes does not seem to be one of the new generation."""
    subject = world.show()
    look = world.observer.recorder.looks([subject])[subject]
    world.ledger.generation.lose()
    described = world.organization.instances[subject]
    decision = example_policy().decide(described, PAYMENTS, ZONE_IDS, {})
    world.observer.recorder.described(described, PAYMENTS, decision, look)
    assert world.ledger.observations[subject].generation == look.generation != world.ledger.generation.begun()


def test_p9_claims_are_written_again_in_a_new_generation(world: World) -> None:
    """A restored table has the row, but may lack its claims. Nothing is reported as changed."""
    subject = world.show()
    world.event(subject)
    claimed = world.claimed()
    world.ledger.generation.restore()
    world.ledger.claims.clear()
    assert world.event(subject).result is InstanceResult.UNCHANGED
    assert world.claimed() == claimed
    row = world.ledger.observations[subject]
    assert (row.generation, row.settled) == (world.ledger.generation.read(), True)


@pytest.mark.parametrize("ahead", [-5 * HOUR, 0, 5 * HOUR])
def test_p10_clocks_do_not_order_looks(world: World, ahead: int) -> None:
    """The clock of another function may differ by hours: the later look counts, and its event is not repeated."""
    subject = world.show(name="old")
    world.event(subject)
    world.show(name="new")
    clock = MemoryClock(world.clock.now + ahead)
    recorder = replace(world.observer.recorder, clock=clock)
    other = replace(world.observer, recorder=recorder, clock=clock, sleep=clock.sleep)
    (outcome,) = other.observe([Hint(subject)], AMPLE)
    assert outcome.result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()
    world.show(name="newer")
    assert world.event(subject).result is InstanceResult.RECORDED
    assert key("newer").fqdn in world.claimed()
    assert key("new").fqdn not in world.claimed()
    # Each described it once.
    assert len(world.organization.descriptions) == 3


def test_p10_a_look_is_superseded_by_each_write_of_the_row(world: World) -> None:
    """Also by one that changed nothing: it looked later, so the earlier look may be older than the truth."""
    subject = world.show()
    world.event(subject)
    look = world.observer.recorder.looks([subject])[subject]
    assert world.event(subject).result is InstanceResult.UNCHANGED
    stale = replace(instance(), tags=(("Name", "stale"),))
    decision = example_policy().decide(stale, PAYMENTS, ZONE_IDS, {})
    assert world.observer.recorder.described(stale, PAYMENTS, decision, look).superseded
    assert key("stale").fqdn not in world.claimed()


def test_a_row_that_is_being_written_says_what_it_withdraws(world: World) -> None:
    """A reader of the row knows which of its claims the instance wants, although the worker stops in between."""
    subject = world.show(name="old")
    world.event(subject)
    world.show(name="new")
    world.ledger.fail_at = 1
    assert world.event(subject).result is InstanceResult.RETRY
    world.ledger.fail_at = None
    row = world.ledger.observations[subject]
    assert not row.settled
    assert row.wants(key("old")) is None
    assert row.wants(key("new"))
    assert {each.key for each in row.claims} >= {key("old"), key("new")}
    world.event(subject)
    row = world.ledger.observations[subject]
    assert (row.settled, row.withdrawing) == (True, frozenset())
    assert key("old").fqdn not in world.claimed()


def test_labels_that_are_withdrawn_do_not_bring_withdrawn_claims_back(world: World) -> None:
    """The row of an interrupted worker has claims that it withdraws: they stay withdrawn."""
    subject = world.show()
    kept, released, old = claim(1, name="kept"), replace(claim(1, name="x"), label="lost"), claim(1, name="old")
    row = Observation(subject, Millis(0), (kept, released, old), settled=False, version=1)
    row = replace(row, withdrawing=frozenset({old.key}), instance=world.organization.instances[subject])
    world.ledger.put_observation(row)
    world.observer.recorder.without_labels(row, PAYMENTS, {"lost"})
    assert world.ledger.live_claims() == {kept}
    assert world.ledger.observations[subject].claims == (kept,)


def test_an_interrupted_end_is_completed_by_any_look(world: World) -> None:
    """A worker stopped after it had written that the instance ended, and before it withdrew the claims."""
    subject = world.show()
    world.event(subject)
    world.ledger.fail_at = 1
    world.event(subject, "terminated")
    world.ledger.fail_at = None
    assert world.claimed()
    world.event(subject)
    assert world.claimed() == set()
