"""Spokes that cannot be read, and interrupted sweeps."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from hub.runtime.model.names import NEVER, Account, Spoke
from hub.runtime.model.status import SpokeStatus
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.sweeper.bookkeeping import NO_TIME
from tests.support.build import PAYMENTS, ZONE_IDS, instance
from tests.support.use_cases.sweeper_world import POLICY, SPOKE, World


def test_unreachable_spoke_keeps_its_names_for_the_grace_period(world: World) -> None:
    """The status has the reason; after a week the names are withdrawn, and they come back with the role."""
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
    status = world.sweep().status
    assert status.withdrawn
    assert status.fault_since == first.fault_since
    assert world.claimants() == set()
    assert status.settled(world.ledger.generation.read())
    world.organization.denied = set()
    back = world.sweep().status
    assert (back.withdrawn, back.fault, back.fault_since) == (False, "", 0)
    assert len(world.claimants()) == 12


def test_grace_period_begins_anew(world: World) -> None:
    """A spoke that answers in between has a new grace period."""
    world.show(1)
    world.sweep()
    for _ in range(3):
        world.organization.denied = {SPOKE}
        world.sweep()
        world.clock.sleep(4 * 86_400)
        world.organization.denied = set()
        world.sweep()
    assert world.claimants() == {instance(1).ref}


OTHERS = [Spoke(f"{number:012}", "eu-central-1") for number in range(1, 10)]


def others_unreachable(world: World, number: int) -> None:
    """Of nine other spokes with names, so many became unreachable when the spoke of the world did."""
    since = world.statuses.spokes[SPOKE].fault_since
    for index, spoke in enumerate(OTHERS):
        world.statuses.spokes[spoke] = SpokeStatus(spoke, names=3, fault_since=since if index < number else NEVER)


def test_names_of_many_spokes_await_approval_after_the_grace_period(world: World) -> None:
    """Two of ten spokes pass their grace period together. What a person approves is withdrawn, and nothing else."""
    world.show(*range(1, 4))
    world.sweep()
    world.organization.denied = {SPOKE}
    world.sweep()
    others_unreachable(world, 1)
    world.clock.sleep(7 * 86_400)
    status = world.sweep().status
    assert (len(status.pending_removals), status.pending_names, status.withdrawn) == (3, 9, False)
    assert "AccessDenied" in status.fault
    assert len(world.claimants()) == 3
    # It stays so, whatever becomes of the others.
    others_unreachable(world, 0)
    assert world.sweep().status.pending_removals == status.pending_removals
    world.statuses.approve_spoke(SPOKE)
    approved = world.statuses.spokes[SPOKE].approved
    world.statuses.spokes[SPOKE] = replace(status, approved=approved - {status.pending_removals[0]})
    assert world.sweep().status.pending_removals == status.pending_removals[:1]
    assert {ref.id for ref in world.claimants()} == set(status.pending_removals[:1])
    world.statuses.approve_spoke(SPOKE)
    done = world.sweep().status
    assert (done.withdrawn, done.withdrawn_at, done.pending_removals, done.pending_names) == (True, NEVER, (), 0)
    assert world.claimants() == set()


def test_pending_withdrawal_ends_when_the_spoke_answers(world: World) -> None:
    """A spoke that answers again has nothing pending, and a new grace period."""
    world.show(1)
    world.sweep()
    world.organization.denied = {SPOKE}
    world.sweep()
    others_unreachable(world, 1)
    world.clock.sleep(7 * 86_400)
    assert world.sweep().status.pending_removals
    world.organization.denied = set()
    assert world.sweep().status.pending_removals == ()
    world.organization.denied = {SPOKE}
    assert world.sweep().status.pending_removals == ()
    assert world.claimants()


def test_withdrawal_without_approval_is_remembered(world: World) -> None:
    """Spokes that pass their grace period within a day count it. It is forgotten when the spoke answers."""
    world.show(1)
    world.sweep()
    world.organization.denied = {SPOKE}
    world.sweep()
    world.clock.sleep(7 * 86_400)
    status = world.sweep().status
    assert 0 < status.withdrawn_at - status.tried_at < 1_000
    assert world.sweep().status.withdrawn_at == status.withdrawn_at
    world.organization.denied = set()
    assert world.sweep().status.withdrawn_at == NEVER


def test_names_that_come_after_the_withdrawal_go_with_the_next_sweep(world: World) -> None:
    """A spoke can deny access to the sweeper alone: the observer then gives names that no sweep could compare."""
    world.show(1)
    world.sweep()
    world.organization.denied = {SPOKE}
    world.sweep()
    world.clock.sleep(7 * 86_400)
    before = world.sweep().status
    (ref,) = world.show(2)
    observed, account = world.organization.instances[ref], world.organization.accounts[ref.account]
    decision = POLICY.decide(observed, account, ZONE_IDS, {})
    world.recorder.described(observed, account, decision, world.recorder.looks([ref])[ref])
    assert world.claimants() == {ref}
    # Others that are unreachable do not delay this: the spoke has lost its names already.
    others_unreachable(world, 9)
    after = world.sweep().status
    assert world.claimants() == set()
    assert (after.withdrawn, after.withdrawn_at, after.pending_removals) == (True, before.withdrawn_at, ())
    assert (after.names, after.pending_names) == (0, 0)


def test_withdrawal_of_a_spoke_without_names_does_not_count(world: World) -> None:
    """It took no name from anybody."""
    world.sweep()
    world.organization.denied = {SPOKE}
    world.sweep()
    others_unreachable(world, 9)
    world.clock.sleep(7 * 86_400)
    status = world.sweep().status
    assert (status.withdrawn, status.withdrawn_at, status.pending_removals) == (True, NEVER, ())


def test_spoke_that_does_not_answer_is_not_unreachable(world: World) -> None:
    """A throttled spoke keeps its names, however long it is throttled."""
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
        (replace(PAYMENTS, units=("r-ab12", "ou-ab12-elsewhere")), "eu-central-1", "does not cover the account"),
    ],
)
def test_departed_spoke_loses_its_names_after_the_grace_period(
    world: World, account: Account | None, region: str, reason: str
) -> None:
    """Names go after the grace period if an account left or is not covered any more, or its region is dropped."""
    world.show(1, region=region)
    wider = replace(POLICY.coverage, regions=POLICY.coverage.regions | {region})
    world.policy = replace(POLICY, coverage=wider)
    spoke = Spoke(PAYMENTS.id, region)
    world.sweep(spoke)
    assert world.claimants()
    world.policy = POLICY
    world.organization.accounts = {PAYMENTS.id: account} if account else {}
    assert reason in world.sweep(spoke).status.fault
    world.clock.sleep(8 * 86_400)
    assert world.sweep(spoke).status.withdrawn
    assert not world.claimants()


def test_unknown_units_remove_nothing(world: World) -> None:
    """If policy reads units and they are unknown, no name is removed, however long that lasts."""
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
    """A sweep that runs out of time removes nothing, says so, and does not start a grace period."""
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
def test_interrupted_sweep_is_completed_by_its_repeat(world: World, writes: int) -> None:
    """A repeat after an interruption at any write gives the same result."""
    missing, *_ = world.show(1, 2, 3)
    world.sweep()
    world.end(missing)
    world.show(2, name="other")
    world.show(4)
    world.ledger.fail_at = writes
    with suppress(LedgerUnavailable):
        world.sweep()
    world.ledger.fail_at = None
    world.sweep()
    assert world.names() == {"other", "n3", "n4"}
    assert all(row.settled for row in world.ledger.observations.values())
