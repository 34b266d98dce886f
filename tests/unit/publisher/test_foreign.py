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
from hub.runtime.publisher.foreign import blocked_types
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key, record_set
from tests.support.use_cases.publisher_world import World, by_hand


def test_foreign_record_set_stays_and_other_names_are_published(world: World) -> None:
    """A foreign record set blocks its own name only."""
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
    """Route 53 would accept a record set beside it and change its TTL, so orgdns reads the name first."""
    world.zones.foreign[key()] = [by_hand(routing="MultiValueAnswer")]
    world.claim(claim(1), claim(2, name="api"))
    assert [outcome.result for outcome in world.publish()] == [NameResult.PUBLISHED, NameResult.CONFLICT]
    assert world.zones.owned[key()] == set()


def test_foreign_record_set_blocks_its_own_type_only(world: World) -> None:
    """A foreign AAAA record set does not block a handover of the A record set."""
    world.claim(claim(1))
    world.publish()
    world.zones.foreign[key()] = [by_hand(kind="AAAA")]
    both = replace(claim(2), values=((RecordType.A, ("10.0.0.2",)), (RecordType.AAAA, ("2001:db8::2",))))
    world.claim(both)
    assert world.results() == {NameResult.CONFLICT}
    assert world.zones.addresses(key()) == {"10.0.0.2"}


def test_existing_record_set_beside_a_foreign_one_stays(world: World) -> None:
    """A foreign multivalue record set that came later blocks new record sets, and removes none."""
    world.claim(claim(1))
    world.publish()
    world.zones.foreign[key()] = [by_hand(routing="MultiValueAnswer")]
    world.ledger.published[key()] = Published(pending=True)
    assert world.results() == {NameResult.CONFLICT}
    assert world.zones.owned[key()] == {record_set(1)}
    assert len(world.zones.batches) == 1


def test_conflict_ends_when_the_foreign_record_set_is_deleted(world: World) -> None:
    """The name is published when it is read the next time, without a refused batch in between."""
    world.zones.foreign[key()] = [by_hand()]
    world.claim(claim(1))
    world.publish()
    sent = len(world.zones.batches)
    assert world.results(key()) == {NameResult.CONFLICT}
    assert len(world.zones.batches) == sent
    world.zones.foreign.clear()
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert world.ledger.published[key()].conflict is None


def test_cname_blocks_all_types_and_txt_blocks_none(world: World) -> None:
    """Nothing can stand beside a CNAME; a foreign TXT record set blocks nothing."""
    world.zones.foreign[key("a")] = [by_hand("a", "CNAME")]
    world.zones.foreign[key("b")] = [by_hand("b", "TXT")]
    world.claim(claim(1, name="a"), claim(2, name="b"))
    assert [outcome.result for outcome in world.publish()] == [NameResult.CONFLICT, NameResult.PUBLISHED]


def test_unclaimed_name_is_deleted_beside_a_foreign_record_set(world: World) -> None:
    """Unclaimed record sets of orgdns are deleted, and foreign ones stay."""
    world.claim(claim(1))
    world.publish()
    world.zones.foreign[key()] = [by_hand(kind="TXT")]
    world.withdraw(claim(1))
    world.ledger.published[key()] = Published(pending=True)
    world.publish()
    assert world.zones.owned[key()] == set()
    assert world.zones.foreign[key()] == [by_hand(kind="TXT")]


@pytest.mark.parametrize(
    ("foreign", "blocked"),
    [((), ()), (("TXT",), ()), (("AAAA",), ("AAAA",)), (("A", "TXT"), ("A",)), (("CNAME",), ("A", "AAAA"))],
)
def test_blocked_types(foreign: tuple[str, ...], blocked: tuple[str, ...]) -> None:
    """A foreign record set blocks its own type, and a CNAME blocks all types."""
    desired = [record_set(1), replace(record_set(1), type=RecordType.AAAA)]
    assert blocked_types(desired, [by_hand(kind=kind) for kind in foreign]) == set(blocked)


def left_by_a_tool(address: str = "10.0.0.1", **changes: object) -> ForeignRecordSet:
    return replace(ForeignRecordSet(key().fqdn, "A", SIMPLE, (address,), 300), **changes)  # type: ignore[arg-type]


class TestAdoption:
    @pytest.fixture
    def adopting(self, world: World) -> World:
        world.publisher = replace(world.publisher, adopting=frozenset({key().zone_id}))
        return world

    def test_record_set_of_a_holder_is_adopted_in_one_batch(self, adopting: World) -> None:
        """A simple A record set with a holder's address is replaced by orgdns's own in one batch."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.claim(claim(1))
        assert adopting.results() == {NameResult.PUBLISHED}
        (batch,) = adopting.zones.batches
        assert [(change.action, change.record_set.holder, change.record_set.ttl) for change in batch] == [
            (Action.DELETE, "", 300),
            (Action.CREATE, str(claim(1).instance), 60),
        ]
        assert not adopting.zones.foreign[key()]
        assert adopting.zones.addresses(key()) == {"10.0.0.1"}

    def test_adoption_does_not_change_the_answer(self, adopting: World) -> None:
        """Only a record set with a holder's address is adopted, not one with the address of another claimant."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.claim(claim(1), claim(2))
        assert adopting.results() == {NameResult.CONFLICT}
        assert adopting.zones.foreign[key()] == [left_by_a_tool()]
        adopting.withdraw(claim(2))
        assert adopting.results() == {NameResult.PUBLISHED}
        assert adopting.zones.addresses(key()) == {"10.0.0.1"}

    def test_nothing_is_adopted_by_default(self, world: World) -> None:
        """Unless the zone is configured to adopt, every foreign record set is a conflict."""
        world.zones.foreign[key()] = [left_by_a_tool()]
        world.claim(claim(1))
        assert world.results() == {NameResult.CONFLICT}
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
    def test_other_record_sets_are_never_adopted(self, adopting: World, other: ForeignRecordSet) -> None:
        """A record set with another address, several values, another routing policy or type was made on purpose."""
        adopting.zones.foreign[key()] = [other]
        adopting.claim(claim(1))
        adopting.publish()
        assert adopting.zones.foreign[key()] == [other]
        assert all(change.action is Action.CREATE for batch in adopting.zones.batches for change in batch)

    def test_only_configured_zones_adopt(self, adopting: World) -> None:
        """Adoption is configured for each zone."""
        elsewhere = replace(claim(1), key=key("web", "Z0OTHER"))
        adopting.zones.foreign[elsewhere.key] = [left_by_a_tool()]
        adopting.claim(elsewhere)
        assert adopting.results() == {NameResult.CONFLICT}
        assert adopting.zones.foreign[elsewhere.key] == [left_by_a_tool()]

    def test_record_that_changed_meanwhile_is_left(self, adopting: World) -> None:
        """If the zone changed after it was read, Route 53 refuses the batch, and the name is in conflict."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.zones.protected.add(key())
        adopting.claim(claim(1))
        assert adopting.results() == {NameResult.CONFLICT}
        assert adopting.zones.foreign[key()] == [left_by_a_tool()]

    def test_lost_answer_of_an_adoption_is_harmless(self, adopting: World) -> None:
        """Reading the zone shows that a batch without a recorded outcome succeeded."""
        adopting.zones.foreign[key()] = [left_by_a_tool()]
        adopting.claim(claim(1))
        adopting.zones.faults = ["after"]
        assert adopting.results() == {NameResult.RETRY}
        assert adopting.results() == {NameResult.UNCHANGED}
        assert adopting.zones.addresses(key()) == {"10.0.0.1"}
