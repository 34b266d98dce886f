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
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameResult
from tests.support.build import claim, key, record_set, ref
from tests.support.use_cases.publisher_world import World, by_hand


def test_unknown_owner_keeps_its_name_until_its_spoke_is_swept() -> None:
    """After a restore of the ledger, an unknown owner keeps its record sets until its spoke is swept."""
    world = World()
    world.zones.change(key().zone_id, [Change(Action.CREATE, record_set(1))])
    world.claim(claim(2))
    for _ in range(3):
        assert world.results(key()) == {NameResult.CONFLICT}
        assert world.zones.owned[key()] == {record_set(1)}
    world.sweep(ref(1).spoke)
    assert world.results(key()) == {NameResult.PUBLISHED}
    assert world.zones.owned[key()] == {record_set(2)}


def test_failed_read_is_retried(world: World) -> None:
    """Each name has an outcome, whatever fails in one zone."""
    world.claim(claim(1), replace(claim(2), key=key("web", "Z0OTHER")))
    world.zones.closed.add("Z0OTHER")
    world.zones.faults = ["before"]
    assert {outcome.result for outcome in world.publish()} == {NameResult.RETRY, NameResult.CLOSED}


def test_batch_that_would_wait_too_long_is_retried(world: World) -> None:
    """A batch is not sent if the run would be stopped while the batch waits for its turn."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 11)))
    world.zones.seconds_a_change = 21.0
    assert world.results() == {NameResult.RETRY}
    assert not world.zones.batches
    world.zones.seconds_a_change = 19.0
    assert world.results() == {NameResult.PUBLISHED}


def test_timed_out_change_that_succeeded_is_recognized(world: World) -> None:
    """If an answer is lost, the next run reads the zone and finds it as claimed."""
    world.zones.faults = ["after"]
    world.claim(claim(1))
    assert world.results() == {NameResult.RETRY}
    assert world.results(key()) == {NameResult.UNCHANGED}
    assert world.zones.owned[key()] == {record_set(1)}


def test_crash_after_a_handover_and_its_end_leave_no_orphan(world: World) -> None:
    """The outcome of a handover was not recorded, and then the new holder ended: the old holder gets the name back."""
    world.claim(claim(1))
    world.publish()
    world.claim(claim(2))
    world.zones.faults = ["after"]
    world.publish()
    world.withdraw(claim(2))
    world.publish()
    assert world.zones.addresses(key()) == {"10.0.0.1"}


def test_emptied_ledger_is_filled_from_the_zone(world: World) -> None:
    """If the ledger's memory is lost, existing record sets count as published."""
    world.claim(claim(1))
    world.publish()
    world.ledger.published.clear()
    world.publish()
    assert world.zones.owned[key()] == {record_set(1)}
    assert world.ledger.published[key()].record_sets == (record_set(1),)


def test_closed_zone_does_not_block_other_zones(world: World) -> None:
    """A zone that the writer role may not change is a conflict of its own names; names of other zones are published."""
    elsewhere = replace(claim(1), key=key("web", "Z0OTHER"))
    world.zones.closed.add("Z0OTHER")
    world.claim(elsewhere, claim(2, name="api"))
    assert {outcome.key.zone_id: outcome.result for outcome in world.publish()} == {
        "Z0OTHER": NameResult.CLOSED,
        key().zone_id: NameResult.PUBLISHED,
    }
    assert "orgdns cannot write the zone" in (world.ledger.published[elsewhere.key].conflict or "")
    world.zones.closed.clear()
    assert world.results(elsewhere.key) == {NameResult.PUBLISHED}


def test_closed_zone_is_retried_soon_after_the_change(world: World) -> None:
    """Just after a deployment the zone may open; the names of other zones are published meanwhile."""
    changed_at = world.clock()
    world.zones.closed.add(key().zone_id)
    world.claim(claim(1))
    for seconds, result in ((0, NameResult.RETRY), (PATIENCE_MILLIS // 1000, NameResult.CLOSED)):
        world.clock.sleep(seconds)
        (outcome,) = world.publisher.publish({key(): changed_at}, (), world.deadline)
        assert outcome.result is result
        assert "AccessDenied" in outcome.reason


def test_many_pending_names_are_read_together(world: World) -> None:
    """After a lost answer, all names of the zone are read together."""
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 201)))
    world.zones.faults = ["after"]
    assert world.results() == {NameResult.RETRY}
    reads = len(world.zones.reads)
    assert world.results() == {NameResult.UNCHANGED}
    assert len(world.zones.reads) == reads + 1


def test_run_without_time_retries_all_names(world: World) -> None:
    """Shortly before its deadline, a run begins no further call: the remaining names are retried."""
    world.claim(claim(1))
    world.seconds_left = 30.0
    assert world.results() == {NameResult.RETRY}
    assert world.zones.batches == []
    world.seconds_left = 300.0
    assert world.results() == {NameResult.PUBLISHED}


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


def take(world: World, step: str, subject: Claim, fault: str | None) -> None:
    """Carry out one step of the generated story."""
    name = subject.key
    match step:
        case "claim":
            world.claim(subject)
        case "withdraw":
            world.withdraw(subject)
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
def test_zone_ends_as_claimed_after_any_story(steps: list[tuple[str, int, str, str | None]]) -> None:
    """After claims, faults, lost answers and foreign records in any order, the zone ends as the claims say."""
    world = World()
    for step, number, name, fault in steps:
        take(world, step, claim(number, name=name), fault)
    world.zones.faults = []
    # Read the zone for both names, as after an audit marked them.
    for place in (key("web"), key("api")):
        state = world.ledger.published.get(place, Published())
        world.ledger.published[place] = replace(state, pending=True)
    for _ in range(2):
        world.publish(key("web"), key("api"))
    for place in (key("web"), key("api")):
        live = [claim for claim in world.ledger.live_claims() if claim.key == place]
        if world.zones.foreign[place]:
            assert not world.zones.owned[place]
            assert not live or world.ledger.published[place].conflict
        else:
            newest = max(live, key=lambda claim: claim.launched_at, default=None)
            assert world.zones.addresses(place) == ({newest.values[0][1][0]} if newest else set())
