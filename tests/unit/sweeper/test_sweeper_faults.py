"""Spokes that cannot be read, and sweeps that are broken off."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from hub.runtime.model.names import Account, Spoke
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.sweeper.sweeper import NO_TIME
from tests.support.build import PAYMENTS, instance
from tests.support.sweeper_world import POLICY, SPOKE, World


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
