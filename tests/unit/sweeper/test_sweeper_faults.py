"""Spokes that cannot be read, and interrupted sweeps."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from hub.runtime.model.names import Account, Spoke
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.sweeper.sweeper import NO_TIME
from tests.support.build import PAYMENTS, instance
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
    assert status.settled(status.tried_at)
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
