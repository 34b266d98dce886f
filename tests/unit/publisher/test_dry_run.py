"""What a dry run writes: nothing for its zones and rules, and all that others claim."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Claim, ConflictRule, Fqdn, NameKey, RecordType, Withheld
from hub.runtime.names.dry_run import DryRun
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import CORP, CORP_ZONE, claim, key, record_set, ref
from tests.support.use_cases.publisher_world import World, by_hand

DRY_ZONE = DryRun(zone_ids=frozenset({CORP_ZONE}))
DRY_RULE = DryRun(rules=frozenset({"pilot"}))
DRY_POINTER = DryRun(unpublished=frozenset({CORP}), domains=(CORP,))
POINTER = replace(
    claim(), key=NameKey("Z0REVERSE", Fqdn("1.0.0.10.in-addr.arpa.")), values=((RecordType.PTR, (key().fqdn,)),)
)
IN_THE_WAY = "a foreign record set is in the way of type A"


@pytest.fixture
def world() -> World:
    return World()


def dry(number: int = 1, conflict: ConflictRule = ConflictRule.NEWEST) -> Claim:
    """A claim by a rule in dry run."""
    return replace(claim(number, conflict=conflict), rule="pilot", publish=False)


def run(world: World, dry_run: DryRun) -> None:
    world.publisher = replace(world.publisher, dry_run=dry_run)


class TestZone:
    def test_nothing_is_written_and_the_ledger_has_what_would_be(self, world: World) -> None:
        """The outcome says so, and the row of the name has the record sets."""
        run(world, DRY_ZONE)
        world.claim(dry())
        assert world.results() == {NameResult.WITHHELD}
        assert not world.zones.batches
        assert world.ledger.published[key()].withheld == Withheld(desired_record_sets([dry()]))

    def test_foreign_record_set_in_the_way_is_seen(self, world: World) -> None:
        """It is seen when the name is claimed, without a write."""
        world.zones.foreign[key()] = [by_hand()]
        run(world, DRY_ZONE)
        world.claim(dry())
        world.publish()
        assert not world.zones.batches
        assert world.ledger.published[key()].withheld == Withheld(desired_record_sets([dry()]), IN_THE_WAY)

    def test_published_record_sets_stay_when_their_instance_ends(self, world: World) -> None:
        """What was published before the dry run is neither changed nor deleted."""
        world.claim(claim())
        world.publish()
        run(world, DRY_ZONE)
        world.withdraw(claim())
        world.publish()
        world.claim(dry(2))
        world.publish()
        assert len(world.zones.batches) == 1
        assert world.zones.owned[key()] == {record_set()}
        assert world.ledger.published[key()].record_sets == (record_set(),)
        assert world.ledger.published[key()].withheld == Withheld(desired_record_sets([dry(2)]))

    def test_a_name_is_evaluated_once(self, world: World) -> None:
        """A repeat reads no zone and writes no row."""
        run(world, DRY_ZONE)
        world.claim(dry())
        world.publish()
        read, row = [*world.zones.reads], world.ledger.published[key()]
        assert world.results(key()) == {NameResult.UNCHANGED}
        assert world.zones.reads == read
        assert world.ledger.published[key()] is row

    def test_turned_on_names_are_published(self, world: World) -> None:
        """The claim that the next sweep writes publishes the name, and nothing is kept back any more."""
        run(world, DRY_ZONE)
        world.claim(dry())
        world.publish()
        run(world, DryRun())
        world.claim(replace(dry(), publish=True))
        assert world.results() == {NameResult.PUBLISHED}
        assert world.ledger.published[key()].withheld is None


class TestRule:
    def test_claim_that_was_written_before_the_rule_was_in_dry_run(self, world: World) -> None:
        """The publisher goes by its own policy, until a sweep writes the claim again."""
        run(world, DRY_RULE)
        world.claim(replace(dry(), publish=True))
        assert world.results() == {NameResult.WITHHELD}
        assert not world.zones.batches

    def test_other_claims_decide_as_if_it_were_not_there(self, world: World) -> None:
        """The older instance holds the name by a rule that publishes; turned on, the newer one would take it."""
        run(world, DRY_RULE)
        world.claim(claim(1), dry(2))
        assert world.results() == {NameResult.PUBLISHED}
        assert world.zones.owned[key()] == {record_set(1)}
        assert world.ledger.published[key()].withheld == Withheld(desired_record_sets([dry(2)]))

    def test_end_of_an_instance_leaves_its_record_set(self, world: World) -> None:
        """The row of the name says which rule gave it, so not even the claim is needed."""
        world.claim(replace(dry(), publish=True))
        world.publish()
        run(world, DRY_RULE)
        world.withdraw(dry())
        world.publish()
        assert len(world.zones.batches) == 1
        assert world.zones.owned[key()] == {record_set()}

    def test_record_set_of_a_rule_that_is_not_known_stays(self, world: World) -> None:
        """After a loss of the ledger, nothing says that it is not of the rule in dry run; a claim of others does."""
        world.claim(replace(dry(), publish=True))
        world.publish()
        world.ledger.published[key()] = replace(world.ledger.published[key()], rules=())
        run(world, DRY_RULE)
        world.withdraw(dry())
        world.publish()
        assert world.zones.owned[key()] == {record_set()}
        world.claim(claim(2))
        world.publish()
        assert world.zones.owned[key()] == {record_set(2)}

    def test_members_by_other_rules_come_and_go_beside_it(self, world: World) -> None:
        """Of a shared name, what the dry run keeps stays, and the other members change."""
        shared = ConflictRule.SHARE
        world.claim(replace(dry(1, shared), publish=True), claim(2, conflict=shared))
        world.publish()
        run(world, DRY_RULE)
        world.withdraw(claim(2, conflict=shared))
        world.claim(claim(3, conflict=shared))
        world.publish()
        assert world.zones.owned[key()] == {record_set(1), record_set(3)}

    def test_name_that_it_holds_is_not_handed_over(self, world: World) -> None:
        """What is published by the rule stays, and the other claim waits with a reason."""
        world.claim(replace(dry(1), publish=True))
        world.publish()
        run(world, DRY_RULE)
        world.claim(claim(2))
        assert world.results() == {NameResult.CONFLICT}
        assert world.zones.owned[key()] == {record_set(1)}
        assert "by a rule in dry run" in (world.ledger.published[key()].conflict or "")

    def test_record_sets_of_ended_instances_go_once_the_rule_publishes(self, world: World) -> None:
        """They were kept only as long as the rule was in dry run."""
        world.claim(replace(dry(), publish=True))
        world.publish()
        run(world, DRY_RULE)
        world.withdraw(dry())
        world.publish()
        run(world, DryRun())
        world.sweep(ref().spoke)
        world.publish(key())
        assert not world.zones.owned.get(key())


class TestPointer:
    """A PTR record in a zone that publishes, of a name in a zone in dry run."""

    def test_claim_that_was_written_before_the_zone_was_in_dry_run(self, world: World) -> None:
        """Its value says where it leads, so nothing is written for it."""
        run(world, DRY_POINTER)
        world.claim(POINTER)
        assert world.results() == {NameResult.WITHHELD}
        assert not world.zones.batches
        assert world.ledger.published[POINTER.key].withheld == Withheld(desired_record_sets([POINTER]))

    def test_it_stays_when_its_instance_ends(self, world: World) -> None:
        """As the name that it leads to does."""
        world.claim(POINTER)
        world.publish()
        run(world, DRY_POINTER)
        world.withdraw(POINTER)
        world.publish()
        assert len(world.zones.batches) == 1
        assert world.zones.owned[POINTER.key] == set(desired_record_sets([POINTER]))

    def test_pointer_to_a_zone_that_publishes(self, world: World) -> None:
        """Of nested zones, the most specific one has the name."""
        inner = Fqdn("inner.corp.internal.")
        run(world, replace(DRY_POINTER, domains=(CORP, inner)))
        world.claim(replace(POINTER, values=((RecordType.PTR, (f"web.{inner}",)),)))
        assert world.results() == {NameResult.PUBLISHED}
