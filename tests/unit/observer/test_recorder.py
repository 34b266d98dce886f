"""Claims are written so that crashes and slow workers do no harm."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import pytest

from hub.runtime.model.names import Instance, InstanceState, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import WRITES, InstanceResult
from hub.runtime.ports import Outdated
from tests.support.build import PAYMENTS, key
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger, MemoryOrganization
from tests.support.use_cases.observer_world import World, tags_of


def test_facts_and_refusals_are_kept_until_the_end(world: World) -> None:
    """The ledger keeps the latest facts and refusals of an instance. Of one that ended it keeps the addresses only."""
    subject = world.show(name=None, tags={"Owner": "x"})
    world.event(subject)
    row = world.ledger.observations[subject]
    assert (row.instance, row.account) == (world.organization.instances[subject], PAYMENTS)
    assert {refusal.rule for refusal in row.refusals} == {"everybody", "short-names"}
    # The claims stay the same; the facts and refusals change.
    world.show(name=None, tags={"Owner": "y"})
    assert world.event(subject).result is InstanceResult.UNCHANGED
    row = world.ledger.observations[subject]
    assert row.instance == world.organization.instances[subject]
    world.event(subject, "terminated")
    row = world.ledger.observations[subject]
    assert (row.instance, row.account, row.refusals, row.claims) == (None, None, (), ())
    (address,) = world.organization.instances[subject].interfaces[0].ipv4
    assert [held for held, _ in row.held] == [address]


def test_addresses_are_kept_without_facts(world: World) -> None:
    """An instance that EC2 does not show any more keeps its addresses, with their names, until it shows it again."""
    subject = world.show(name="held")
    world.event(subject)
    (address,) = world.organization.instances[subject].interfaces[0].ipv4
    names = tuple(claim.key.fqdn for claim in world.ledger.observations[subject].claims)
    assert names
    recorder = world.observer.recorder
    for _ in range(2):
        recorder.missing(subject, "gone", recorder.looks([subject])[subject])
        row = world.ledger.observations[subject]
        assert (row.instance, row.held) == (None, ((address, names),))
    world.event(subject)
    row = world.ledger.observations[subject]
    assert (row.instance, row.held) == (world.organization.instances[subject], ())


@pytest.mark.parametrize("writes_before_the_crash", range(6))
def test_interrupted_end_is_completed_by_its_repeat(world: World, writes_before_the_crash: int) -> None:
    """A worker crashes while it withdraws the names of an instance; the next one withdraws the remaining names."""
    subject = world.show()
    world.event(subject)
    world.ledger.fail_at = writes_before_the_crash
    world.event(subject, "terminated")
    world.ledger.fail_at = None
    world.event(subject, "terminated", attempt=2)
    assert world.claimed() == set()
    assert world.ledger.observations[subject].settled


def test_older_description_never_overwrites_a_newer_one(world: World) -> None:
    """Of two workers on one instance, the one that described it first and writes last describes it again."""
    subject = world.show(name="old")
    describe_now = world.organization.describe
    slow: list[dict[str, Instance]] = []

    class SlowWorker(MemoryOrganization):
        def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
            described = describe_now(spoke, instance_ids)
            if not slow:
                # After this worker described the instance and before it writes, the other one describes it and writes.
                slow.append(described)
                world.show(name="new")
                world.event(subject, None)
            return described

    worker = replace(world.observer, instances=SlowWorker())
    (outcome,) = worker.observe([Hint(subject)], AMPLE)
    assert outcome.result is InstanceResult.UNCHANGED
    assert key("new").fqdn in world.claimed()
    assert key("old").fqdn not in world.claimed()


@pytest.mark.parametrize("behind", [0, 1, 5])
def test_end_wins_over_a_slow_worker_whatever_the_clocks_say(world: World, behind: int) -> None:
    """While a worker is between its row and its claims, another one with a slow clock records the end."""
    subject = world.show()
    observer = world.observer

    def end() -> None:
        late = MemoryClock(world.clock.now - behind - 1)
        (outcome,) = replace(observer, clock=late).observe([Hint(subject, InstanceState.TERMINATED)], AMPLE)
        assert outcome.result is InstanceResult.RECORDED

    world.ledger.between = end
    world.event(subject)
    assert world.claimed() == set()
    assert world.event(subject).result is InstanceResult.UNCHANGED
    assert world.claimed() == set()


def test_description_by_a_slow_clock_is_not_lost(world: World) -> None:
    """A description that seems old, because its host's clock is slow, is repeated until it counts."""
    subject = world.show(name="old")
    world.event(subject)
    world.show(name="new")
    behind = MemoryClock(world.clock.now - 300)
    worker = replace(world.observer, clock=behind, sleep=behind.sleep)
    (outcome,) = worker.observe([Hint(subject, expected_tags=tags_of("new"))], AMPLE)
    assert outcome.result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()


def test_interrupted_registration_is_completed_by_its_repeat(world: World) -> None:
    """A worker crashes after its first write; the next one finds the instance unchanged and still writes its claims."""
    subject = world.show()
    world.ledger.fail_at = 1
    assert world.event(subject).result is InstanceResult.RETRY
    world.ledger.fail_at = None
    assert world.claimed() == set()
    world.event(subject)
    assert key("web").fqdn in world.claimed()


@pytest.mark.parametrize("writes_before_the_crash", range(12))
def test_crash_at_any_write_and_a_repeat_end_the_same(world: World, writes_before_the_crash: int) -> None:
    """A rename that is interrupted at any write is complete after the event is delivered again."""
    subject = world.show(name="web")
    world.event(subject)
    world.show(name="api")
    world.ledger.fail_at = writes_before_the_crash
    world.event(subject, None)
    world.ledger.fail_at = None
    assert world.event(subject, None).result in {InstanceResult.RECORDED, InstanceResult.UNCHANGED}
    assert world.claimed() == {
        "api.corp.internal.",
        "api.eu-central-1.payments.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


@pytest.mark.parametrize("writes_before_the_crash", range(8))
def test_crash_and_a_changed_instance_leave_no_claim_behind(world: World, writes_before_the_crash: int) -> None:
    """The next worker withdraws what a crashed worker may have written, although it records other names."""
    subject = world.show(name="one")
    world.ledger.fail_at = writes_before_the_crash
    world.event(subject)
    world.ledger.fail_at = None
    world.show(name="two")
    world.event(subject, None)
    assert key("one").fqdn not in world.claimed()
    assert key("two").fqdn in world.claimed()


def test_refusal_is_reported_once(world: World) -> None:
    """Refusals are reported when they change, not after each description; the row keeps them."""
    subject = world.show(name="db")
    assert [refusal.rule for refusal in world.event(subject).refusals] == ["short-names"]
    again = world.event(subject)
    assert (again.result, again.refusals) == (InstanceResult.UNCHANGED, ())
    world.show(name="db", tags={"Other": "x"})
    assert world.event(subject).refusals == ()
    kept = world.ledger.observations[subject]
    assert [refusal.rule for refusal in kept.refusals] == ["short-names"]
    assert kept.instance
    assert kept.instance.tag("Other") == "x"


@dataclass(slots=True)
class Contended(MemoryLedger):
    """A ledger in which others always write the row of an instance first."""

    writes: int = 0

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        self.writes += 1
        raise Outdated(f"{observation.ref} over {over}")


def test_an_end_does_not_write_forever(world: World) -> None:
    """The event is delivered again instead."""
    subject = world.show()
    world.event(subject)
    ledger = Contended(world.ledger.observations, world.ledger.claims)
    outcome = replace(world.observer.recorder, ledger=ledger).ended(subject)
    assert (outcome.result, outcome.superseded, ledger.writes) == (InstanceResult.RETRY, True, WRITES)


def test_unchanged_claims_are_not_written_again(world: World) -> None:
    """A rename writes the names that change, and not the name that does not depend on the tag."""
    subject = world.show(name="web")
    world.event(subject)
    world.ledger.touched.clear()
    world.show(name="api")
    world.event(subject, None)
    assert {name.fqdn.split(".")[0] for name in world.ledger.touched} == {"web", "api"}
    assert "i-00000000000000001.instances.internal." in world.claimed()


def test_all_claims_are_written_again_where_some_may_be_missing(world: World) -> None:
    """After an interruption, and in a new generation of the ledger, unchanged claims are written, too."""
    subject = world.show(name="web")
    world.event(subject)
    world.show(name="api")
    world.ledger.fail_at = 2
    world.event(subject, None)
    world.ledger.fail_at = None
    for lost in (False, True):
        if lost:
            world.ledger.generation.lose()
        world.ledger.claims.clear()
        world.show(name="db")
        world.event(subject, None)
        assert "i-00000000000000001.instances.internal." in world.claimed()
