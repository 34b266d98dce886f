"""What a sweep finds, and what it removes and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import InstanceState, Millis, Spoke
from hub.runtime.model.status import SETTLED_MILLIS
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceResult
from hub.runtime.sweeper.sweeper import GONE, ON_ITS_WAY
from tests.support.build import ZONE_IDS, instance, interface
from tests.support.memory import AMPLE, MemoryOrganization
from tests.support.sweeper_world import POLICY, SPOKE, World


def test_finds_what_was_there_before(world: World) -> None:
    """Instances of which no event ever told get their names, and are no missed events."""
    refs = world.show(1, 2, 3)
    swept = world.sweep()
    assert swept.complete
    assert (swept.changed, swept.status.instances, swept.status.missed) == (3, 3, 0)
    assert swept.status.names == len(world.ledger.live_claims())
    assert world.claimants() == set(refs)
    assert [outcome.result for outcome in world.told] == [InstanceResult.RECORDED] * 3


def test_second_sweep_writes_nothing_but_its_status(world: World) -> None:
    """Where nothing changed, no instance's row and no claim is written."""
    world.show(1, 2)
    world.sweep()
    world.told.clear()
    world.ledger.fail_at = 0
    assert world.sweep().changed == 0
    assert world.told == []


def test_policy_of_a_second_sweep_is_remembered(world: World) -> None:
    """A status tells which policy the spoke was swept by, and when that sweep began."""
    world.sweep()
    world.digest = "p2"
    before = world.clock.now
    status = world.sweep().status
    assert status.policy == "p2"
    assert before < status.swept_at <= world.clock.now
    assert status.settled(status.swept_at)
    assert status.settled(Millis(status.swept_at + SETTLED_MILLIS))
    assert not status.settled(Millis(status.swept_at + SETTLED_MILLIS + 1))


def test_counts_what_events_missed(world: World) -> None:
    """A tag, an address, a start and an end of which no event told are found and counted."""
    gone, ended, retagged, kept = world.show(1, 2, 3, 4)
    world.sweep()
    world.end(gone)
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


def test_young_instance_and_new_policy_are_no_missed_events(world: World) -> None:
    """What an event may still be on its way for is not counted, nor what comes of a new policy."""
    world.show(1)
    world.sweep()
    world.show(2, launched_at=world.clock.now - ON_ITS_WAY + 1_000)
    assert world.sweep().status.missed == 0
    world.digest, world.policy = "p2", replace(POLICY, rules=POLICY.rules[:1])
    swept = world.sweep()
    assert (swept.changed, swept.status.missed) == (2, 0)


def test_terminated_instance_that_was_never_known_is_not_recorded(world: World) -> None:
    """EC2 shows an ended instance for an hour: where the ledger does not know it, there is nothing to write."""
    world.show(1, state=InstanceState.TERMINATED)
    swept = world.sweep()
    assert (swept.changed, swept.status.instances) == (0, 0)
    assert world.ledger.observations == {}


def test_pending_instance_keeps_what_it_has(world: World) -> None:
    """An instance that starts again, or shows no address for a moment, loses nothing."""
    world.show(1, 2)
    world.sweep()
    world.show(1, state=InstanceState.PENDING)
    world.show(2, interfaces=())
    assert world.sweep().changed == 0
    assert world.names() == {"n1", "n2"}


def test_instance_that_one_listing_leaves_out_keeps_its_names(world: World) -> None:
    """What the listing did not show is looked at again, alone, and judged as it is."""
    (one, *_) = world.show(1, 2)
    world.sweep()
    world.organization.unlisted = {one}
    world.organization.looks.clear()
    assert world.sweep().changed == 0
    assert world.organization.looks == [(SPOKE, (one.id,))]
    assert world.names() == {"n1", "n2"}


def test_instance_that_comes_back_gets_its_names_back(world: World) -> None:
    """What two looks did not show is no ended instance: seen again, it claims again."""
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
    """A listing that was cut is not whole, however many pages it had: what it showed counts, and nothing else."""
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
    """An instance that an event brought while the listing was under way is not missing from it."""
    world.show(1)
    world.sweep()
    late = instance(2, name="n2")

    class Late(MemoryOrganization):
        def pages(self, spoke: Spoke):  # type: ignore[no-untyped-def]  # noqa: ANN202
            yield from MemoryOrganization.pages(self, spoke)
            self.instances[late.ref] = late
            observer = Observer(POLICY, ZONE_IDS, self, self, world.recorder, world.clock, world.clock.sleep)
            observer.observe([Hint(late.ref, InstanceState.RUNNING)], AMPLE)

    world.organization = Late(world.organization.accounts, world.organization.instances)
    world.organization.looks.clear()
    world.sweep()
    assert world.names() == {"n1", "n2"}
    # Once by its event, and not by the sweep.
    assert len(world.organization.looks) == 1


def test_too_many_removals_wait_for_a_person(world: World) -> None:
    """More than the share and the number: nothing is removed until a person approves exactly these."""
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


@pytest.mark.parametrize(("there", "result"), [(3, 3), (40, 11)])
def test_few_removals_are_made(world: World, there: int, result: int) -> None:
    """Whether by number or by share: not more than one of them is no reason to stop."""
    refs = world.show(*range(1, there + 1))
    world.sweep()
    world.end(*refs[:result])
    assert world.sweep().status.pending_removals == ()
    assert world.claimants() == set(refs[result:])


def test_policy_that_takes_all_names_waits_too(world: World) -> None:
    """A sweep by a policy that gives nothing any more removes nothing by itself; a changed name is no removal."""
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
