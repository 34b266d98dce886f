"""What history says where the ledger was lost: what is known stays known, and the time of the loss is unknown."""

from __future__ import annotations

import pytest

from orgdns.cli.sources.lookup import NothingToExplain
from sandbox.aws.models.buckets import slowed_down
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS
from sandbox.world import World
from tests.support.cli.command import CORP, REGION
from tests.support.history.deployed import answer, instances, kept, millis
from tests.support.path.sweeps import sweep_all


def test_emptied_ledger_is_a_gap(made: World, clock: MovedClock) -> None:
    """From the last proof before the loss until the ledger knows the zone again, nobody can say what the name held."""
    name = f"emptied.{CORP}"
    (instance,) = made.launch(PAYMENTS, REGION, "emptied")
    made.converge()
    clock.advance(60)
    before = millis(clock)
    clock.advance(60)
    # The last proof of what the name held.
    made.audit()
    kept(made)
    made.empty_ledger()
    clock.advance(60)
    during = millis(clock)
    clock.advance(60)
    sweep_all(made, clock)
    made.audit()
    kept(made)
    after = millis(clock)
    clock.advance(60)
    kept(made)
    known = [answer(made, name, at) for at in (before, after)]
    assert [instances(each.uses) for each in known] == [[instance], [instance]]
    gap = answer(made, name, during)
    assert "made anew, emptied or restored" in gap.unknown


def test_throttled_bucket_leaves_no_gap(made: World, clock: MovedClock) -> None:
    """While S3 refuses everything, the historian keeps nothing; it repeats the batch, and then everything is there."""
    name = f"throttled.{CORP}"
    with slowed_down():
        (instance,) = made.launch(PAYMENTS, REGION, "throttled")
        made.converge()
        at = millis(clock)
        clock.advance(60)
        made.end(PAYMENTS, REGION, instance)
        made.converge()
        made.pass_time(6)
    with pytest.raises(NothingToExplain):
        answer(made, name, at)
    kept(made)
    assert instances(answer(made, name, at).uses) == [instance]


def test_name_that_was_lost_and_renamed_is_never_guessed(made: World, clock: MovedClock) -> None:
    """While the ledger is lost, the instance gets another name: history does not say when the first one ended."""
    (instance,) = made.launch(PAYMENTS, REGION, "first")
    made.converge()
    kept(made)
    made.empty_ledger()
    made.tag(PAYMENTS, REGION, instance, Name="second")
    clock.advance(60)
    during = millis(clock)
    clock.advance(60)
    made.converge()
    sweep_all(made, clock)
    made.audit()
    kept(made)
    assert answer(made, f"first.{CORP}", during).unknown
    assert instances(answer(made, f"second.{CORP}", millis(clock)).uses) == [instance]
    assert instances(answer(made, f"first.{CORP}", millis(clock)).uses) == []
