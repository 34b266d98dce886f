"""Which spokes the observer works on, and how they share its time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import product

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import Account, Instance, InstanceState, Spoke
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.policy.rules import Scope
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, key, ref
from tests.support.memory import MemoryOrganization
from tests.support.use_cases.observer_world import World


def test_event_of_an_unreachable_spoke_is_retried(world: World) -> None:
    """If a role is missing or denies access, no claim is withdrawn, and other spokes are not affected."""
    near, far = world.show(1), world.show(2, account=SEARCH.id)
    world.event(near)
    before = world.claimed()
    world.organization.unreachable.add(near.spoke)
    outcomes = world.observe(Hint(near), Hint(far))
    assert {outcome.ref: outcome.result for outcome in outcomes} == {
        near: InstanceResult.RETRY,
        far: InstanceResult.RECORDED,
    }
    assert before < world.claimed()


def test_unknown_account_is_dropped(world: World) -> None:
    """For an account outside the organization, nothing is described or named, and the event is not retried."""
    outcome = world.event(ref(account="999999999999"))
    assert (outcome.result, outcome.reason) == (
        InstanceResult.NOT_COVERED,
        "the organization has no account 999999999999",
    )
    assert world.organization.descriptions == []


def test_unknown_account_cannot_end_an_instance(world: World) -> None:
    """An event can only affect the instance that it names, in the account that it comes from."""
    world.event(world.show())
    before = world.claimed()
    world.event(ref(account=SEARCH.id), "terminated")
    world.event(ref(account="999999999999"), "terminated")
    assert world.claimed() == before


def test_region_that_is_not_covered_is_dropped(world: World) -> None:
    """An event of a region that policy does not cover is dropped."""
    outcome = world.event(ref(region="sa-east-1"))
    assert (outcome.result, outcome.reason) == (
        InstanceResult.NOT_COVERED,
        "the configuration does not cover the region sa-east-1",
    )


def test_event_removes_no_name_of_a_suspended_account(world: World) -> None:
    """An event removes no name of a suspended account, except for an end."""
    first, second = world.show(1), world.show(2, name="two")
    world.event(first)
    world.event(second)
    world.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, PAYMENTS.label, active=False)
    assert world.event(first, None).result is InstanceResult.NOT_COVERED
    assert world.event(second, "terminated").result is InstanceResult.RECORDED
    assert key("web").fqdn in world.claimed()
    assert key("two").fqdn not in world.claimed()


@pytest.mark.parametrize("final", [False, True])
def test_account_that_is_not_covered_gets_nothing(world: World, *, final: bool) -> None:
    """Nothing is described or recorded for it, whatever its event says."""
    world.organization.accounts[PAYMENTS.id] = replace(PAYMENTS, units=("r-ab12", "ou-ab12-outside1"))
    outcome = world.event(world.show(), "terminated" if final else "running")
    assert (outcome.result, outcome.reason) == (
        InstanceResult.NOT_COVERED,
        f"the configuration does not cover the account {PAYMENTS.id}",
    )
    assert world.organization.descriptions == []
    assert world.ledger.observation(outcome.ref) is None


def test_account_that_is_no_longer_covered_can_end_its_instances(world: World) -> None:
    """Its names stay until the grace period is over, but an end is final."""
    first, second = world.show(1), world.show(2, name="two")
    world.event(first)
    world.event(second)
    world.organization.accounts[PAYMENTS.id] = replace(PAYMENTS, units=("r-ab12",))
    assert world.event(first, "running").result is InstanceResult.NOT_COVERED
    assert world.event(second, "terminated").result is InstanceResult.RECORDED
    assert key("web").fqdn in world.claimed()
    assert key("two").fqdn not in world.claimed()


class SomeAreSlow(MemoryOrganization):
    """An organization with slow spokes: each description of one takes a minute of the run, and then fails."""

    def __init__(self, organization: MemoryOrganization, slow: Collection[Spoke], remaining: dict[str, float]) -> None:
        super().__init__(organization.accounts)
        self.organization = organization
        self.slow = slow
        self.remaining = remaining
        self.asked: list[Spoke] = []

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        self.asked.append(spoke)
        if spoke in self.slow:
            self.remaining["seconds"] -= 60
            raise SpokeUnreachable("read timeout")
        return self.organization.describe(spoke, instance_ids)


def test_slow_spoke_does_not_starve_others(world: World) -> None:
    """A spoke that uses up the time of a run is not the first in each run."""
    slow, quick = world.show(1, account=PAYMENTS.id), world.show(2, account=SEARCH.id, name="quick")
    remaining = {"seconds": 90.0}
    worker = replace(world.observer, instances=SomeAreSlow(world.organization, {slow.spoke}, remaining))
    for _ in range(5):
        remaining["seconds"] = 90.0
        worker.observe(
            [Hint(slow, InstanceState.RUNNING), Hint(quick, InstanceState.RUNNING)],
            Deadline(lambda: remaining["seconds"]),
        )
    assert key("quick").fqdn in world.claimed()


def test_account_whose_spokes_do_not_answer_delays_others_once(world: World) -> None:
    """Its two spokes have the fewest events. After the first of them fails, the other account's spoke comes next."""
    regions = sorted(world.observer.policy.coverage.regions)[:2]
    slow = [world.show(number, account=SEARCH.id, region=region) for number, region in enumerate(regions, 1)]
    quick = [world.show(number, name=f"quick{number}") for number in range(10, 20)]
    remaining = {"seconds": 150.0}
    organization = SomeAreSlow(world.organization, {ref.spoke for ref in slow}, remaining)
    worker = replace(world.observer, instances=organization)
    hints = [Hint(subject, InstanceState.RUNNING) for subject in [*slow, *quick]]
    outcomes = worker.observe(hints, Deadline(lambda: remaining["seconds"]))
    results = {outcome.ref: outcome.result for outcome in outcomes}
    assert {results[ref] for ref in quick} == {InstanceResult.RECORDED}
    assert {results[ref] for ref in slow} == {InstanceResult.RETRY}
    assert organization.asked[1] == quick[0].spoke


def test_account_with_few_events_comes_first(world: World) -> None:
    """Its event comes before the events of an account with many, also before the ends among them."""
    many = [world.show(number, name=f"n{number}") for number in range(1, 31)]
    few = world.show(40, account=SEARCH.id, name="few")
    hints = [*(Hint(subject, InstanceState.TERMINATED) for subject in many[:15])]
    hints += [Hint(subject, InstanceState.RUNNING) for subject in [*many[15:], few]]
    for _ in range(5):
        outcomes = world.observe(*hints)
        assert outcomes[0].ref == few
        world.clock.now += 7


def test_spokes_wait_together(world: World) -> None:
    """The pauses between descriptions are the same for one spoke and for many."""
    regions = sorted(world.observer.policy.coverage.regions)
    subjects = [
        world.show(number, account=account, region=region, state=InstanceState.PENDING)
        for number, (account, region) in enumerate(product([PAYMENTS.id, SEARCH.id], regions), 1)
    ]
    before = world.clock.now
    world.observe(*(Hint(subject, InstanceState.RUNNING) for subject in subjects))
    assert world.clock.now - before < 4_000


def test_run_without_time_retries_all_events(world: World) -> None:
    """Without time for another call, the events are retried and no call is made."""
    first, second = world.show(1), world.show(2, account=SEARCH.id)
    world.event(second)
    before = world.claimed()
    descriptions = len(world.organization.descriptions)
    world.seconds_left = 10.0
    outcomes = world.observe(Hint(first), Hint(second, InstanceState.TERMINATED))
    assert {outcome.ref: outcome.result for outcome in outcomes} == {
        first: InstanceResult.RETRY,
        second: InstanceResult.RETRY,
    }
    assert (world.claimed(), len(world.organization.descriptions)) == (before, descriptions)


def test_instances_of_a_spoke_are_described_together(world: World) -> None:
    """Instances of one spoke are described together."""
    subjects = [world.show(number, name=f"n{number}") for number in range(1, 31)]
    world.observe(*(Hint(subject, InstanceState.RUNNING) for subject in subjects))
    assert len(world.organization.descriptions) == 1
    assert len({claim.instance for claim in world.ledger.live_claims()}) == 30
    assert {claim.key.zone_id for claim in world.ledger.live_claims()} == {CORP_ZONE, *ZONE_IDS.values()}


def test_account_with_unknown_units_loses_nothing(world: World) -> None:
    """If the account's units are unknown, no name is removed and every event is retried, as if its name were."""
    first, second = world.show(1), world.show(2, name="two")
    world.event(first)
    world.event(second)
    before = world.claimed()
    everybody, *others = world.observer.policy.rules
    by_unit = replace(everybody, scope=Scope(units=frozenset({"ou-ab12-workload"})))
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=(by_unit, *others)))
    world.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, "payments")
    outcome = world.event(first)
    reason = f"Organizations does not return the organizational units of account {PAYMENTS.id}"
    assert (outcome.result, outcome.reason) == (InstanceResult.RETRY, reason)
    assert world.claimed() == before
    assert world.event(second, "terminated").result is InstanceResult.RETRY
    assert world.claimed() == before
