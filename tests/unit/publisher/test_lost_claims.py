"""Names whose claims were lost, or come from an earlier generation of the ledger: no owner loses a record by that."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import pytest

from hub.runtime.model.names import NEVER, Claim, ConflictRule, InstanceRef
from hub.runtime.model.observation import Observation
from hub.runtime.names.dry_run import owners_of
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set, ref
from tests.support.memory import MemoryLedger
from tests.support.use_cases.publisher_world import World

RULES = tuple(ConflictRule)
NEWEST, OLDEST, SHARE = ConflictRule.NEWEST, ConflictRule.OLDEST, ConflictRule.SHARE


def share(number: int) -> Claim:
    return claim(number, conflict=SHARE)


def test_p7_a_claim_row_deleted_by_hand_changes_no_record(world: World) -> None:
    """The row of the instance says that it claims the name: the record stays, and the claim comes back."""
    world.claim(claim(1))
    world.publish()
    deleted = world.ledger.claims.pop((key(), ref(1)))
    batches = len(world.zones.batches)
    (outcome,) = world.publish(key())
    assert (outcome.result, outcome.restored) == (NameResult.UNCHANGED, (ref(1),))
    assert world.ledger.claims[key(), ref(1)] == deleted
    assert (len(world.zones.batches), world.zones.owned[key()]) == (batches, {record_set(1)})


@pytest.mark.parametrize("rule", RULES)
def test_p7_another_claimant_does_not_take_over_from_a_lost_claim(world: World, rule: ConflictRule) -> None:
    """The holder keeps the name, whichever rule decides."""
    holder, other = (2, 1) if rule is NEWEST else (1, 2)
    world.claim(claim(holder, conflict=rule))
    world.publish()
    world.claim(claim(other, conflict=rule))
    world.publish()
    before = set(world.zones.owned[key()])
    assert record_set(holder) in before
    del world.ledger.claims[key(), ref(holder)]
    assert world.results(key()) == {NameResult.UNCHANGED}
    assert world.zones.owned[key()] == before


def test_p7_a_claim_that_cannot_be_put_back_is_retried(world: World) -> None:
    """The record stays meanwhile, and other names are published."""
    world.claim(claim(1))
    world.publish()
    del world.ledger.claims[key(), ref(1)]
    world.claim(claim(2, name="api"))
    world.ledger.fail_at = 0
    assert world.results(key()) == {NameResult.RETRY}
    world.ledger.fail_at = None
    assert world.results(key(), key("api")) == {NameResult.UNCHANGED, NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(1)}


def test_p9_published_names_no_owner_that_is_known(world: World) -> None:
    """A worker can write what is published after the ledger was lost. Its owners stay unknown until a sweep."""
    world.claim(claim(1))
    world.publish()
    published = world.ledger.published[key()]
    world.lose_ledger()
    world.ledger.published[key()] = published
    world.claim(claim(2))
    (outcome,) = world.publish(key())
    assert outcome.result is NameResult.CONFLICT
    assert outcome.reason.startswith(f"{ref(1)} holds it, and its spoke must be swept")
    assert world.zones.owned[key()] == {record_set(1)}
    world.sweep(ref(1).spoke)
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(2)}


def test_p9_a_ledger_restored_to_before_a_claim_changes_no_record(world: World) -> None:
    """The restored ledger has the former holder's claim and its record, and nothing of the present holder."""
    world.claim(claim(1))
    world.publish()
    saved = dict(world.ledger.claims), dict(world.ledger.observations), dict(world.ledger.published)
    world.sweep(ref(1).spoke)
    world.claim(claim(2))
    world.publish()
    world.ledger.claims, world.ledger.observations, world.ledger.published = saved
    world.ledger.generation.restore()
    for _ in range(2):
        world.publisher.publish({key(): NEVER}, {key()}, world.deadline)
        assert world.zones.owned[key()] == {record_set(2)}
    # The other instance still claims the name, and a sweep finds both.
    world.put_row(ref(1), [claim(1)])
    world.claim(claim(2))
    world.sweep(ref(1).spoke)
    assert world.results(key()) == {NameResult.UNCHANGED}
    assert world.zones.owned[key()] == {record_set(2)}


@pytest.mark.parametrize("rule", [NEWEST, OLDEST])
def test_p9_a_claim_of_an_earlier_generation_takes_no_name(world: World, rule: ConflictRule) -> None:
    """A slow worker writes a claim that its instance has no more. The holder is known, and keeps the name."""
    holder, former = (1, 2) if rule is NEWEST else (2, 1)
    world.claim(claim(holder, conflict=rule))
    world.publish()
    former_claims = (claim(former, conflict=rule),)
    world.ledger.observations[ref(former)] = Observation(
        ref(former), NEVER, former_claims, version=1, generation="before"
    )
    world.ledger.put_claim(claim(former, conflict=rule), 1)
    (outcome,) = world.publish(key())
    assert outcome.result is NameResult.CONFLICT
    assert outcome.reason.startswith(f"{ref(former)} claims it, and its spoke must be swept")
    assert world.zones.owned[key()] == {record_set(holder)}
    world.put_row(ref(former), [claim(former, conflict=rule)])
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(former)}


def test_p9_a_tombstone_of_an_earlier_generation_takes_no_name(world: World) -> None:
    """A slow worker withdraws a claim that its instance has again: only a row of this generation counts."""
    world.claim(claim(1))
    world.publish()
    published = world.ledger.published[key()]
    world.lose_ledger()
    world.ledger.published[key()] = published
    world.ledger.observations[ref(1)] = Observation(ref(1), NEVER, version=1, generation="before")
    world.ledger.withdraw_claim(key(), ref(1), 1)
    assert world.results(key()) == {NameResult.CONFLICT}
    assert world.zones.owned[key()] == {record_set(1)}
    world.put_row(ref(1), [])
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert not world.zones.owned[key()]


def test_p9_an_end_counts_in_every_generation(world: World) -> None:
    """An instance never comes back from its end."""
    world.claim(claim(1))
    world.publish()
    world.ledger.generation.lose()
    row = world.row(ref(1))
    world.ledger.observations[ref(1)] = replace(row, claims=(), ended=True, version=row.version + 1)
    world.ledger.withdraw_claim(key(), ref(1), row.version + 1)
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert not world.zones.owned[key()]


def test_p9_only_the_unknown_member_of_a_shared_name_waits(world: World) -> None:
    """Known members come and go meanwhile."""
    world.claim(share(1), share(2), share(3))
    world.publish()
    world.lose_ledger()
    world.claim(share(2), share(4))
    world.put_row(ref(3), [])
    assert world.results(key()) == {NameResult.CONFLICT}
    assert owners_of(world.zones.owned[key()]) == {ref(1), ref(2), ref(4)}
    world.sweep(ref(1).spoke)
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert owners_of(world.zones.owned[key()]) == {ref(2), ref(4)}


def test_unknown_member_with_another_ttl_keeps_the_name_as_it_is(world: World) -> None:
    """Route 53 would level the TTLs, and change the unknown member's record set. Only what is free goes."""
    world.claim(share(1), share(2), share(3))
    world.publish()
    world.lose_ledger()
    world.claim(replace(share(2), ttl=5), replace(share(4), ttl=5))
    world.put_row(ref(3), [])
    assert world.results(key()) == {NameResult.CONFLICT}
    assert world.zones.owned[key()] == {record_set(1), record_set(2)}


@dataclass
class Injecting(MemoryLedger):
    """A ledger in which something happens before the rows of instances are read."""

    happens: Callable[[], None] = lambda: None

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        happens, self.happens = self.happens, lambda: None
        happens()
        return super().known_observations(refs)


def injecting(world: World, happens: Callable[[], None]) -> None:
    ledger = Injecting(**{name: getattr(world.ledger, name) for name in MemoryLedger.__slots__}, happens=happens)
    world.ledger = ledger
    world.publisher = replace(world.publisher, ledger=ledger)


@pytest.mark.parametrize("rule", RULES)
def test_p12_a_sweep_between_the_claims_and_the_question(world: World, rule: ConflictRule) -> None:
    """A sweep completes after the publisher read the claims: what it wrote is read before anything is decided."""
    holder, other = (2, 1) if rule is NEWEST else (1, 2)
    world.claim(claim(1, conflict=rule), claim(2, conflict=rule))
    world.publish()
    held = set(world.zones.owned[key()])
    world.lose_ledger()
    world.claim(claim(other, conflict=rule))

    class Statuses:
        """Ask for settled spokes: just before, the sweep completes."""

        def __getattr__(self, name: str) -> object:
            return getattr(world.statuses, name)

        def settled(self, spokes: Collection[object]) -> object:
            world.claim(claim(holder, conflict=rule))
            world.sweep(ref(holder).spoke)
            return world.statuses.settled(spokes)  # type: ignore[arg-type]

    world.publisher = replace(world.publisher, controls=Statuses())  # type: ignore[arg-type]
    world.publish(key())
    assert world.zones.owned[key()] == held


def test_p12_a_loss_between_the_question_and_the_rows(world: World) -> None:
    """The spoke was settled, and then the ledger was lost: a row that is missing now says nothing."""
    world.claim(claim(1))
    world.publish()
    world.sweep(ref(1).spoke)
    del world.ledger.claims[key(), ref(1)]
    injecting(world, world.lose_ledger)
    assert world.results(key()) == {NameResult.CONFLICT}
    assert world.zones.owned[key()] == {record_set(1)}


def test_a_start_asks_nothing(world: World) -> None:
    """A name that nobody holds, a further member, and a name that stays cost no further call."""

    def fails() -> None:
        raise AssertionError("rows were read")

    injecting(world, fails)
    world.claim(claim(1), claim(2, name="api"))
    assert world.results() == {NameResult.PUBLISHED}
    world.claim(replace(share(3), key=key("pool")), replace(share(4), key=key("pool")))
    assert world.results(key("pool")) == {NameResult.PUBLISHED}
    assert world.results() == {NameResult.UNCHANGED}


def test_names_of_a_round_are_asked_about_together(world: World) -> None:
    """All ends of a batch cost one question."""
    questions: list[Collection[InstanceRef]] = []
    read = MemoryLedger.known_observations

    class Counting(MemoryLedger):
        def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
            questions.append(refs)
            return read(self, refs)

    world.ledger = Counting()
    world.statuses.ledger_generation = world.ledger.generation
    world.publisher = replace(world.publisher, ledger=world.ledger)
    numbers = range(1, 51)
    world.claim(*(claim(number, name=f"n{number}") for number in numbers))
    world.publish()
    for number in numbers:
        world.withdraw(claim(number, name=f"n{number}"))
    assert world.results() == {NameResult.PUBLISHED}
    assert [len(asked) for asked in questions] == [len(numbers)]
