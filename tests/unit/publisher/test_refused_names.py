"""Which names are in conflict after Route 53 refused batches, in how many calls, and with which reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.model.names import NEVER, Fqdn, Millis
from hub.runtime.publisher.batch_sender import MAX_REFUSED_CALLS, PROBES
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameResult
from tests.support.build import claim, key
from tests.support.use_cases.publisher_world import World

Wording = Callable[[str, list[Fqdn]], str]

WORDINGS: dict[str, Wording | None] = {
    "Route 53's own": None,
    "unreadable": lambda _message, _names: "\ud800\udfff\x00 \u202e",
    "one megabyte": lambda message, _names: message + "x" * 10**6,
    "empty": lambda _message, _names: "",
    "blames the first name": lambda _message, names: f"[DNS name {names[0]} is not right]",
    "blames the last name": lambda _message, names: f"[DNS name {names[-1]} is not right]",
    "blames all names": lambda _message, names: ", ".join(f"RRSet with DNS name {name}, type A" for name in names),
    "blames every second name": lambda _message, names: ", ".join(f"name='{name}'" for name in names[::2]),
    "blames a name that is not sent": lambda _message, _names: "[DNS name other.corp.internal. is not right]",
}
wordings = pytest.mark.parametrize("wording", WORDINGS.values(), ids=WORDINGS.keys())
# For each bad name: one probe, a search among up to 1,000, once more alone, and the rest.
CALLS_A_NAME = 15


def refusing(bad: set[int], names: int, wording: Wording | None = None) -> World:
    """A world that publishes n1, n2, ... for the first time, and whose zone refuses the bad ones."""
    world = World()
    world.zones.wording = wording
    world.zones.protected |= {key(f"n{number}") for number in bad}
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, names + 1)))
    return world


@wordings
@pytest.mark.parametrize("bad", [{1}, {177}, {300}, {1, 150, 151, 300}])
def test_p5_only_guilty_names_are_in_conflict(wording: Wording | None, bad: set[int]) -> None:
    """Whatever a refusal says, the healthy names are published in the same run, in a bounded number of calls."""
    world = refusing(bad, 300, wording)
    outcomes = {outcome.key: outcome for outcome in world.publish()}
    assert {
        name for name, outcome in outcomes.items() if outcome.result is NameResult.CONFLICT
    } == world.zones.protected
    assert {outcome.result for outcome in outcomes.values()} == {NameResult.CONFLICT, NameResult.PUBLISHED}
    assert len(world.zones.batches) <= 1 + CALLS_A_NAME * len(bad)
    assert all(len(outcome.reason) < 600 for outcome in outcomes.values())


@given(
    st.sets(st.integers(1, 40), max_size=5), st.sets(st.integers(1, 40), max_size=20), st.sampled_from(list(WORDINGS))
)
@settings(max_examples=60, deadline=None)
def test_p5_healthy_names_are_published_as_if_the_guilty_were_not_there(
    bad: set[int], held: set[int], wording: str
) -> None:
    """With some names held before and others new, the guilty stay as they were, and all others are as claimed."""
    world = refusing(set(), 40)
    world.publish(*(key(f"n{number}") for number in held))
    before = {name: set(world.zones.owned[name]) for name in world.ledger.touched}
    world.zones.wording = WORDINGS[wording]
    world.zones.protected |= {key(f"n{number}") for number in bad}
    world.claim(*(claim(number + 100, name=f"n{number}") for number in range(1, 41)))
    calls = len(world.zones.batches)
    outcomes = {outcome.key: outcome.result for outcome in world.publish()}
    for number in range(1, 41):
        name = key(f"n{number}")
        guilty = name in world.zones.protected
        assert outcomes[name] is (NameResult.CONFLICT if guilty else NameResult.PUBLISHED)
        if guilty:
            assert world.zones.owned[name] == before[name]
        else:
            assert {owned.holder[-3:] for owned in world.zones.owned[name]} == {f"{number + 100:03x}"}
    assert len(world.zones.batches) - calls <= 3 + CALLS_A_NAME * len(bad)


@given(st.sets(st.integers(1, 60), max_size=4), st.randoms(use_true_random=False), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_p5_names_that_a_message_blames_at_random_are_published(bad: set[int], random: Random, share: float) -> None:
    """Each refusal blames other names, guilty or not. The guilty alone are in conflict, in bounded calls."""
    world = refusing(
        bad, 60, lambda _, names: ", ".join(f"DNS name {name} is bad" for name in names if random.random() < share)
    )
    outcomes = {outcome.key: outcome.result for outcome in world.publish()}
    assert {name for name, result in outcomes.items() if result is NameResult.CONFLICT} == world.zones.protected
    assert set(outcomes.values()) <= {NameResult.CONFLICT, NameResult.PUBLISHED}
    assert len(world.zones.batches) <= 3 + CALLS_A_NAME * len(bad)


@pytest.mark.parametrize("wording", [None, WORDINGS["empty"], WORDINGS["blames every second name"]])
def test_p5_calls_are_bounded_if_every_change_is_refused(wording: Wording | None) -> None:
    """If Route 53 refuses all handovers, a run ends after its refused calls, and says that an audit tries again."""
    world = refusing(set(), 400)
    world.publish()
    world.zones.wording = wording
    world.zones.protected |= set(world.ledger.touched)
    world.claim(*(claim(number + 1000, name=f"n{number}") for number in range(1, 401)))
    calls = len(world.zones.batches)
    outcomes = world.publish()
    assert {outcome.result for outcome in outcomes} == {NameResult.CONFLICT}
    assert len(world.zones.batches) - calls <= MAX_REFUSED_CALLS + 3
    assert sum("The next audit tries again" in outcome.reason for outcome in outcomes) >= 200
    assert all(world.zones.owned[outcome.key] for outcome in outcomes)


@wordings
def test_p11_zone_that_takes_nothing_new_lets_the_others_go_on(wording: Wording | None) -> None:
    """1,000 new names in a full zone are let go after a few calls. Handovers and ends are out in the same run."""
    world = World()
    world.claim(*(claim(number, name=f"old{number}") for number in range(1, 101)))
    world.publish()
    world.zones.room = 100
    world.zones.wording = wording or (lambda _message, _names: "[the zone has no place for this]")
    world.claim(*(claim(number, name=f"n{number}") for number in range(1001, 2001)))
    world.claim(*(claim(number + 200, name=f"old{number}") for number in range(1, 81)))
    for number in range(81, 101):
        world.withdraw(claim(number, name=f"old{number}"))
    calls = len(world.zones.batches)
    outcomes = {outcome.key.fqdn: outcome for outcome in world.publish()}
    assert all(outcomes[key(f"old{number}").fqdn].result is NameResult.PUBLISHED for number in range(1, 101))
    new = [outcomes[key(f"n{number}").fqdn] for number in range(1001, 2001)]
    # The ends made room for a few.
    assert sum(outcome.result is NameResult.CONFLICT for outcome in new) >= 980
    assert all(
        outcome.reason.startswith("Route 53 refused") for outcome in new if outcome.result is NameResult.CONFLICT
    )
    assert len(world.zones.batches) - calls <= 60


def test_p11_zone_that_is_full_costs_a_few_calls() -> None:
    """If all changes grow the zone and none is accepted, five probes show it."""
    world = refusing(set(), 1000)
    world.zones.room = 0
    world.zones.readable_messages = False
    outcomes = world.publish()
    assert {(outcome.result, outcome.zone_full) for outcome in outcomes[1:-1]} >= {(NameResult.CONFLICT, True)}
    assert {outcome.result for outcome in outcomes} == {NameResult.CONFLICT}
    assert len(world.zones.batches) == 1 + PROBES


def test_p11_few_new_names_are_each_tried_in_a_full_zone() -> None:
    """A zone with place for one more takes one of 20 new names, in whatever words it refuses the others."""
    world = refusing(set(), 20)
    world.zones.room = 1
    world.zones.readable_messages = False
    results = [outcome.result for outcome in world.publish()]
    assert (results.count(NameResult.PUBLISHED), results.count(NameResult.CONFLICT)) == (1, 19)
    assert len(world.zones.batches) <= 40


def test_p11_refused_unchanged_change_is_not_sent_again() -> None:
    """On redelivery, nothing is read or sent for a refused name until its claims change or a later audit marks it."""
    world = refusing({1, 2}, 3)
    world.publish()
    calls, reads = len(world.zones.batches), len(world.zones.reads)
    again = world.publish()
    assert [outcome.result for outcome in again] == [NameResult.CONFLICT, NameResult.CONFLICT, NameResult.UNCHANGED]
    assert "protected" in again[0].reason
    assert (len(world.zones.batches), len(world.zones.reads)) == (calls, reads)
    world.zones.protected.clear()
    world.claim(replace(claim(1, name="n1"), ttl=90))
    assert world.results(key("n1")) == {NameResult.PUBLISHED}
    marked = world.publisher.publish({key("n2"): Millis(NEVER + 1)}, [key("n2")], world.deadline)
    assert [outcome.result for outcome in marked] == [NameResult.PUBLISHED]


def test_p11_mark_that_was_tried_is_not_tried_again() -> None:
    """An audit's mark has a refused name sent once, also if the stream delivers the mark again."""
    world = refusing({1}, 1)
    world.publish()
    calls = len(world.zones.batches)
    for sent in (1, 1, 1):
        world.publisher.publish({key("n1"): Millis(500)}, [key("n1")], world.deadline)
        assert len(world.zones.batches) - calls == sent
    world.publisher.publish({key("n1"): Millis(501)}, [key("n1")], world.deadline)
    assert len(world.zones.batches) - calls == 2


def test_p5_unknown_error_is_retried_for_a_time_and_then_searched() -> None:
    """An unknown error is retried for two minutes. After that, the guilty name alone is in conflict."""
    world = refusing({7}, 20)
    world.zones.known_code = False
    changed_at = world.clock()
    for waited, expected in ((0, {NameResult.RETRY}), (PATIENCE_MILLIS, {NameResult.PUBLISHED, NameResult.CONFLICT})):
        world.clock.sleep(waited / 1000)
        outcomes = world.publisher.publish(dict.fromkeys(world.ledger.touched, changed_at), (), world.deadline)
        assert {outcome.result for outcome in outcomes} == expected
    assert [outcome.key for outcome in outcomes if outcome.result is NameResult.CONFLICT] == [key("n7")]


def test_p4_row_holds_its_own_message() -> None:
    """1,000 refused names whose refusal names all: a row has a few hundred bytes, with what is said of its own name."""
    world = refusing(set(range(1, 1001)), 1000)
    outcomes = world.publish()
    conflicts = {outcome.key: world.ledger.published[outcome.key].conflict or "" for outcome in outcomes}
    assert all(f"DNS name {name.fqdn}, type A is protected" in conflict for name, conflict in conflicts.items())
    assert max(map(len, conflicts.values())) < 300
    assert max(len(outcome.reason) for outcome in outcomes) < 300
