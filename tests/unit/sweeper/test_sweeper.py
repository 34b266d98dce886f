"""What a sweep finds, and what it removes and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Claim, InstanceRef, InstanceState, Spoke
from hub.runtime.model.usage import Limits, Usage, usage_of
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import GONE, InstanceResult
from hub.runtime.observer.usage import AccountUsage
from hub.runtime.sweeper.sweeper import ON_ITS_WAY
from tests.support.build import CORP_ZONE, ZONE_IDS, instance, interface
from tests.support.memory import AMPLE, MemoryOrganization
from tests.support.use_cases.sweeper_world import POLICY, SPOKE, World


def test_sweep_finds_instances_from_before_the_rollout(world: World) -> None:
    """Instances from before the rollout get their names, and do not count as missed events."""
    refs = world.show(1, 2, 3)
    swept = world.sweep()
    assert swept.complete
    assert (swept.changed, swept.status.instances, swept.status.missed) == (3, 3, 0)
    assert swept.status.names == len(world.ledger.live_claims())
    assert world.claimants() == set(refs)
    assert [outcome.result for outcome in world.reported] == [InstanceResult.RECORDED] * 3


def test_second_sweep_writes_nothing_but_its_status(world: World) -> None:
    """If nothing changed, no instance's row and no claim is written."""
    world.show(1, 2)
    world.sweep()
    world.reported.clear()
    world.ledger.fail_at = 0
    assert world.sweep().changed == 0
    assert world.reported == []


def test_n3_what_a_call_reported_is_not_missed(world: World) -> None:
    """The changes that a sweep finds after a call do not count as missed by events."""
    (ref,) = world.show(1)
    world.sweep()
    world.show(1, name="other")
    swept = world.sweep(after_call=True)
    assert (swept.changed, swept.status.missed, swept.status.missed_ever) == (1, 0, 0)
    assert world.claimants() == {ref}


def test_n3_a_sweep_after_a_call_hides_no_missed_event(world: World) -> None:
    """No call starts an instance, so its event was missed; and what the last sweep of the schedule found stays."""
    world.sweep()
    world.show(1)
    assert world.sweep().status.missed == 1
    world.show(2)
    after_call = world.sweep(after_call=True)
    assert (after_call.missed, after_call.status.missed, after_call.status.missed_ever) == (1, 1, 2)
    assert world.sweep().status.missed == 0


def test_policy_of_a_second_sweep_is_remembered(world: World) -> None:
    """The status has the policy that the spoke was swept by, and when that sweep began."""
    world.sweep()
    world.digest = "p2"
    before = world.clock.now
    status = world.sweep().status
    assert status.policy == "p2"
    assert before < status.swept_at <= world.clock.now


def test_sweep_counts_missed_events(world: World) -> None:
    """A tag, an address, a start and an end without events are found and counted."""
    missing, ended, retagged, kept = world.show(1, 2, 3, 4)
    world.sweep()
    world.end(missing)
    shown = world.organization.instances
    shown[ended] = replace(shown[ended], state=InstanceState.TERMINATED, interfaces=())
    world.show(3, name="other")
    world.show(4, interfaces=(interface("10.0.0.5", ipv6=("fd00::1",)),), name="n4")
    world.show(5)
    swept = world.sweep()
    assert (swept.status.missed, swept.status.missed_ever) == (5, 5)
    assert world.names() == {"other", "n4", "n5"}
    assert world.claimants() == {retagged, kept, instance(5).ref}
    assert world.sweep().status.missed_ever == 5


def test_young_instance_and_new_policy_do_not_count_as_missed(world: World) -> None:
    """A change whose event may still be on its way does not count as missed, nor does a change by a new policy."""
    world.show(1)
    world.sweep()
    world.show(2, launched_at=world.clock.now - ON_ITS_WAY + 1_000)
    assert world.sweep().status.missed == 0
    world.digest, world.policy = "p2", replace(POLICY, rules=POLICY.rules[:1])
    swept = world.sweep()
    assert (swept.changed, swept.status.missed) == (2, 0)


def test_unknown_terminated_instance_is_not_recorded(world: World) -> None:
    """EC2 shows an ended instance for an hour: if the ledger does not know it, nothing is written."""
    world.show(1, state=InstanceState.TERMINATED)
    swept = world.sweep()
    assert (swept.changed, swept.status.instances) == (0, 0)
    assert world.ledger.observations == {}


def test_pending_instance_keeps_its_names(world: World) -> None:
    """An instance that starts again, or has no address for a moment, keeps its names."""
    world.show(1, 2)
    world.sweep()
    world.show(1, state=InstanceState.PENDING)
    world.show(2, interfaces=())
    assert world.sweep().changed == 0
    assert world.names() == {"n1", "n2"}


def test_instance_that_one_listing_leaves_out_keeps_its_names(world: World) -> None:
    """Only the instance that the listing did not show is described again."""
    (unlisted, *_) = world.show(1, 2)
    world.sweep()
    world.organization.unlisted = {unlisted}
    world.organization.descriptions.clear()
    assert world.sweep().changed == 0
    assert world.organization.descriptions == [(SPOKE, (unlisted.id,))]
    assert world.names() == {"n1", "n2"}


def test_instance_that_ec2_shows_again_gets_its_names_back(world: World) -> None:
    """An instance that EC2 did not show twice has not ended: when EC2 shows it again, it claims its names again."""
    world.show(1)
    world.sweep()
    shown, world.organization.instances = world.organization.instances, {}
    world.sweep()
    assert world.names() == set()
    row = world.ledger.observations[instance(1).ref]
    assert (row.ended, row.refusals[0].reason) == (False, GONE)
    world.organization.instances = shown
    world.sweep()
    assert world.names() == {"n1"}


def test_listing_that_breaks_removes_nothing(world: World) -> None:
    """A listing that breaks is incomplete after any number of pages: only the instances in it are recorded."""
    world.show(1, 2, 3)
    world.sweep()
    world.end(instance(3).ref)
    world.show(1, name="other")
    world.organization.page, world.organization.breaks_after = 1, 1
    swept = world.sweep()
    assert not swept.complete
    assert "broke" in swept.status.fault
    assert world.names() == {"other", "n2", "n3"}
    world.organization.breaks_after = None
    assert world.sweep().complete
    assert world.names() == {"other", "n2"}


def test_newer_event_is_not_undone(world: World) -> None:
    """An instance that an event adds during the listing does not count as missing."""
    world.show(1)
    world.sweep()
    late = instance(2, name="n2")

    class Late(MemoryOrganization):
        def pages(self, spoke: Spoke):  # type: ignore[no-untyped-def]  # noqa: ANN202
            yield from MemoryOrganization.pages(self, spoke)
            self.instances[late.ref] = late
            observer = Observer(POLICY, ZONE_IDS, self, self, self, world.recorder, world.clock, world.clock.sleep)
            observer.observe([Hint(late.ref, InstanceState.RUNNING)], AMPLE)

    world.organization = Late(world.organization.accounts, world.organization.instances)
    world.organization.descriptions.clear()
    world.sweep()
    assert world.names() == {"n1", "n2"}
    # The sweep describes it once more: its row is there, and the listing, which may be older, does not have it.
    assert len(world.organization.descriptions) == 2


def test_too_many_removals_await_approval(world: World) -> None:
    """Removals above both limits are made only after a person approves exactly these."""
    refs = world.show(*range(1, 13))
    world.sweep()
    world.end(*refs[:6])
    pending_removals = world.sweep().status
    assert pending_removals.pending_removals == tuple(sorted(ref.id for ref in refs[:6]))
    assert pending_removals.pending_names > 10
    assert world.claimants() == set(refs)
    world.statuses.approve_spoke(SPOKE)
    world.end(*refs[6:])
    again = world.sweep().status
    assert world.claimants() == set(refs[6:])
    assert again.pending_removals == tuple(sorted(ref.id for ref in refs[6:]))
    world.organization.instances = {refs[number]: instance(number + 1, name="back") for number in range(6, 12)}
    assert world.sweep().status.pending_removals == ()
    assert world.statuses.spokes[SPOKE].approved == frozenset()


@pytest.mark.parametrize(("shown", "result"), [(3, 3), (40, 11)])
def test_few_removals_are_made(world: World, shown: int, result: int) -> None:
    """Removals that exceed only one of the limits are made."""
    refs = world.show(*range(1, shown + 1))
    world.sweep()
    world.end(*refs[:result])
    assert world.sweep().status.pending_removals == ()
    assert world.claimants() == set(refs[result:])


def test_policy_that_removes_all_names_awaits_approval(world: World) -> None:
    """A policy that takes all names from instances awaits approval; changed names do not."""
    refs = world.show(*range(1, 13))
    world.sweep()
    world.digest, world.policy = "p2", replace(POLICY, rules=POLICY.rules[2:])
    assert world.sweep().status.pending_removals == ()
    world.digest, world.policy = "p3", replace(POLICY, rules=())
    assert len(world.sweep().status.pending_removals) == len(refs)
    assert world.claimants() == set(refs)
    world.statuses.approve_spoke(SPOKE)
    world.sweep()
    assert world.claimants() == set()


def test_sweep_counts_what_the_spoke_holds(world: World) -> None:
    """The counts are those of the claims in the ledger after the sweep; an incomplete sweep leaves them."""
    first, *_ = world.show(1, 2, 3)
    world.sweep()
    assert world.statuses.spoke_status(SPOKE).usage == usage_of(world.ledger.live_claims())
    world.end(first)
    world.organization.breaks_after = 0
    world.sweep()
    assert world.statuses.spoke_status(SPOKE).usage != usage_of(world.ledger.live_claims() - claims_of(world, first))
    world.organization.breaks_after = None
    world.sweep()
    assert world.statuses.spoke_status(SPOKE).usage == usage_of(world.ledger.live_claims())
    assert claims_of(world, first) == set()


def claims_of(world: World, ref: InstanceRef) -> set[Claim]:
    return {claim for claim in world.ledger.live_claims() if claim.instance == ref}


def test_sweep_keeps_to_the_limits(world: World) -> None:
    """Names above the limit are refused. The next sweep writes nothing, and gives them when there is room."""
    limits = Limits(account_names=4, account_records=9, account_vpcs=1, zone_records=9, zone_vpcs=1)
    usage = AccountUsage(world.statuses, limits, ZONE_IDS, world.clock)
    world.recorder = replace(world.recorder, admission=usage)
    refs = world.show(1, 2, 3)
    world.sweep()
    # Two names in this zone for each instance.
    assert world.statuses.spoke_status(SPOKE).usage[CORP_ZONE] == Usage(4, 4)
    assert {refusal.name for outcome in world.reported for refusal in outcome.refusals} >= {"n3.corp.internal."}
    rows = dict(world.ledger.observations)
    world.reported.clear()
    assert world.sweep().changed == 0
    assert world.ledger.observations == rows
    world.end(refs[0])
    world.sweep()
    world.clock.sleep(61)
    world.sweep()
    assert world.names() >= {"n2", "n3"}
