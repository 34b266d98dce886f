"""Zones and ledgers that do not answer, are closed, or were restored."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.model.names import (
    Action,
    Change,
    Claim,
    Published,
)
from hub.runtime.model.status import SpokeStatus
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameResult
from tests.support.build import claim, key, record_set, ref
from tests.support.memory import MemoryClock
from tests.support.memory_statuses import MemoryStatuses
from tests.support.publisher_world import World, by_hand


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


def test_read_that_route_53_refuses_is_tried_later(world: World) -> None:
    """Whatever fails in one zone, each name has an outcome."""
    world.claim(claim(1), replace(claim(2), key=key("web", "Z0OTHER")))
    world.zones.closed.add("Z0OTHER")
    world.zones.faults = ["before"]
    assert {outcome.result for outcome in world.publish()} == {NameResult.RETRY, NameResult.CLOSED}


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
