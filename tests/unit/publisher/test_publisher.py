from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import (
    NEVER,
    SIMPLE,
    Action,
    Change,
    Claim,
    ConflictRule,
    ForeignRecordSet,
    NameKey,
    Published,
    RecordType,
)
from hub.runtime.model.status import SpokeStatus
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameOutcome, NameResult
from hub.runtime.publisher.publisher import Publisher
from tests.support.build import claim, key, record_set, ref
from tests.support.memory import MemoryClock, MemoryLedger, MemoryZones
from tests.support.memory_statuses import MemoryStatuses


class World:
    """A publisher, the ledger it reads and the zones it writes."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        self.zones = MemoryZones()
        self.deadline = Deadline(lambda: self.seconds_left)
        self.seconds_left = 300.0
        self.clock = MemoryClock()
        self.statuses = MemoryStatuses(self.clock)
        self.publisher = Publisher(self.ledger, self.statuses, self.zones, self.clock)

    def claim(self, *claims: Claim) -> None:
        for one in claims:
            self.ledger.put_claim(one, 1)

    def withdraw(self, one: Claim) -> None:
        self.ledger.withdraw_claim(one.key, one.instance, 2)

    def publish(self, *keys: NameKey) -> list[NameOutcome]:
        return self.publisher.publish(dict.fromkeys(keys or self.ledger.touched, NEVER), (), self.deadline)

    def endings(self, *keys: NameKey) -> set[NameResult]:
        return {outcome.result for outcome in self.publish(*keys)}


@pytest.fixture
def world() -> World:
    return World()


def by_hand(name: str = "web", kind: str = "A", routing: str = "Simple") -> ForeignRecordSet:
    value = "fd00::1" if kind == "AAAA" else "192.0.2.1"
    return ForeignRecordSet(key(name).fqdn, kind, routing, (value,), 60)


def test_claim_is_published(world: World) -> None:
    """A claim becomes a record set of its instance, by a CREATE."""
    world.claim(claim(1))
    assert world.endings() == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(1)}
    assert [change.action for batch in world.zones.batches for change in batch] == [Action.CREATE]


def test_published_again_costs_nothing(world: World) -> None:
    """What is as it should be needs no call to Route 53."""
    world.claim(claim(1))
    world.publish()
    reads = len(world.zones.reads)
    assert world.endings() == {NameResult.UNCHANGED}
    assert len(world.zones.batches) == 1
    assert len(world.zones.reads) == reads


def test_handover_is_one_batch(world: World) -> None:
    """A re-created instance takes the name over without a moment's gap."""
    world.claim(claim(1))
    world.publish()
    world.claim(claim(2))
    world.publish()
    assert [[change.action for change in batch] for batch in world.zones.batches] == [
        [Action.CREATE],
        [Action.DELETE, Action.CREATE],
    ]
    assert world.zones.addresses(key()) == {"10.0.0.2"}


def test_old_instances_end_takes_nothing_away(world: World) -> None:
    """The end of the one that no longer holds the name is no change."""
    world.claim(claim(1), claim(2))
    world.publish()
    world.withdraw(claim(1))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.2"}
    assert len(world.zones.batches) == 1


def test_loser_takes_over_when_the_holder_goes(world: World) -> None:
    """A loser keeps its claim, and needs no further event of its own."""
    world.claim(claim(1), claim(2))
    world.publish()
    world.withdraw(claim(2))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.1"}


def test_owner_that_the_ledger_does_not_know_is_left_at_every_look() -> None:
    """After the ledger was lost, what somebody holds stays until his spoke was swept, however often one looks."""
    world = World()
    clock = MemoryClock(now=10**12)
    world.publisher = replace(world.publisher, controls=(statuses := MemoryStatuses(clock)))
    world.zones.change(key().zone_id, [Change(Action.CREATE, record_set(1))])
    world.claim(claim(2))
    for _ in range(3):
        assert world.endings(key()) == {NameResult.CONFLICT}
        assert world.zones.owned[key()] == {record_set(1)}
    statuses.put_spoke_status(SpokeStatus(ref(1).spoke, swept_at=clock()))
    assert world.endings(key()) == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(2)}


def test_withdrawn_name_goes(world: World) -> None:
    """When nobody claims a name any more, its record set is deleted."""
    world.claim(claim(1))
    world.publish()
    world.withdraw(claim(1))
    world.publish()
    assert world.zones.owned[key()] == set()


def test_many_names_are_one_batch(world: World) -> None:
    """Fifty names are one call."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 51)))
    world.publish()
    assert [len(batch) for batch in world.zones.batches] == [50]


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


def test_full_zone_blocks_what_grows_alone(world: World) -> None:
    """A zone at its quota: handovers and ends go on, new names are told with Route 53's reason, in few calls."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 51)))
    world.publish()
    world.zones.room = 50
    calls = len(world.zones.batches)
    world.claim(*(claim(number, name=f"new{number}") for number in range(100, 200)))
    world.claim(claim(200, name="n1"), replace(claim(300), key=key("web", "Z0OTHER")))
    outcomes = {(outcome.key.zone_id, str(outcome.key.fqdn)): outcome for outcome in world.publish()}
    assert outcomes["Z0OTHER", "web.corp.internal."].result is NameResult.PUBLISHED
    assert outcomes[key().zone_id, "n1.corp.internal."].result is NameResult.PUBLISHED
    full = outcomes[key().zone_id, "new100.corp.internal."]
    assert "MAX_RRSETS_BY_ZONE" in full.reason
    assert [outcome.zone_full for outcome in outcomes.values()].count(True) == 100
    assert full.zone_full
    assert len(world.zones.batches) - calls <= 4


def test_full_zone_that_refuses_what_does_not_grow_is_a_conflict(world: World) -> None:
    """A zone that holds more than its quota: what Route 53 refuses is told in few calls, and not sent for ever."""
    world.claim(claim(1))
    world.publish()
    world.zones.room = 0
    world.claim(claim(2))
    calls = len(world.zones.batches)
    # Should it be sent for ever, the run ends like any that is out of time.
    patience = iter(range(400, 0, -10))
    world.deadline = Deadline(lambda: next(patience))
    assert world.endings() == {NameResult.CONFLICT}
    assert len(world.zones.batches) - calls <= 2


def test_read_that_route_53_refuses_is_tried_later(world: World) -> None:
    """Whatever fails in one zone, each name has an outcome."""
    world.claim(claim(1), replace(claim(2), key=key("web", "Z0OTHER")))
    world.zones.closed.add("Z0OTHER")
    world.zones.faults = ["before"]
    assert {outcome.result for outcome in world.publish()} == {NameResult.RETRY, NameResult.CLOSED}


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


def test_protected_name_blocks_nobody(world: World) -> None:
    """A name that Route 53 will not change, for a reason that reading does not show, is a conflict with that reason."""
    world.zones.protected.add(key("web"))
    world.claim(*(claim(number, name=name) for number, name in enumerate(["api", "web", "zoo"], 1)))
    outcomes = {str(outcome.key.fqdn): outcome for outcome in world.publish()}
    assert outcomes["web.corp.internal."].result is NameResult.CONFLICT
    assert "protected" in outcomes["web.corp.internal."].reason
    assert not outcomes["web.corp.internal."].zone_full
    assert len(world.zones.batches) <= 3
    assert world.zones.addresses(key("zoo"))


BAD = ("n1", "n2", "n500", "n777", "n999", "n1000")


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("published_before", [False, True])
def test_one_bad_change_of_a_thousand_costs_twelve_further_calls(
    world: World, bad: str, *, published_before: bool
) -> None:
    """If the refusal cannot be read, the fault is found by halves; everything else goes out in the same run."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 1001)))
    if published_before:
        world.publish()
        world.claim(*(replace(claim(number, name=f"n{number}"), ttl=90) for number in range(1, 501)))
        world.claim(
            *(claim(number, name=f"n{number}", address=f"10.1.0.{number % 250}") for number in range(501, 1001))
        )
    world.zones.readable_messages = False
    world.zones.protected.add(key(bad))
    sent, read = len(world.zones.batches), len(world.zones.reads)
    outcomes = world.publish()
    first = 2 if published_before else 1
    reads = len(world.zones.reads) - read - (0 if published_before else 1)
    assert [outcome.key for outcome in outcomes if outcome.result is not NameResult.PUBLISHED] == [key(bad)]
    assert len(world.zones.batches) - sent - first + reads <= 12
    (refused,) = (outcome for outcome in outcomes if outcome.key == key(bad))
    assert (refused.result, "something is not right" in refused.reason) == (NameResult.CONFLICT, True)


@given(st.sets(st.integers(1, 60), max_size=6), st.booleans())
@settings(max_examples=40)
def test_every_bad_change_is_found_and_no_other_waits(bad: set[int], readable: bool) -> None:  # noqa: FBT001 - drawn
    """However many changes are bad and whether Route 53 says which, they alone are left out."""
    world = World()
    world.zones.readable_messages = readable
    world.zones.protected |= {key(f"n{number}") for number in bad}
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 61)))
    outcomes = {outcome.key: outcome.result for outcome in world.publish()}
    assert {of for of, result in outcomes.items() if result is not NameResult.PUBLISHED} == world.zones.protected
    assert all(result in {NameResult.PUBLISHED, NameResult.CONFLICT} for result in outcomes.values())


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 8))
def test_zone_that_goes_away_while_a_fault_is_looked_for(world: World, fault: str, at: int) -> None:
    """A call that fails among those that look for a bad change leaves names for the next run, and loses none."""
    world.zones.readable_messages = False
    world.zones.protected.add(key("n20"))
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 33)))
    world.zones.faults = [*([None] * at), fault]
    endings = {outcome.key: outcome.result for outcome in world.publish()}
    assert set(endings) == {key(f"n{number}") for number in range(1, 33)}
    world.zones.faults = []
    again = world.publish(*(of for of, result in endings.items() if result is NameResult.RETRY))
    assert all(outcome.result is not NameResult.RETRY for outcome in again)
    assert {of for of, owned in world.zones.owned.items() if owned} == set(endings) - {key("n20")}


def test_batch_that_would_wait_longer_than_there_is_time_is_left(world: World) -> None:
    """What has to wait for its turn is not begun if the run would be stopped meanwhile."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 11)))
    world.zones.seconds_a_change = 21.0
    assert world.endings() == {NameResult.RETRY}
    assert not world.zones.batches
    world.zones.seconds_a_change = 19.0
    assert world.endings() == {NameResult.PUBLISHED}


def test_time_out_that_did_succeed_is_recognised(world: World) -> None:
    """A call whose answer was lost is no failure: the next one reads the zone, and finds it as wanted."""
    world.zones.faults = ["after"]
    world.claim(claim(1))
    assert world.endings() == {NameResult.RETRY}
    assert world.endings(key()) == {NameResult.UNCHANGED}
    assert world.zones.owned[key()] == {record_set(1)}


def test_crash_after_a_handover_and_its_end_leave_no_orphan(world: World) -> None:
    """The zone was changed, nobody noted it, and then the new holder ended: the old one gets its name back."""
    world.claim(claim(1))
    world.publish()
    world.claim(claim(2))
    world.zones.faults = ["after"]
    world.publish()
    world.withdraw(claim(2))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.1"}


def test_emptied_ledger_meets_the_zone(world: World) -> None:
    """With the ledger's memory lost, what is there already counts as done."""
    world.claim(claim(1))
    world.publish()
    world.ledger.published.clear()
    world.publish()
    assert world.zones.owned[key()] == {record_set(1)}
    assert world.ledger.published[key()].record_sets == (record_set(1),)


def test_zone_that_is_closed_keeps_no_other_zone_waiting(world: World) -> None:
    """A zone that the writer may not change is a conflict of its own names; names of other zones go out."""
    elsewhere = replace(claim(1), key=key("web", "Z0OTHER"))
    world.zones.closed.add("Z0OTHER")
    world.claim(elsewhere, claim(2, name="api"))
    assert {outcome.key.zone_id: outcome.result for outcome in world.publish()} == {
        "Z0OTHER": NameResult.CLOSED,
        key().zone_id: NameResult.PUBLISHED,
    }
    assert "orgdns cannot write the zone" in (world.ledger.published[elsewhere.key].conflict or "")
    world.zones.closed.clear()
    assert world.endings(elsewhere.key) == {NameResult.PUBLISHED}


def test_zone_that_is_closed_is_retried_soon_after_the_change(world: World) -> None:
    """Just after a deployment the zone may open; the names of other zones are published meanwhile."""
    changed_at = world.clock()
    world.zones.closed.add(key().zone_id)
    world.claim(claim(1))
    for seconds, result in ((0, NameResult.RETRY), (PATIENCE_MILLIS // 1000, NameResult.CLOSED)):
        world.clock.sleep(seconds)
        (outcome,) = world.publisher.publish({key(): changed_at}, (), world.deadline)
        assert outcome.result is result
        assert "AccessDenied" in outcome.reason


def test_many_unsure_names_are_one_read(world: World) -> None:
    """After an answer that never came, all names of the zone are read together."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 201)))
    world.zones.faults = ["after"]
    assert world.endings() == {NameResult.RETRY}
    reads = len(world.zones.reads)
    assert world.endings() == {NameResult.UNCHANGED}
    assert len(world.zones.reads) == reads + 1


def test_run_without_time_left_sends_nothing_and_hands_all_back(world: World) -> None:
    """Near its end a run begins no further call: what is left is delivered again."""
    world.claim(claim(1))
    world.seconds_left = 30.0
    assert world.endings() == {NameResult.RETRY}
    assert world.zones.batches == []
    world.seconds_left = 300.0
    assert world.endings() == {NameResult.PUBLISHED}


def test_new_address_replaces_the_old_one_in_one_batch(world: World) -> None:
    """The same owner with another value: DELETE with the old value, CREATE with the new."""
    world.claim(claim(1, address="10.0.0.1"))
    world.publish()
    world.claim(claim(1, address="10.0.0.9"))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.9"}
    assert len(world.zones.batches) == 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["claim", "withdraw", "publish", "lose memory", "foreign", "foreign multivalue", "foreign gone"]
        ),
        st.integers(1, 4),
        st.sampled_from(["web", "api"]),
        st.sampled_from([None, "before", "after"]),
    ),
    max_size=25,
)


def take(world: World, step: str, one: Claim, fault: str | None, now: int) -> None:
    """One thing that happens."""
    name = one.key
    match step:
        case "claim":
            world.ledger.put_claim(one, now)
        case "withdraw":
            world.ledger.withdraw_claim(name, one.instance, now)
        case "publish":
            world.zones.faults = [fault]
            world.publish(name)
        case "lose memory":
            world.ledger.published.clear()
        case "foreign gone":
            world.zones.foreign.pop(name, None)
        case _ if not world.zones.owned[name]:
            routing = "MultiValueAnswer" if step == "foreign multivalue" else "Simple"
            world.zones.foreign[name] = [by_hand(name.fqdn.split(".")[0], routing=routing)]


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_whatever_happened_the_zone_ends_as_claimed(steps: list[tuple[str, int, str, str | None]]) -> None:
    """Claims, faults, lost answers and foreign records in any order: once it is quiet, the zone is what claims say."""
    world = World()
    for now, (step, number, name, fault) in enumerate(steps):
        take(world, step, claim(number, name=name), fault, now)
    world.zones.faults = []
    # What the memory does not know of is found by reading: here as after an audit marked the names.
    for place in (key("web"), key("api")):
        state = world.ledger.published.get(place, Published())
        world.ledger.published[place] = replace(state, pending=True)
    for _ in range(2):
        world.publish(key("web"), key("api"))
    for place in (key("web"), key("api")):
        live = [one for one in world.ledger.live_claims() if one.key == place]
        if world.zones.foreign[place]:
            assert not world.zones.owned[place]
            assert not live or world.ledger.published[place].conflict
        else:
            newest = max(live, key=lambda one: one.launched_at, default=None)
            assert world.zones.addresses(place) == ({newest.values[0][1][0]} if newest else set())


def test_members_that_find_no_room_are_counted(world: World) -> None:
    """A shared name that is full says how many are left out, also when nothing changes."""
    world.claim(*(claim(number, conflict=ConflictRule.SHARE) for number in range(1, 103)))
    (first,) = world.publish()
    assert (first.result, first.left_out) == (NameResult.PUBLISHED, 2)
    assert len(world.zones.owned[key()]) == 100
    (again,) = world.publish()
    assert (again.result, again.left_out) == (NameResult.UNCHANGED, 2)


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
