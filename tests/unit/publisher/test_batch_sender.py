"""What becomes of a change batch that Route 53 refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.deadline import Deadline
from hub.runtime.publisher.outcome import NameResult
from tests.support.build import claim, key
from tests.support.use_cases.publisher_world import World


def test_full_zone_blocks_only_changes_that_add_records(world: World) -> None:
    """In a zone at its quota, handovers and ends continue, and new names are conflicts, all in few calls."""
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


def test_refusal_of_a_full_zone_is_a_conflict_for_other_changes_too(world: World) -> None:
    """In a zone above its quota, a refused change is a conflict after few calls, and is not sent again and again."""
    world.claim(claim(1))
    world.publish()
    world.zones.room = 0
    world.claim(claim(2))
    calls = len(world.zones.batches)
    # If the batch were sent again and again, the run would end for lack of time.
    patience = iter(range(400, 0, -10))
    world.deadline = Deadline(lambda: next(patience))
    assert world.results() == {NameResult.CONFLICT}
    assert len(world.zones.batches) - calls <= 2


def test_protected_name_blocks_no_other_name(world: World) -> None:
    """If Route 53 refuses a name for a reason that reading the zone does not show, the name is in conflict."""
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
def test_one_bad_change_of_a_thousand_costs_thirteen_further_calls(
    world: World, bad: str, *, published_before: bool
) -> None:
    """If the refusal blames no name, the batch is halved until the bad change is found; all others are published."""
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
    assert len(world.zones.batches) - sent - first + reads <= 13
    (refused,) = (outcome for outcome in outcomes if outcome.key == key(bad))
    assert (refused.result, "something is not right" in refused.reason) == (NameResult.CONFLICT, True)


@given(st.sets(st.integers(1, 60), max_size=6), st.booleans())
@settings(max_examples=40)
def test_only_bad_changes_are_left_out(bad: set[int], readable: bool) -> None:  # noqa: FBT001 - drawn
    """Only the bad changes are left out, however many there are and whether or not Route 53 names them."""
    world = World()
    world.zones.readable_messages = readable
    world.zones.protected |= {key(f"n{number}") for number in bad}
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 61)))
    outcomes = {outcome.key: outcome.result for outcome in world.publish()}
    assert {name for name, result in outcomes.items() if result is not NameResult.PUBLISHED} == world.zones.protected
    assert all(result in {NameResult.PUBLISHED, NameResult.CONFLICT} for result in outcomes.values())


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 8))
def test_zone_that_fails_during_the_search_for_a_bad_change(world: World, fault: str, at: int) -> None:
    """If a call fails during the search for a bad change, the names are left to the next run, and none is lost."""
    world.zones.readable_messages = False
    world.zones.protected.add(key("n20"))
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 33)))
    world.zones.faults = [*([None] * at), fault]
    results = {outcome.key: outcome.result for outcome in world.publish()}
    assert set(results) == {key(f"n{number}") for number in range(1, 33)}
    world.zones.faults = []
    again = world.publish(*(name for name, result in results.items() if result is NameResult.RETRY))
    assert all(outcome.result is not NameResult.RETRY for outcome in again)
    assert {name for name, owned in world.zones.owned.items() if owned} == set(results) - {key("n20")}
