"""Foreign record sets: what blocks a name, and what orgdns takes over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import (
    SIMPLE,
    Action,
    ForeignRecordSet,
    Published,
    RecordType,
)
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set
from tests.support.publisher_world import World, by_hand


def test_foreign_record_set_is_left_and_the_others_go_out(world: World) -> None:
    """A hand-made record in the way is a conflict on that name alone."""
    world.zones.foreign[key("web")] = [by_hand()]
    world.claim(*(claim(number, name=name) for number, name in enumerate(["api", "web", "zoo"], 1)))
    assert {outcome.key.fqdn: outcome.result for outcome in world.publish()} == {
        "api.corp.internal.": NameResult.PUBLISHED,
        "web.corp.internal.": NameResult.CONFLICT,
        "zoo.corp.internal.": NameResult.PUBLISHED,
    }
    assert world.zones.foreign[key("web")] == [by_hand()]
    assert world.ledger.published[key("web")].conflict == "a foreign record set is in the way of type A"


def test_foreign_multivalue_record_set_is_not_joined(world: World) -> None:
    """Route 53 would take ours beside it and level its TTL: a name that we hold nothing of is read first."""
    world.zones.foreign[key()] = [by_hand(routing="MultiValueAnswer")]
    world.claim(claim(1), claim(2, name="api"))
    assert [outcome.result for outcome in world.publish()] == [NameResult.PUBLISHED, NameResult.CONFLICT]
    assert world.zones.owned[key()] == set()


def test_foreign_type_blocks_that_type_alone(world: World) -> None:
    """A hand-made AAAA takes no A away: the newcomer takes over what is not in the way."""
    world.claim(claim(1))
    world.publish()
    world.zones.foreign[key()] = [by_hand(kind="AAAA")]
    both = replace(claim(2), values=((RecordType.A, ("10.0.0.2",)), (RecordType.AAAA, ("2001:db8::2",))))
    world.claim(both)
    assert world.endings() == {NameResult.CONFLICT}
    assert world.zones.addresses(key()) == {"10.0.0.2"}


def test_what_stands_beside_a_foreign_record_set_stays(world: World) -> None:
    """A foreign multivalue record set that came later is in the way of what is new, and takes nothing away."""
    world.claim(claim(1))
    world.publish()
    world.zones.foreign[key()] = [by_hand(routing="MultiValueAnswer")]
    world.ledger.published[key()] = Published(pending=True)
    assert world.endings() == {NameResult.CONFLICT}
    assert world.zones.owned[key()] == {record_set(1)}
    assert len(world.zones.batches) == 1


def test_conflict_ends_when_the_foreign_record_set_goes(world: World) -> None:
    """The next look at the name publishes it, with no refused batch in between."""
    world.zones.foreign[key()] = [by_hand()]
    world.claim(claim(1))
    world.publish()
    sent = len(world.zones.batches)
    assert world.endings(key()) == {NameResult.CONFLICT}
    assert len(world.zones.batches) == sent
    world.zones.foreign.clear()
    assert world.endings(key()) == {NameResult.PUBLISHED}
    assert world.ledger.published[key()].conflict is None


def test_cname_is_in_the_way_and_other_types_are_not(world: World) -> None:
    """Nothing stands beside a CNAME; a TXT by hand is no matter."""
    world.zones.foreign[key("a")] = [by_hand("a", "CNAME")]
    world.zones.foreign[key("b")] = [by_hand("b", "TXT")]
    world.claim(claim(1, name="a"), claim(2, name="b"))
    assert [outcome.result for outcome in world.publish()] == [NameResult.CONFLICT, NameResult.PUBLISHED]


def test_unclaimed_name_goes_though_something_foreign_stands_beside_it(world: World) -> None:
    """What is ours and unclaimed is deleted, what is foreign stays."""
    world.claim(claim(1))
    world.publish()
    world.zones.foreign[key()] = [by_hand(kind="TXT")]
    world.withdraw(claim(1))
    world.ledger.published[key()] = Published(pending=True)
    world.publish()
    assert world.zones.owned[key()] == set()
    assert world.zones.foreign[key()] == [by_hand(kind="TXT")]


def left_by_a_tool(address: str = "10.0.0.1", **changes: object) -> ForeignRecordSet:
    return replace(ForeignRecordSet(key().fqdn, "A", SIMPLE, (address,), 300), **changes)  # type: ignore[arg-type]


class TestAdoption:
    @pytest.fixture
    def adopting(self, world: World) -> World:
        world.publisher = replace(world.publisher, adopting=frozenset({key().zone_id}))
        return world

    def test_record_of_a_known_instance_is_taken_over_in_one_batch(self, adopting: World) -> None:
        """A plain A record with a claimant's address gives way in the batch that puts ours in its place."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.claim(claim(1))
        assert adopting.endings() == {NameResult.PUBLISHED}
        (batch,) = adopting.zones.batches
        assert [(change.action, change.record_set.set_identifier, change.record_set.ttl) for change in batch] == [
            (Action.DELETE, "", 300),
            (Action.CREATE, claim(1).instance.set_identifier, 60),
        ]
        assert not adopting.zones.foreign[key()]
        assert adopting.zones.addresses(key()) == {"10.0.0.1"}

    def test_answer_stays_what_it_was(self, adopting: World) -> None:
        """Only a holder's own address is taken over: whoever loses the name vouches for no record of it."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.claim(claim(1), claim(2))
        assert adopting.endings() == {NameResult.CONFLICT}
        assert adopting.zones.foreign[key()] == [left_by_a_tool()]
        adopting.withdraw(claim(2))
        assert adopting.endings() == {NameResult.PUBLISHED}
        assert adopting.zones.addresses(key()) == {"10.0.0.1"}

    def test_nothing_is_taken_over_by_default(self, world: World) -> None:
        """Where a zone does not say so, every foreign record set is a conflict."""
        world.zones.foreign[key()] = [left_by_a_tool()]
        world.claim(claim(1))
        assert world.endings() == {NameResult.CONFLICT}
        assert world.zones.foreign[key()] == [left_by_a_tool()]

    @pytest.mark.parametrize(
        "other",
        [
            left_by_a_tool("192.0.2.1"),
            left_by_a_tool(values=("10.0.0.1", "10.0.0.9")),
            left_by_a_tool(routing="Weight"),
            left_by_a_tool(routing="AliasTarget", ttl=None, values=()),
            left_by_a_tool(type="AAAA", values=("fd00::1",)),
            left_by_a_tool(type="CNAME", values=("10.0.0.1",)),
            left_by_a_tool(type="TXT"),
        ],
    )
    def test_other_record_is_never_taken_over(self, adopting: World, other: ForeignRecordSet) -> None:
        """Another address, several values, another routing policy or type: somebody meant something by it."""
        adopting.zones.foreign[key()] = [other]
        adopting.claim(claim(1))
        adopting.publish()
        assert adopting.zones.foreign[key()] == [other]
        assert all(change.action is Action.CREATE for batch in adopting.zones.batches for change in batch)

    def test_only_zones_that_say_so_take_over(self, adopting: World) -> None:
        """What one zone allows says nothing of another."""
        elsewhere = replace(claim(1), key=key("web", "Z0OTHER"))
        adopting.zones.foreign[elsewhere.key] = [left_by_a_tool()]
        adopting.claim(elsewhere)
        assert adopting.endings() == {NameResult.CONFLICT}
        assert adopting.zones.foreign[elsewhere.key] == [left_by_a_tool()]

    def test_record_that_changed_meanwhile_is_left(self, adopting: World) -> None:
        """A batch that does not find what was read is refused, and the name is in conflict."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.zones.protected.add(key())
        adopting.claim(claim(1))
        assert adopting.endings() == {NameResult.CONFLICT}
        assert adopting.zones.foreign[key()] == [left_by_a_tool()]

    def test_crash_after_the_batch_is_healed(self, adopting: World) -> None:
        """A batch whose outcome nobody noted is recognised by what the zone holds."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.claim(claim(1))
        adopting.zones.faults = ["after"]
        assert adopting.endings() == {NameResult.RETRY}
        assert adopting.endings() == {NameResult.UNCHANGED}
        assert adopting.zones.addresses(key()) == {"10.0.0.1"}
