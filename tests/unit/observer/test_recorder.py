"""Claims are written so that crashes and slow workers do no harm."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from hub.runtime.model.names import Instance, InstanceState, Spoke
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import InstanceResult
from tests.support.build import PAYMENTS, key
from tests.support.memory import AMPLE, MemoryClock, MemoryOrganization
from tests.support.observer_world import World, tags_of


def test_what_was_decided_by_is_remembered_until_the_end(world: World) -> None:
    """The ledger can say why: it keeps the facts and the refusals, the latest ones, and nothing of what has ended."""
    subject = world.show(name=None, tags={"Owner": "x"})
    world.hear(subject)
    row = world.ledger.observations[subject]
    assert (row.instance, row.account) == (world.organization.instances[subject], PAYMENTS)
    assert {refusal.rule for refusal in row.refusals} == {"everybody", "short-names"}
    # The claims stay as they are; what is told of them does not.
    world.show(name=None, tags={"Owner": "y"})
    assert world.hear(subject).result is InstanceResult.UNCHANGED
    row = world.ledger.observations[subject]
    assert row.instance == world.organization.instances[subject]
    world.hear(subject, "terminated")
    row = world.ledger.observations[subject]
    assert (row.instance, row.account, row.refusals, row.claims) == (None, None, (), ())


@pytest.mark.parametrize("writes_before_the_crash", range(6))
def test_end_that_crashed_is_ended_by_its_repeat(world: World, writes_before_the_crash: int) -> None:
    """A worker died while it withdrew the names of an instance; the next one withdraws what is left of them."""
    subject = world.show()
    world.hear(subject)
    world.ledger.fail_at = writes_before_the_crash
    world.hear(subject, "terminated")
    world.ledger.fail_at = None
    world.hear(subject, "terminated", attempt=2)
    assert world.claimed() == set()
    assert world.ledger.observations[subject].settled


def test_older_look_never_overwrites_a_newer_one(world: World) -> None:
    """Two workers look at one instance; the one that looked first and writes last looks again, and sees the truth."""
    subject = world.show(name="old")
    looked = world.organization.describe
    slow: list[dict[str, Instance]] = []

    class SlowWorker(MemoryOrganization):
        def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
            seen = looked(spoke, instance_ids)
            if not slow:
                # While this worker has its answer and not yet written it, the other one looks and writes.
                slow.append(seen)
                world.show(name="new")
                world.hear(subject, None)
            return seen

    worker = replace(world.observer, instances=SlowWorker())
    (outcome,) = worker.observe([Hint(subject)], AMPLE)
    assert outcome.result is InstanceResult.UNCHANGED
    assert key("new").fqdn in world.claimed()
    assert key("old").fqdn not in world.claimed()


@pytest.mark.parametrize("behind", [0, 1, 5])
def test_end_wins_over_a_slow_look_whatever_the_clocks_say(world: World, behind: int) -> None:
    """A worker is slow between its row and its claims; meanwhile the instance ends, on a host whose clock is behind."""
    subject = world.show()
    observer = world.observer

    def end() -> None:
        late = MemoryClock(world.clock.now - behind - 1)
        (outcome,) = replace(observer, clock=late).observe([Hint(subject, InstanceState.TERMINATED)], AMPLE)
        assert outcome.result is InstanceResult.RECORDED

    world.ledger.between = end
    world.hear(subject)
    assert world.claimed() == set()
    assert world.hear(subject).result is InstanceResult.UNCHANGED
    assert world.claimed() == set()


def test_look_by_a_clock_that_is_behind_is_not_lost(world: World) -> None:
    """A newer look that seems older, because its host's clock is behind, looks again until it counts."""
    subject = world.show(name="old")
    world.hear(subject)
    world.show(name="new")
    behind = MemoryClock(world.clock.now - 300)
    worker = replace(world.observer, clock=behind, sleep=behind.sleep)
    (outcome,) = worker.observe([Hint(subject, expected_tags=tags_of("new"))], AMPLE)
    assert outcome.result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()


def test_registration_that_crashed_is_ended_by_the_same_look(world: World) -> None:
    """A worker died after its first write; the next one sees the same instance, and must not take it for done."""
    subject = world.show()
    world.ledger.fail_at = 1
    assert world.hear(subject).result is InstanceResult.RETRY
    world.ledger.fail_at = None
    assert world.claimed() == set()
    world.hear(subject)
    assert key("web").fqdn in world.claimed()


@pytest.mark.parametrize("writes_before_the_crash", range(12))
def test_crash_at_any_write_and_a_repeat_end_the_same(world: World, writes_before_the_crash: int) -> None:
    """A rename that is killed at any of its writes is whole after the message is delivered again."""
    subject = world.show(name="web")
    world.hear(subject)
    world.show(name="api")
    world.ledger.fail_at = writes_before_the_crash
    world.hear(subject, None)
    world.ledger.fail_at = None
    assert world.hear(subject, None).result in {InstanceResult.RECORDED, InstanceResult.UNCHANGED}
    assert world.claimed() == {
        "api.corp.internal.",
        "api.eu-central-1.payments.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


@pytest.mark.parametrize("writes_before_the_crash", range(8))
def test_crash_and_a_different_look_leave_no_claim_behind(world: World, writes_before_the_crash: int) -> None:
    """A claim that a crashed worker may have written is withdrawn by the next one, though it wants other names."""
    subject = world.show(name="one")
    world.ledger.fail_at = writes_before_the_crash
    world.hear(subject)
    world.ledger.fail_at = None
    world.show(name="two")
    world.hear(subject, None)
    assert key("one").fqdn not in world.claimed()
    assert key("two").fqdn in world.claimed()


def test_refusal_is_told_once(world: World) -> None:
    """What was refused is told when it changes, not at each look; the row keeps it."""
    subject = world.show(name="db")
    assert [refusal.rule for refusal in world.hear(subject).refusals] == ["short-names"]
    again = world.hear(subject)
    assert (again.result, again.refusals) == (InstanceResult.UNCHANGED, ())
    world.show(name="db", tags={"Other": "x"})
    assert world.hear(subject).refusals == ()
    kept = world.ledger.observations[subject]
    assert [refusal.rule for refusal in kept.refusals] == ["short-names"]
    assert kept.instance
    assert kept.instance.tag("Other") == "x"
