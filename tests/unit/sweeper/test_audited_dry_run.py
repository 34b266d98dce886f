"""What an audit does about a dry run: it keeps what is there, and finds what is in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Claim, ForeignRecordSet, Published, Withheld
from hub.runtime.names.dry_run import DryRun
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.auditor import Auditor
from tests.support.build import CORP_ZONE, claim, key, record_set
from tests.support.use_cases.auditor_world import World

ZONE = DryRun(zone_ids=frozenset({CORP_ZONE}))
RULE = DryRun(rules=frozenset({"pilot"}))
BY_HAND = ForeignRecordSet(key("n1").fqdn, "A", "Simple", ("192.0.2.1",), 300)
BLOCKED = "a foreign record set is in the way of type A"


@pytest.fixture
def world() -> World:
    return World()


def audited(world: World, dry_run: DryRun) -> dict[str, int]:
    """Audit the zone; the differences that it counts."""
    world.dry_run = dry_run
    (status,) = world.audit()
    assert (status.fault, status.pending_removals) == ("", ())
    return dict(status.differences)


def pending(world: World, number: int = 1, blocked: str = "") -> Claim:
    """A claim in dry run that the publisher has worked out."""
    made = replace(claim(number, name=f"n{number}"), rule="pilot", publish=False)
    world.ledger.put_claim(made, 1)
    withheld = Withheld(desired_record_sets([made]), blocked)
    world.ledger.published[made.key] = Published(withheld=withheld)
    return made


@pytest.mark.parametrize("dry_run", [ZONE, RULE])
def test_name_that_is_kept_back_is_no_difference(world: World, dry_run: DryRun) -> None:
    """Otherwise each audit would mark each name of a pilot."""
    pending(world)
    assert audited(world, dry_run) == {}
    assert world.marked == set()


def test_foreign_record_set_that_came_is_found(world: World) -> None:
    """The name is marked, so that the publisher stores what is in the way."""
    pending(world)
    world.hold(foreign=(BY_HAND,), name="n1")
    assert audited(world, ZONE) == {"foreign": 1}
    assert world.marked == {"n1"}


@pytest.mark.parametrize("gone", [True, False])
def test_foreign_record_set_that_went_is_found(world: World, *, gone: bool) -> None:
    """What is still in the way is not marked again."""
    pending(world, blocked=BLOCKED)
    if not gone:
        world.hold(foreign=(BY_HAND,), name="n1")
    audited(world, ZONE)
    assert world.marked == ({"n1"} if gone else set())


def test_record_sets_of_ended_instances_stay(world: World) -> None:
    """Names without claims do not vanish from a zone in dry run, so nothing awaits approval."""
    world.publish(*range(20), claimed=False)
    for name, published in world.ledger.published.items():
        world.ledger.published[name] = replace(published, withheld=Withheld())
    assert audited(world, ZONE) == {}
    assert world.marked == set()


def test_they_vanish_under_the_guard_once_the_zone_publishes(world: World) -> None:
    """Many names at once await a person's approval."""
    world.publish(*range(20), claimed=False)
    (status,) = world.audit()
    assert status.pending_names == 20


def test_memory_that_does_not_have_the_claim_yet_is_behind(world: World) -> None:
    """A claim whose change the publisher missed is marked."""
    world.ledger.put_claim(replace(claim(1, name="n1"), publish=False), 1)
    assert audited(world, ZONE) == {"behind": 1}


def test_record_set_of_a_rule_in_dry_run_stays(world: World) -> None:
    """The row of the name says which rule gave it."""
    world.publish(1, claimed=False)
    rules = ((claim(1).instance, "pilot"),)
    world.remember(record_set(1, name="n1"), rules=rules, withheld=Withheld())
    assert audited(world, RULE) == {}


def test_auditor_publishes_by_default() -> None:
    """Without a dry run, nothing is kept."""
    assert Auditor.__dataclass_fields__["dry_run"].default == DryRun()
