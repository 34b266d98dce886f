"""Which spokes the observer works on, and how they share its time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import product

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import Account, Instance, InstanceState, Spoke
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.policy.rules import Scope
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, key, ref
from tests.support.memory import MemoryOrganization
from tests.support.observer_world import World


def test_spoke_that_cannot_be_asked_is_tried_later(world: World) -> None:
    """A role that is missing or denied says nothing of the instances: no claim goes, and other spokes go on."""
    near, far = world.show(1), world.show(2, account=SEARCH.id)
    world.hear(near)
    before = world.claimed()
    world.organization.unreachable.add(near.spoke)
    outcomes = world.observe(Hint(near), Hint(far))
    assert {outcome.ref: outcome.result for outcome in outcomes} == {
        near: InstanceResult.RETRY,
        far: InstanceResult.RECORDED,
    }
    assert before < world.claimed()


def test_unknown_account_is_dropped(world: World) -> None:
    """An account that the organization does not have gets no look, no name, and no second delivery."""
    outcome = world.hear(ref(account="999999999999"))
    assert (outcome.result, outcome.reason) == (
        InstanceResult.DROPPED,
        "the organization has no account 999999999999",
    )
    assert world.organization.looks == []


def test_unknown_account_cannot_end_an_instance(world: World) -> None:
    """An event can only ever touch the instance that it names, in the account that it came from."""
    world.hear(world.show())
    before = world.claimed()
    world.hear(ref(account=SEARCH.id), "terminated")
    world.hear(ref(account="999999999999"), "terminated")
    assert world.claimed() == before


def test_region_that_is_not_covered_is_dropped(world: World) -> None:
    """Policy says which regions there are."""
    outcome = world.hear(ref(region="sa-east-1"))
    assert (outcome.result, outcome.reason) == (
        InstanceResult.DROPPED,
        "the configuration does not cover the region sa-east-1",
    )


def test_suspended_account_loses_nothing_by_an_event(world: World) -> None:
    """What becomes of a suspended account's names is not an event's to decide, but an end is an end."""
    one, two = world.show(1), world.show(2, name="two")
    world.hear(one)
    world.hear(two)
    world.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, PAYMENTS.label, active=False)
    assert world.hear(one, None).result is InstanceResult.DROPPED
    assert world.hear(two, "terminated").result is InstanceResult.RECORDED
    assert key("web").fqdn in world.claimed()
    assert key("two").fqdn not in world.claimed()


def test_spoke_that_answers_late_does_not_starve_another_for_ever(world: World) -> None:
    """A spoke that takes all the time does not come first each time."""
    slow, quick = world.show(1, account=PAYMENTS.id), world.show(2, account=SEARCH.id, name="quick")
    left = {"seconds": 90.0}

    class OneIsSlow(MemoryOrganization):
        def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
            if spoke == slow.spoke:
                left["seconds"] -= 60
                raise SpokeUnreachable("read timeout")
            return world.organization.describe(spoke, instance_ids)

    worker = replace(world.observer, instances=OneIsSlow())
    for _ in range(5):
        left["seconds"] = 90.0
        worker.observe(
            [Hint(slow, InstanceState.RUNNING), Hint(quick, InstanceState.RUNNING)], Deadline(lambda: left["seconds"])
        )
    assert key("quick").fqdn in world.claimed()


def test_many_spokes_wait_together(world: World) -> None:
    """The pauses between looks are the same for one spoke and for many."""
    regions = sorted(world.observer.policy.regions)
    subjects = [
        world.show(number, account=account, region=region, state=InstanceState.PENDING)
        for number, (account, region) in enumerate(product([PAYMENTS.id, SEARCH.id], regions), 1)
    ]
    before = world.clock.now
    world.observe(*(Hint(subject, InstanceState.RUNNING) for subject in subjects))
    assert world.clock.now - before < 4_000


def test_run_without_time_left_hands_back_what_it_cannot_do(world: World) -> None:
    """With no time for another question the messages are kept, and nothing is asked."""
    one, two = world.show(1), world.show(2, account=SEARCH.id)
    world.hear(two)
    before = world.claimed()
    looks = len(world.organization.looks)
    world.seconds_left = 10.0
    outcomes = world.observe(Hint(one), Hint(two, InstanceState.TERMINATED))
    assert {outcome.ref: outcome.result for outcome in outcomes} == {
        one: InstanceResult.RETRY,
        two: InstanceResult.RETRY,
    }
    assert (world.claimed(), len(world.organization.looks)) == (before, looks)


def test_one_look_a_spoke(world: World) -> None:
    """Instances of one spoke are described together."""
    subjects = [world.show(number, name=f"n{number}") for number in range(1, 31)]
    world.observe(*(Hint(subject, InstanceState.RUNNING) for subject in subjects))
    assert len(world.organization.looks) == 1
    assert len({claim.instance for claim in world.ledger.live_claims()}) == 30
    assert {claim.key.zone_id for claim in world.ledger.live_claims()} == {CORP_ZONE, *ZONE_IDS.values()}


def test_account_whose_units_nobody_tells_is_not_decided_about(world: World) -> None:
    """Where policy goes by units, an account without them loses nothing and is asked for again; ends need none."""
    one, two = world.show(1), world.show(2, name="two")
    world.hear(one)
    world.hear(two)
    before = world.claimed()
    everybody, *others = world.observer.policy.rules
    by_unit = replace(everybody, scope=Scope(units=frozenset({"ou-ab12-workload"})))
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=(by_unit, *others)))
    world.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, "payments")
    outcome = world.hear(one)
    told = f"Organizations does not return the organizational units of account {PAYMENTS.id}"
    assert (outcome.result, outcome.reason) == (InstanceResult.RETRY, told)
    assert world.claimed() == before
    assert world.hear(two, "terminated").result is InstanceResult.RECORDED
    assert "two.corp.internal." not in world.claimed()
