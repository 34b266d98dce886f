"""Zones are read before names are added: name by name, or once by the backlog for the names of all shards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.publisher.foreign import MULTIVALUE, ZoneReading
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.planner import PROMPT_READ_ALONE
from tests.support.build import PAYMENTS, SEARCH, claim
from tests.support.use_cases.backlog_world import BacklogWorld, many, results
from tests.support.use_cases.publisher_world import by_hand

LOUD, QUIET = PAYMENTS.id, SEARCH.id


def test_prompt_names_that_cannot_be_read_now_come_back_without_another_reading(world: BacklogWorld) -> None:
    """The backlog reads the zone for the names for which a run had no tokens, and the publisher relies on that."""
    claims, few = many(100), many(5, "999999999999")
    world.claim(*claims, *few)
    world.backlog.readings.clear()
    world.zones.read_tokens = 3
    assert results(world.run(*claims, *few)) == {NameResult.PUBLISHED: 3, NameResult.DEFERRED: 102}
    world.zones.read_tokens = 0
    before = len(world.zones.reads)
    world.bring_back()
    assert results(world.publish_released()) == {NameResult.PUBLISHED: 102}
    assert len(world.zones.reads) == before + 1


def test_a_run_reads_few_names(world: BacklogWorld) -> None:
    """Each takes a request. The others wait until the backlog reads the zone once for all of them."""
    claims = [claim(number, name=f"n{number}", account=f"{number:012}") for number in range(1, 9)]
    world.claim(*claims)
    world.backlog.readings.clear()
    outcomes = world.run(*claims)
    assert results(outcomes) == {NameResult.PUBLISHED: PROMPT_READ_ALONE, NameResult.DEFERRED: 8 - PROMPT_READ_ALONE}
    world.bring_back()
    assert results(world.publish_released()) == {NameResult.PUBLISHED: 8 - PROMPT_READ_ALONE}


@pytest.mark.parametrize(("number", "read"), [(PROMPT_READ_ALONE, PROMPT_READ_ALONE), (PROMPT_READ_ALONE + 1, 1)])
def test_only_the_first_of_many_names_waits_for_tokens(world: BacklogWorld, number: int, read: int) -> None:
    """It is of the quietest account. The others go to the backlog, which reads the zone for all of them."""
    claims = [claim(each, name=f"n{each}", account=QUIET if each == number else LOUD) for each in range(1, number + 1)]
    world.claim(*claims)
    world.backlog.readings.clear()
    world.zones.read_seconds = 1.0
    assert results(world.run(*claims))[NameResult.PUBLISHED] == read
    assert world.zones.owned[claims[-1].key]


def test_a_recent_reading_of_the_zone_counts_for_new_names(world: BacklogWorld) -> None:
    """No name is read but the one under which another tool had a record set then. Its TTL stays as it is."""
    claims = many(8)
    world.claim(*claims)
    taken = claims[0].key
    world.zones.foreign[taken] = [replace(by_hand(routing=MULTIVALUE), fqdn=taken.fqdn)]
    world.backlog.readings[taken.zone_id] = ZoneReading(world.clock(), frozenset({taken.fqdn}))
    outcomes = world.run(*claims)
    assert results(outcomes) == {NameResult.PUBLISHED: 7, NameResult.CONFLICT: 1}
    assert len(world.zones.reads) == 1


def test_a_reading_of_the_backlog_does_not_count_for_long(world: BacklogWorld) -> None:
    """After a minute the publisher does not rely on it. Without tokens to read again, the names go back."""
    claims = many(60)
    world.claim(*claims)
    world.backlog.readings.clear()
    world.zones.read_tokens = 0
    world.run(*claims)
    world.bring_back()
    world.clock.sleep(61)
    assert results(world.publish_released()) == {NameResult.DEFERRED: 60}


@pytest.mark.parametrize(("slow", "seconds"), [("tokens", 15), ("reading", 61)])
def test_names_that_waited_for_long_are_published(world: BacklogWorld, slow: str, seconds: int) -> None:
    """The minute begins after the reading, and lasts for longer than a release waits for tokens.

    Otherwise the names would return for ever.
    """
    claims = many(60)
    world.claim(*claims)
    world.backlog.readings.clear()
    world.zones.read_tokens = 0
    world.run(*claims)
    world.turns.waits = lambda: world.clock.sleep(seconds if slow == "tokens" else 0)
    world.zones.while_reading = lambda: world.clock.sleep(seconds if slow == "reading" else 0)
    world.bring_back()
    assert results(world.publish_released()) == {NameResult.PUBLISHED: 60}


def test_marked_names_whose_zone_is_read_for_long_are_published(world: BacklogWorld) -> None:
    """What an audit marked is read in the zone before anything is decided. Then its changes still find a turn."""
    claims = many(40)
    world.claim(*claims)
    world.run(marked=[claim.key for claim in claims])
    world.bring_back()
    assert all(name.marked for name, _ in world.backlog.released)
    released = len(world.backlog.released)

    def slow() -> None:
        world.seconds_left -= 20

    world.zones.while_reading = slow
    world.zones.seconds_a_change = 0.01
    assert results(world.publish_released()) == {NameResult.PUBLISHED: released}
