"""From claims to record sets."""

from __future__ import annotations

from hub.runtime.model.names import (
    Action,
    ConflictRule,
)
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set
from tests.support.use_cases.publisher_world import World


def test_claim_is_published(world: World) -> None:
    """A claim becomes a record set of its instance, by a CREATE."""
    world.claim(claim(1))
    assert world.results() == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(1)}
    assert [change.action for batch in world.zones.batches for change in batch] == [Action.CREATE]


def test_published_name_costs_nothing(world: World) -> None:
    """A name that is published as claimed needs no call to Route 53."""
    world.claim(claim(1))
    world.publish()
    reads = len(world.zones.reads)
    assert world.results() == {NameResult.UNCHANGED}
    assert len(world.zones.batches) == 1
    assert len(world.zones.reads) == reads


def test_handover_is_one_batch(world: World) -> None:
    """A re-created instance takes the name over without a moment in which the name has no answer."""
    world.claim(claim(1))
    world.publish()
    world.claim(claim(2))
    world.publish()
    assert [[change.action for change in batch] for batch in world.zones.batches] == [
        [Action.CREATE],
        [Action.DELETE, Action.CREATE],
    ]
    assert world.zones.addresses(key()) == {"10.0.0.2"}


def test_end_of_a_former_holder_changes_nothing(world: World) -> None:
    """The end of an instance that no longer holds the name needs no change."""
    world.claim(claim(1), claim(2))
    world.publish()
    world.withdraw(claim(1))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.2"}
    assert len(world.zones.batches) == 1


def test_loser_takes_over_when_the_holder_ends(world: World) -> None:
    """A loser keeps its claim, and needs no further event of its own."""
    world.claim(claim(1), claim(2))
    world.publish()
    world.withdraw(claim(2))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.1"}


def test_withdrawn_name_is_deleted(world: World) -> None:
    """When no instance claims a name any more, its record set is deleted."""
    world.claim(claim(1))
    world.publish()
    world.withdraw(claim(1))
    world.publish()
    assert world.zones.owned[key()] == set()


def test_many_names_are_one_batch(world: World) -> None:
    """Fifty names are changed by one call."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 51)))
    world.publish()
    assert [len(batch) for batch in world.zones.batches] == [50]


def test_new_address_replaces_the_old_one_in_one_batch(world: World) -> None:
    """The same owner with another value: DELETE with the old value, CREATE with the new."""
    world.claim(claim(1, address="10.0.0.1"))
    world.publish()
    world.claim(claim(1, address="10.0.0.9"))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.9"}
    assert len(world.zones.batches) == 2


def test_members_without_room_are_counted(world: World) -> None:
    """The outcome of a full shared name counts the members that are left out, also when nothing changes."""
    world.claim(*(claim(number, conflict=ConflictRule.SHARE) for number in range(1, 103)))
    (first,) = world.publish()
    assert (first.result, first.left_out) == (NameResult.PUBLISHED, 2)
    assert len(world.zones.owned[key()]) == 100
    (again,) = world.publish()
    assert (again.result, again.left_out) == (NameResult.UNCHANGED, 2)
