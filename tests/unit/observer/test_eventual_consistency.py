"""EC2 shows what an event reports later than the event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from hub.runtime.contract import GROUP_TAG
from hub.runtime.model.names import InstanceState
from hub.runtime.names.templates import Template
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import DELIVERIES_BEFORE_GONE
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.policy.rules import Rule
from tests.support.build import CORP, key, ref
from tests.support.observer_world import World, tags_of


def test_end_first_seen_by_the_look_counts(world: World) -> None:
    """An instance that ended before its event of running is looked at claims nothing."""
    subject = world.show()
    world.hear(subject)
    world.show(state=InstanceState.TERMINATED, address=None)
    looks = len(world.organization.looks)
    world.hear(subject, None)
    assert world.claimed() == set()
    assert len(world.organization.looks) == looks + 1


def test_stop_that_does_not_show_yet_is_looked_for_again(world: World) -> None:
    """EC2 may still show as running what an event calls stopped: the queue brings it back."""
    subject = world.show()
    assert world.hear(subject, "stopped").result is InstanceResult.RETRY
    assert world.hear(subject, "stopped", attempt=DELIVERIES_BEFORE_GONE).result is not InstanceResult.RETRY


@pytest.mark.parametrize(
    "unready",
    [
        lambda world: world.organization.instances.clear(),
        lambda world: world.show(address=None),
        lambda world: world.show(state=InstanceState.PENDING),
    ],
)
def test_instance_that_is_not_ready_is_looked_at_again_and_then_later(
    world: World, unready: Callable[[World], object]
) -> None:
    """What EC2 does not show yet is looked for a few times within seconds, and then left to the queue."""
    unready(world)
    outcome = world.hear(ref())
    assert outcome.result is InstanceResult.RETRY
    assert len(world.organization.looks) == 4
    assert world.claimed() == set()


def test_instance_that_shows_at_the_second_look_is_recorded(world: World) -> None:
    """An event that is faster than EC2's answer does not wait for the queue."""
    subject = world.show(state=InstanceState.PENDING)
    sleep = world.clock.sleep

    def wake(seconds: float) -> None:
        sleep(seconds)
        world.show()

    world.observer = replace(world.observer, sleep=wake)
    assert world.hear(subject).result is InstanceResult.RECORDED
    assert len(world.organization.looks) == 2


def test_instance_that_never_shows_is_dropped_in_the_end(world: World) -> None:
    """An event about an instance that is long gone does not end as a dead letter, and takes nothing away."""
    subject = world.show()
    world.hear(subject)
    before = world.claimed()
    world.organization.instances.clear()
    assert world.hear(subject, attempt=DELIVERIES_BEFORE_GONE).result is InstanceResult.DROPPED
    assert world.claimed() == before


def test_rename_that_does_not_show_yet_is_looked_for_again(world: World) -> None:
    """EC2 still shows the old tag when the event of the new one comes: the message is kept until it shows."""
    subject = world.show(name="old")
    world.hear(subject)
    first = world.hear(subject, None, ("new",))
    assert (first.result, first.reason) == (
        InstanceResult.RETRY,
        "EC2 does not show the state or tags that the event reports",
    )
    assert key("old").fqdn in world.claimed()
    world.show(name="new")
    assert world.hear(subject, None, ("new",), attempt=2).result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()


def test_tag_that_decides_nothing_is_not_waited_for(world: World) -> None:
    """An event tells all tags: of those that policy does not read, none has to show before the names count."""
    subject = world.show(name="web", tags={"Owner": "x"})
    early = Hint(subject, expected_tags=frozenset({(("Name", "web"), ("Owner", "y"))}))
    assert [outcome.result for outcome in world.observe(early)] == [InstanceResult.RECORDED]
    assert len(world.organization.looks) == 1


def test_tag_that_aws_sets_is_not_waited_for(world: World) -> None:
    """A rule may read the Auto Scaling group, of which an event about a person's tags need not tell."""
    by_group = Rule("by-group", (Template.parse("{asg}.corp.internal", [CORP]),), 60)
    rules = (*world.observer.policy.rules, by_group)
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=rules))
    subject = world.show(name="web", tags={GROUP_TAG: "fleet"})
    assert world.hear(subject, None, ("web",)).result is InstanceResult.RECORDED
    assert key("fleet").fqdn in world.claimed()


def test_ledger_that_is_away_is_told_though_tags_do_not_show_either(world: World) -> None:
    """Of two reasons to look again, the one that a person can do something about is told."""
    subject = world.show(name="old")
    world.ledger.fail_at = 0
    outcome = world.hear(subject, None, ("new",))
    assert (outcome.result, outcome.reason) == (InstanceResult.RETRY, "the ledger is away")


def test_rename_that_was_renamed_again_is_settled_in_the_end(world: World) -> None:
    """A late event of a name that the instance no longer has: what EC2 shows is recorded, and counts in the end."""
    subject = world.show(name="third")
    assert world.hear(subject, None, ("second",)).result is InstanceResult.RETRY
    assert key("third").fqdn in world.claimed()
    assert world.hear(subject, None, ("second",), attempt=DELIVERIES_BEFORE_GONE).result is InstanceResult.UNCHANGED


def test_removed_tag_is_expected_to_be_gone(world: World) -> None:
    """An event that tells that the Name tag is gone waits for a look without it."""
    subject = world.show(name="web")
    world.hear(subject)
    assert world.hear(subject, None, (None,)).result is InstanceResult.RETRY
    world.show(name=None)
    world.hear(subject, None, (None,), attempt=2)
    assert key("web").fqdn not in world.claimed()


def test_later_of_two_renames_counts(world: World) -> None:
    """Two renames in one batch, and EC2 still shows the first: the later one is what is looked for."""
    subject = world.show(name="first")
    early = Hint(subject, expected_tags=tags_of("first"), time="2026-11-02T09:00:00Z")
    late = Hint(subject, expected_tags=tags_of("second"), time="2026-11-02T09:00:01Z")
    for hints in permutations([early, late, replace(early, expected_tags=tags_of("zeroth"))]):
        (outcome,) = world.observe(*hints)
        assert outcome.result is InstanceResult.RETRY
    world.show(name="second")
    for hints in permutations([early, late, Hint(subject, InstanceState.RUNNING)]):
        (outcome,) = world.observe(*hints)
        assert outcome.result is not InstanceResult.RETRY


def test_fresh_hint_beside_an_old_one_has_its_own_patience(world: World) -> None:
    """An event delivered for the third time does not use up the patience of a new one about the same instance."""
    subject = world.show(name="old")
    time = "2026-11-02T09:00:00Z"
    fresh = Hint(subject, expected_tags=tags_of("new"), time=time)
    (outcome,) = world.observe(Hint(subject, InstanceState.RUNNING, attempt=3), fresh)
    assert outcome.result is InstanceResult.RETRY


def test_started_instance_that_still_shows_as_stopped_is_tried_again(world: World) -> None:
    """A tag changed while it was stopped counts when it runs, though EC2 is slow to show that it does."""
    subject = world.show(name="before")
    world.hear(subject)
    world.show(name="after", state=InstanceState.STOPPED)
    assert world.hear(subject).result is InstanceResult.RETRY
    world.show(name="after")
    world.hear(subject, attempt=2)
    assert key("after").fqdn in world.claimed()
    assert key("before").fqdn not in world.claimed()
