"""An instance whose names keep changing: a bounded number of writes and descriptions, and the truth with each sweep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.damping import Damping
from hub.runtime.model.names import NEVER, InstanceRef, InstanceState
from hub.runtime.observer.recorder import InstanceResult
from tests.support.build import key
from tests.support.use_cases.observer_world import World

MINUTE = 60_000


def flip(world: World, times: int, *, seconds: float = 1.0) -> list[InstanceResult]:
    """Change the name of an instance, and report it, so many times."""
    results = []
    for number in range(times):
        subject = world.show(name=f"n{number}")
        results.append(world.event(subject, None).result)
        world.clock.sleep(seconds)
    return results


def test_ten_changes_and_then_none(world: World) -> None:
    """The instance keeps the names of its tenth change. The row says why, once, and until when."""
    world.event(world.show())
    results = flip(world, 13)
    assert results == [InstanceResult.RECORDED] * 10 + [InstanceResult.DAMPED] + [InstanceResult.STILL_DAMPED] * 2
    assert key("n9").fqdn in world.claimed()
    (row,) = world.ledger.observations.values()
    assert row.damping.reason == "its names changed 10 times within a short time"
    assert row.damping.until - world.clock.now == pytest.approx(20 * MINUTE, abs=30_000)
    assert row.settled


def test_damped_instance_is_not_described(world: World) -> None:
    """If all instances of a spoke are damped, the reader role is not even assumed. Others are described."""
    world.event(world.show())
    flip(world, 11)
    world.organization.descriptions.clear()
    writes = dict(world.ledger.observations)
    flip(world, 5)
    assert world.organization.descriptions == []
    assert world.ledger.observations == writes
    other = world.show(2, name="other")
    assert world.event(other).result is InstanceResult.RECORDED
    assert [ids for _, ids in world.organization.descriptions] == [(other.id,)]


def test_damping_ends_with_time(world: World) -> None:
    """After twenty minutes the next event changes the names, and the row says nothing of damping any more."""
    world.event(world.show())
    flip(world, 12)
    world.clock.sleep(20 * 60)
    subject = world.show(name="last")
    assert world.event(subject, None).result is InstanceResult.RECORDED
    assert key("last").fqdn in world.claimed()
    damping = world.ledger.observations[subject].damping
    assert (damping.until, damping.reason) == (NEVER, "")
    assert flip(world, 2) == [InstanceResult.DAMPED, InstanceResult.STILL_DAMPED]


def test_end_is_never_damped(world: World) -> None:
    """The names of a damped instance go with its end."""
    world.event(subject := world.show())
    flip(world, 12)
    assert world.event(subject, "terminated").result is InstanceResult.RECORDED
    assert world.claimed() == set()
    assert world.ledger.observations[subject].damping == Damping()


def test_honest_instance_is_never_damped(world: World) -> None:
    """An instance that is stopped and started five times in ten minutes."""
    world.event(subject := world.show())
    for _ in range(5):
        for state in (InstanceState.STOPPING, InstanceState.STOPPED, InstanceState.RUNNING):
            shown = world.organization.instances[subject]
            world.organization.instances[subject] = replace(shown, state=state)
            assert world.event(subject, state).result in {InstanceResult.RECORDED, InstanceResult.UNCHANGED}
            world.clock.sleep(40)
    assert all(claim.running for claim in world.ledger.live_claims())


def test_first_claims_are_free(world: World) -> None:
    """An instance that gets names, and did not have any, is not damped for it, and neither is what only repeats."""
    world.event(subject := world.show())
    for _ in range(20):
        world.event(subject)
    assert world.ledger.observations[subject].damping.used == 0
    assert flip(world, 10) == [InstanceResult.RECORDED] * 10


def test_a_new_generation_of_the_ledger_is_free(world: World) -> None:
    """What the ledger may have lost is written again, damped or not."""
    world.event(subject := world.show())
    flip(world, 12)
    world.ledger.generation.lose()
    world.show(name="after")
    assert world.event(subject, None).result is InstanceResult.RECORDED
    assert key("after").fqdn in world.claimed()


@pytest.mark.parametrize("writes_before_the_crash", range(1, 8))
def test_unfinished_change_is_finished(world: World, writes_before_the_crash: int) -> None:
    """A worker is killed in the last change that is left. The next one completes it, and damps the instance."""
    world.event(subject := world.show())
    flip(world, 9)
    world.ledger.fail_at = writes_before_the_crash
    world.show(name="half")
    world.event(subject, None)
    world.ledger.fail_at = None
    world.show(name="other")
    world.event(subject, None)
    row = world.ledger.observations[subject]
    assert row.settled
    assert {claim.key for claim in row.claims} == {claim.key for claim in world.ledger.live_claims()}
    assert flip(world, 2)[-1] is InstanceResult.STILL_DAMPED


def test_ledger_that_fails_retries_only_what_is_not_damped(world: World) -> None:
    """The event of the damped instance is done."""
    world.event(world.show())
    flip(world, 11)
    world.organization.unreachable.add(world.show().spoke)
    assert flip(world, 1) == [InstanceResult.STILL_DAMPED]
    world.ledger.fail_at = 0
    world.clock.sleep(20 * 60)
    assert flip(world, 1) == [InstanceResult.RETRY]


def contradicted(world: World, subject: InstanceRef, times: int) -> list[InstanceResult]:
    """Report tags that EC2 never shows."""
    return [world.event(subject, None, (f"other{number}",)).result for number in range(times)]


@pytest.mark.parametrize("name", ["same", None])
def test_event_that_ec2_contradicts_comes_again_ten_times(world: World, name: str | None) -> None:
    """A tag flips faster than EC2 shows it. Events that come again fill the queue, so an instance has few of them."""
    only_named(world)
    subject = world.show(name=name)
    world.event(subject, None)
    assert contradicted(world, subject, 14) == [InstanceResult.RETRY] * 10 + [InstanceResult.UNCHANGED] * 4
    world.organization.descriptions.clear()
    contradicted(world, subject, 1)
    assert len(world.organization.descriptions) == 1
    world.clock.sleep(20 * 60)
    assert contradicted(world, subject, 2) == [InstanceResult.RETRY, InstanceResult.UNCHANGED]


def test_first_names_of_an_instance_that_ec2_contradicted(world: World) -> None:
    """They are not damped, whatever came before."""
    only_named(world)
    world.event(subject := world.show(name=None), None)
    contradicted(world, subject, 12)
    world.show(name="first")
    assert world.event(subject, None).result is InstanceResult.RECORDED
    assert key("first").fqdn in world.claimed()


def only_named(world: World) -> None:
    """Leave out the rule that names every instance by its id."""
    policy = world.observer.policy
    rules = tuple(rule for rule in policy.rules if "instances.internal" not in repr(rule))
    world.observer = replace(world.observer, policy=replace(policy, rules=rules))
