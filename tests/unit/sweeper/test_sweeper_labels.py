"""A sweep withdraws the names under labels that are no longer the account's, whatever the spoke answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Account
from hub.runtime.model.observation import Observation
from hub.runtime.ports import LedgerUnavailable
from tests.support.build import PAYMENTS
from tests.support.use_cases.sweeper_world import SPOKE, World

TREASURY = replace(PAYMENTS, label="treasury")
NAMELESS = Account(PAYMENTS.id, None, "the name of the account cannot be a label", units=PAYMENTS.units)


@pytest.fixture
def world() -> World:
    """A spoke whose account was called Treasury when it was swept."""
    made = World()
    made.organization.accounts[PAYMENTS.id] = TREASURY
    made.show(*range(1, 21))
    made.sweep()
    assert under(made, "treasury") == 20
    made.organization.accounts[PAYMENTS.id] = PAYMENTS
    made.organization.released_labels[PAYMENTS.id] = {"treasury"}
    return made


def under(world: World, label: str) -> int:
    return sum(claim.label == label for claim in world.ledger.live_claims())


@pytest.mark.parametrize("how", ["denied", "unreachable"])
def test_names_go_although_the_spoke_does_not_answer(world: World, how: str) -> None:
    """A role that is denied, and a spoke that throttles or stops answering, keep only the other names."""
    world.organization.denied |= {SPOKE} if how == "denied" else set()
    world.organization.breaks_after = 0 if how == "unreachable" else None
    outcome = world.sweep()
    assert not outcome.complete
    assert not under(world, "treasury")
    # The names that do not depend on the label stay, as of any unreachable spoke.
    assert len(world.claimants()) == 20
    row = world.ledger.observations[next(iter(world.claimants()))]
    assert row.settled
    assert row.instance is not None
    assert "the label 'treasury' is no longer the account's" in str(row.refusals)
    # They are reported once.
    assert outcome.changed == 20
    assert world.sweep().changed == 0


def test_names_of_a_spoke_that_answers_move_to_the_new_label(world: World) -> None:
    """The names follow the account's name."""
    world.sweep()
    assert (under(world, "treasury"), under(world, "payments")) == (0, 20)


def test_names_go_without_an_approval(world: World) -> None:
    """An account without any label loses all names under its old one at once, however many they are."""
    world.organization.accounts[PAYMENTS.id] = NAMELESS
    rows = list(world.ledger.observations.values())
    for row in rows:
        # These instances have no other names.
        named = tuple(claim for claim in row.claims if claim.label)
        world.ledger.observations[row.ref] = replace(row, claims=named)
        for claim in row.claims:
            if not claim.label:
                world.ledger.withdraw_claim(claim.key, claim.instance, row.version)
    world.organization.denied.add(SPOKE)
    outcome = world.sweep()
    assert not outcome.status.pending_removals
    assert not world.ledger.live_claims()


def test_label_of_the_account_as_this_function_knows_it_stays(world: World) -> None:
    """A function that knows the account by its old name for some minutes does not undo what it would write."""
    world.organization.accounts[PAYMENTS.id] = TREASURY
    assert world.sweep().changed == 0
    assert under(world, "treasury") == 20


def test_ended_instance_ends(world: World) -> None:
    """An end that was not written completely is completed."""
    ref = next(iter(world.claimants()))
    row = world.ledger.observations[ref]
    world.ledger.observations[ref] = replace(row, ended=True, settled=False, version=row.version + 1)
    world.organization.denied.add(SPOKE)
    world.sweep()
    assert ref not in world.claimants()
    assert world.ledger.observations[ref].ended


def test_account_that_left_keeps_its_names_for_the_grace_period(world: World) -> None:
    """Nobody says that the label is not the account's any more."""
    del world.organization.accounts[PAYMENTS.id]
    world.sweep()
    assert under(world, "treasury") == 20
    world.clock.sleep(8 * 86_400)
    world.sweep()
    assert not world.ledger.live_claims()


def test_ledger_that_fails_is_told(world: World) -> None:
    """The task is delivered again."""
    world.ledger.fail_at = 3
    with pytest.raises(LedgerUnavailable):
        world.sweep()
    world.ledger.fail_at = None
    world.sweep()
    assert not under(world, "treasury")


def test_sweep_of_an_account_with_one_label_reads_no_row_for_it(world: World) -> None:
    """Only an account that was renamed takes a second query of its rows."""
    world.organization.released_labels.clear()
    reads: list[object] = []
    rows = world.ledger.observations_of

    class Counting(type(world.ledger)):  # type: ignore[misc]  # the ledger's own class
        def observations_of(self, spoke: object) -> object:
            reads.append(spoke)
            return rows(spoke)  # type: ignore[arg-type]

    counting = Counting(world.ledger.observations, world.ledger.claims)
    world.ledger = counting
    world.recorder = replace(world.recorder, ledger=counting)
    world.sweep()
    assert len(reads) == 1
    assert all(isinstance(row, Observation) for row in counting.observations.values())
