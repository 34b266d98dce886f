"""Claims of instances that are gone: from before the ledger was restored, or written by a slow worker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.changes import NameChange, change_of
from hub.runtime.aws.ledger.rows import claim_row
from hub.runtime.model.names import Claim, ConflictRule, RecordType
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set, ref
from tests.support.use_cases.publisher_world import World

OLD, NEW = claim(1, conflict=ConflictRule.OLDEST), claim(2, conflict=ConflictRule.OLDEST)


@pytest.fixture
def world() -> World:
    return World()


def of_a_former_life(world: World, old: Claim) -> None:
    """Leave the claim and the row of an instance as a restored ledger has them."""
    world.claim(old)
    world.told.clear()
    world.ledger.observations[old.instance] = replace(world.row(old.instance), generation="before")


def audited(world: World) -> NameResult:
    """Publish the name as an audit's mark has it done."""
    (outcome,) = world.publisher.publish({key(): world.clock()}, [key()], world.deadline)
    return outcome.result


def held(world: World) -> set[str]:
    found = world.zones.record_sets(key().zone_id, [key().fqdn])[key().fqdn]
    return {each.holder for each in found.owned}


@pytest.mark.parametrize("marked", [True, False])
def test_m4_an_old_claim_waits_for_its_spoke(world: World, *, marked: bool) -> None:
    """Nothing tells whether the instance is still there, until its spoke is swept."""
    of_a_former_life(world, OLD)
    assert (audited(world) if marked else world.publish(key())[0].result) is NameResult.CONFLICT
    assert held(world) == set()
    assert str(ref(1)) in (world.ledger.name(key()).published.conflict or "")
    world.put_row(OLD.instance, [OLD])
    assert audited(world) is NameResult.PUBLISHED
    assert held(world) == {record_set(1).holder}


def test_m4_a_start_takes_a_name_that_only_an_old_claim_is_on(world: World) -> None:
    """The name does not wait for an instance that may be gone."""
    of_a_former_life(world, OLD)
    world.claim(NEW)
    assert world.results(key()) == {NameResult.CONFLICT}
    assert held(world) == {record_set(2).holder}


def test_m8_the_end_of_a_holder_frees_the_name_for_no_dead_claim(world: World) -> None:
    """The row of the other claimant says that it ended, although its claim is still there."""
    world.claim(OLD)
    world.publish()
    world.claim(NEW)
    world.publish()
    world.ledger.observations[NEW.instance] = replace(world.row(NEW.instance), claims=(), ended=True)
    world.withdraw(OLD)
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert held(world) == set()


LIVE = written(
    claim_row(claim(1)) | {"pk": f"name#{key().zone_id}#{key().fqdn}", "sk": f"claim#{ref(1)}", "live": True}
)


@pytest.mark.parametrize(
    ("image", "made"),
    [
        (LIVE, claim(1)),
        (LIVE | {"live": {"BOOL": False}}, None),
        (LIVE | {"copied": {"BOOL": True}}, None),
        (LIVE | {"ttl": {"S": "short"}}, None),
        ({"live": {"BOOL": True}}, None),
        ({}, None),
        ("garbled", None),
        (None, None),
    ],
)
def test_a_claim_was_written_if_its_new_image_is_live(image: object, made: Claim | None) -> None:
    """A tombstone, a deletion, a copy of what the instance's row says, and what cannot be read are no start."""
    change = {
        "Keys": {"pk": {"S": f"name#{key().zone_id}#{key().fqdn}"}, "sk": {"S": f"claim#{ref(1)}"}},
        "SequenceNumber": "1",
        "ApproximateCreationDateTime": 1.0,
        "NewImage": image,
    }
    read = change_of({"dynamodb": change, "eventSourceARN": "arn"})
    assert isinstance(read, NameChange)
    assert read.written == made


def test_m4_another_claim_than_the_one_that_was_written_waits_for_its_spoke(world: World) -> None:
    """The table was restored after the claim was written: what it has now is from before, with another address."""
    world.claim(replace(OLD, values=((RecordType.A, ("10.0.0.99",)),)))
    told = {name: set(claims) for name, claims in world.told.items()}
    of_a_former_life(world, OLD)
    world.told.update(told)
    assert world.publish(key())[0].result is NameResult.CONFLICT
    assert held(world) == set()
