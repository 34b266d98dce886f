"""Sweeps decide the rows that audits made of claims whose instances had none, and finish what was interrupted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import NEVER, Claim
from hub.runtime.model.observation import Observation
from tests.support.build import claim, ref
from tests.support.use_cases.sweeper_world import DAY, SPOKE, World


@pytest.fixture
def swept(world: World) -> World:
    """A spoke with enough instances that the loss of one needs no approval."""
    world.show(*range(1, 21))
    world.sweep()
    return world


def remade(world: World, *claims: Claim, version: int = 90) -> None:
    """The row that an audit makes of claims, with the claims."""
    for each in claims:
        world.ledger.claims[each.key, each.instance] = (version - 1, each)
    row = Observation(claims[0].instance, NEVER, claims, settled=False, version=version)
    world.ledger.observations[row.ref] = row


def test_p8_a_remade_row_of_an_instance_that_is_gone_is_withdrawn(swept: World) -> None:
    """EC2 does not show the instance twice: its dead claim goes with the sweep, later than every version of it."""
    dead = claim(99, name="dead")
    remade(swept, dead)
    assert swept.sweep().complete
    assert "dead" not in swept.names()
    version, withdrawn = swept.ledger.claims[dead.key, dead.instance]
    assert (version >= 90, withdrawn) == (True, None)
    row = swept.ledger.observations[dead.instance]
    assert (row.claims, row.settled) == ((), True)


def test_p8_a_remade_row_of_a_living_instance_is_corrected(swept: World) -> None:
    """The row has an old claim only: the sweep withdraws it, and writes what policy gives, with facts."""
    (each,) = swept.show(7)
    before = swept.ledger.observations[each]
    remade(swept, claim(7, name="old"))
    assert swept.sweep().complete
    assert {"n7", "old"} & swept.names() == {"n7"}
    row = swept.ledger.observations[each]
    assert row.version > 90
    assert replace(row, version=before.version, observed_at=before.observed_at) == before


def test_p8_many_remade_rows_of_instances_that_are_gone_await_approval(swept: World) -> None:
    """The guard of a sweep holds for what an audit found, too."""
    for number in range(100, 200):
        remade(swept, claim(number, name=f"dead{number}"))
    status = swept.sweep().status
    assert len(status.pending_removals) == 100
    swept.statuses.approve_spoke(SPOKE)
    swept.sweep()
    assert not any(name.startswith("dead") for name in swept.names())


def test_p8_an_end_that_was_interrupted_is_finished_by_a_sweep(swept: World) -> None:
    """The row says that the instance has ended, and its claims were never withdrawn."""
    (each,) = swept.show(7)
    row = swept.ledger.observations[each]
    swept.ledger.observations[each] = replace(row, ended=True, settled=False, version=row.version + 1)
    swept.end(each)
    assert swept.sweep().complete
    assert "n7" not in swept.names()
    assert swept.ledger.observations[each].settled
    assert swept.ledger.observations[each].ended


def test_p8_a_spoke_that_denies_access_loses_a_dead_claim_with_its_names(swept: World) -> None:
    """After the grace period; the row of an ended instance does not keep its claims either."""
    (each,) = swept.show(7)
    row = swept.ledger.observations[each]
    swept.ledger.observations[each] = replace(row, ended=True, settled=False, version=row.version + 1)
    remade(swept, claim(99, name="dead"))
    swept.organization.denied.add(SPOKE)
    swept.sweep()
    assert {"dead", "n7"} <= swept.names()
    swept.clock.now += 8 * DAY
    assert swept.sweep().status.withdrawn
    assert swept.names() == set()
    assert ref(99) not in swept.claimants()
