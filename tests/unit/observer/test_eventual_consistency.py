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
from tests.support.use_cases.observer_world import World, tags_of


def test_end_that_only_the_description_shows_counts(world: World) -> None:
    """An instance that ended before it is described claims nothing, although its event says that it runs."""
    subject = world.show()
    world.event(subject)
    world.show(state=InstanceState.TERMINATED, address=None)
    descriptions = len(world.organization.descriptions)
    world.event(subject, None)
    assert world.claimed() == set()
    assert len(world.organization.descriptions) == descriptions + 1


def test_stop_that_ec2_does_not_show_yet_is_retried(world: World) -> None:
    """EC2 may still show a stopped instance as running: the queue delivers the event again."""
    subject = world.show()
    assert world.event(subject, "stopped").result is InstanceResult.RETRY
    assert world.event(subject, "stopped", attempt=DELIVERIES_BEFORE_GONE).result is not InstanceResult.RETRY


@pytest.mark.parametrize(
    "unready",
    [
        lambda world: world.organization.instances.clear(),
        lambda world: world.show(address=None),
        lambda world: world.show(state=InstanceState.PENDING),
    ],
)
def test_instance_that_is_not_ready_is_described_again_and_then_retried(
    world: World, unready: Callable[[World], object]
) -> None:
    """The observer describes such an instance a few times within seconds, and then leaves it to the queue."""
    unready(world)
    outcome = world.event(ref())
    assert outcome.result is InstanceResult.RETRY
    assert len(world.organization.descriptions) == 4
    assert world.claimed() == set()


def test_instance_in_the_second_description_is_recorded(world: World) -> None:
    """An event that overtakes EC2's own data does not have to wait for the queue."""
    subject = world.show(state=InstanceState.PENDING)
    sleep = world.clock.sleep

    def wake(seconds: float) -> None:
        sleep(seconds)
        world.show()

    world.observer = replace(world.observer, sleep=wake)
    assert world.event(subject).result is InstanceResult.RECORDED
    assert len(world.organization.descriptions) == 2


def test_instance_that_ec2_never_shows_is_dropped(world: World) -> None:
    """An event about an instance that ended long ago does not become a dead letter, and removes nothing."""
    subject = world.show()
    world.event(subject)
    before = world.claimed()
    world.organization.instances.clear()
    assert world.event(subject, attempt=DELIVERIES_BEFORE_GONE).result is InstanceResult.DROPPED
    assert world.claimed() == before


def test_rename_that_ec2_does_not_show_yet_is_retried(world: World) -> None:
    """EC2 still shows the old tag when the event of the new one arrives: the event is retried until EC2 shows it."""
    subject = world.show(name="old")
    world.event(subject)
    first = world.event(subject, None, ("new",))
    assert (first.result, first.reason) == (
        InstanceResult.RETRY,
        "EC2 does not show the state or tags that the event reports",
    )
    assert key("old").fqdn in world.claimed()
    world.show(name="new")
    assert world.event(subject, None, ("new",), attempt=2).result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()


def test_observer_does_not_wait_for_tags_that_policy_ignores(world: World) -> None:
    """An event reports all tags. The observer waits only for those that policy reads."""
    subject = world.show(name="web", tags={"Owner": "x"})
    early = Hint(subject, expected_tags=frozenset({(("Name", "web"), ("Owner", "y"))}))
    assert [outcome.result for outcome in world.observe(early)] == [InstanceResult.RECORDED]
    assert len(world.organization.descriptions) == 1


def test_observer_does_not_wait_for_tags_that_aws_sets(world: World) -> None:
    """A rule may read the Auto Scaling group's tag, which events need not report."""
    by_group = Rule("by-group", (Template.parse("{asg}.corp.internal", [CORP]),), 60)
    rules = (*world.observer.policy.rules, by_group)
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=rules))
    subject = world.show(name="web", tags={GROUP_TAG: "fleet"})
    assert world.event(subject, None, ("web",)).result is InstanceResult.RECORDED
    assert key("fleet").fqdn in world.claimed()


def test_unavailable_ledger_is_reported_before_missing_tags(world: World) -> None:
    """Of two reasons for a retry, the outcome has the one that a person can act on."""
    subject = world.show(name="old")
    world.ledger.fail_at = 0
    outcome = world.event(subject, None, ("new",))
    assert (outcome.result, outcome.reason) == (InstanceResult.RETRY, "the ledger is away")


def test_event_of_an_outdated_name_is_not_retried_for_ever(world: World) -> None:
    """A late event reports a name that the instance no longer has: what EC2 shows is recorded, and is final."""
    subject = world.show(name="third")
    assert world.event(subject, None, ("second",)).result is InstanceResult.RETRY
    assert key("third").fqdn in world.claimed()
    assert world.event(subject, None, ("second",), attempt=DELIVERIES_BEFORE_GONE).result is InstanceResult.UNCHANGED


def test_observer_waits_until_ec2_no_longer_shows_a_removed_tag(world: World) -> None:
    """An event without the Name tag waits for a description without it."""
    subject = world.show(name="web")
    world.event(subject)
    assert world.event(subject, None, (None,)).result is InstanceResult.RETRY
    world.show(name=None)
    world.event(subject, None, (None,), attempt=2)
    assert key("web").fqdn not in world.claimed()


def test_later_of_two_renames_counts(world: World) -> None:
    """Two renames are in one batch, and EC2 still shows the first: the observer waits for the later one."""
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


def test_new_event_beside_an_old_one_has_all_its_retries(world: World) -> None:
    """An event in its third delivery does not shorten the retries of a new event about the same instance."""
    subject = world.show(name="old")
    time = "2026-11-02T09:00:00Z"
    fresh = Hint(subject, expected_tags=tags_of("new"), time=time)
    (outcome,) = world.observe(Hint(subject, InstanceState.RUNNING, attempt=3), fresh)
    assert outcome.result is InstanceResult.RETRY


def test_started_instance_that_ec2_shows_as_stopped_is_retried(world: World) -> None:
    """A tag that changed while the instance was stopped counts when it runs, although EC2 shows that late."""
    subject = world.show(name="before")
    world.event(subject)
    world.show(name="after", state=InstanceState.STOPPED)
    assert world.event(subject).result is InstanceResult.RETRY
    world.show(name="after")
    world.event(subject, attempt=2)
    assert key("after").fqdn in world.claimed()
    assert key("before").fqdn not in world.claimed()
