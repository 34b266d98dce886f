"""The sweep: what it finds, what it removes and when, and what becomes of a spoke that cannot be read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import Account, InstanceRef, InstanceState, Millis, Spoke
from hub.runtime.model.status import SETTLED_MILLIS
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult, Recorder
from hub.runtime.policy.decide import Policy
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.sweeper.sweeper import GONE, NO_TIME, ON_ITS_WAY, Sweeper, SweepOutcome
from tests.support.build import PAYMENTS, ZONE_IDS, example_policy, instance, interface
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
DAY = 86_400_000
POLICY = example_policy()


@dataclass
class World:
    """A sweeper, and the spoke that it reads."""

    clock: MemoryClock = field(default_factory=lambda: MemoryClock(now=100 * DAY))
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    organization: MemoryOrganization = field(default_factory=lambda: MemoryOrganization({PAYMENTS.id: PAYMENTS}))
    told: list[InstanceOutcome] = field(default_factory=list)
    seconds_left: float = 900.0
    policy: Policy = POLICY
    digest: str = "p1"

    def __post_init__(self) -> None:
        self.statuses = MemoryStatuses(self.clock)
        self.recorder = Recorder(self.ledger, self.clock)

    def sweep(self, spoke: Spoke = SPOKE) -> SweepOutcome:
        return Sweeper(
            policy=self.policy,
            policy_digest=self.digest,
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            instances=self.organization,
            rows=self.ledger,
            statuses=self.statuses,
            recorder=self.recorder,
            guard=Guard(share=0.3, names=10, grace=7 * DAY),
            clock=self.clock,
        ).sweep(spoke, Deadline(lambda: self.seconds_left), self.told.append)

    def show(self, *numbers: int, **facts: object) -> list[InstanceRef]:
        shown = [instance(number, **({"name": f"n{number}"} | facts)) for number in numbers]  # type: ignore[arg-type]
        self.organization.instances |= {one.ref: one for one in shown}
        return [one.ref for one in shown]

    def end(self, *refs: InstanceRef) -> None:
        for ref in refs:
            del self.organization.instances[ref]

    def names(self) -> set[str]:
        return {claim.key.fqdn.split(".")[0] for claim in self.ledger.live_claims() if "corp." in claim.key.fqdn}

    def claimants(self) -> set[InstanceRef]:
        return {claim.instance for claim in self.ledger.live_claims()}


@pytest.fixture
def world() -> World:
    return World()


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


def test_spoke_out_of_reach_keeps_its_names_for_the_grace(world: World) -> None:
    """A denied role is told with its reason; after a week the names go, and come back when the role does."""
    world.show(*range(1, 13))
    world.sweep()
    world.organization.denied = {SPOKE}
    first = world.sweep().status
    assert "AccessDenied" in first.fault
    assert not first.withdrawn
    world.clock.sleep(7 * 86_400 - 60)
    assert not world.sweep().status.withdrawn
    assert len(world.claimants()) == 12
    world.clock.sleep(60)
    gone = world.sweep().status
    assert gone.withdrawn
    assert gone.fault_since == first.fault_since
    assert world.claimants() == set()
    assert gone.settled(gone.tried_at)
    world.organization.denied = set()
    back = world.sweep().status
    assert (back.withdrawn, back.fault, back.fault_since) == (False, "", 0)
    assert len(world.claimants()) == 12


def test_grace_begins_anew(world: World) -> None:
    """A spoke that answered in between is not out of reach since before."""
    world.show(1)
    world.sweep()
    for _ in range(3):
        world.organization.denied = {SPOKE}
        world.sweep()
        world.clock.sleep(4 * 86_400)
        world.organization.denied = set()
        world.sweep()
    assert world.claimants() == {instance(1).ref}


def test_spoke_that_does_not_answer_is_not_out_of_reach(world: World) -> None:
    """A throttled spoke keeps its names for as long as that takes."""
    world.show(1)
    world.sweep()
    world.organization.unreachable = {SPOKE}
    for _ in range(3):
        status = world.sweep().status
        assert "RequestLimitExceeded" in status.fault
        assert not status.fault_since
        world.clock.sleep(30 * 86_400)
    assert world.claimants() == {instance(1).ref}


@pytest.mark.parametrize(
    ("account", "region", "reason"),
    [
        (None, "eu-central-1", "the organization has no account"),
        (replace(PAYMENTS, active=False), "eu-central-1", "not active"),
        (PAYMENTS, "ap-south-1", "does not cover the region"),
    ],
)
def test_departed_spoke_loses_its_names_after_the_grace(
    world: World, account: Account | None, region: str, reason: str
) -> None:
    """An account that left or was suspended, a region that is not covered any more: a reason, a grace, and the end."""
    world.show(1, region=region)
    world.policy = replace(POLICY, regions=POLICY.regions | {region})
    spoke = Spoke(PAYMENTS.id, region)
    world.sweep(spoke)
    assert world.claimants()
    world.policy = POLICY
    world.organization.accounts = {PAYMENTS.id: account} if account else {}
    assert reason in world.sweep(spoke).status.fault
    world.clock.sleep(8 * 86_400)
    assert world.sweep(spoke).status.withdrawn
    assert not world.claimants()


def test_units_that_are_not_told_take_nothing(world: World) -> None:
    """Where policy asks for units and Organizations does not tell them, nothing is decided, for however long."""
    world.show(1)
    world.sweep()
    scope = replace(POLICY.rules[0].scope, units=frozenset(PAYMENTS.units))
    world.policy = replace(POLICY, rules=(replace(POLICY.rules[0], scope=scope),))
    world.organization.accounts = {PAYMENTS.id: replace(PAYMENTS, units=())}
    for _ in range(2):
        assert "units" in world.sweep().status.fault
        world.clock.sleep(30 * 86_400)
    assert world.claimants()


def test_run_without_time_ends_unfinished(world: World) -> None:
    """A sweep that cannot see all removes nothing, says so, and is no reason to withdraw names later."""
    world.show(1)
    world.sweep()
    world.end(instance(1).ref)
    world.seconds_left = 10
    for _ in range(2):
        status = world.sweep().status
        assert (status.fault, status.fault_since) == (NO_TIME, 0)
        world.clock.sleep(30 * 86_400)
    assert world.claimants()


@pytest.mark.parametrize("writes", range(12))
def test_ledger_that_is_away_leaves_all_to_a_repeat(world: World, writes: int) -> None:
    """Broken off at any write, the repeat ends the same."""
    gone, *_ = world.show(1, 2, 3)
    world.sweep()
    world.end(gone)
    world.show(2, name="other")
    world.show(4)
    world.ledger.fail_at = writes
    with suppress(LedgerUnavailable):
        world.sweep()
    world.ledger.fail_at = None
    world.sweep()
    assert world.names() == {"other", "n3", "n4"}
    assert all(row.settled for row in world.ledger.observations.values())
