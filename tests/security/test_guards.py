"""Removals that go around the guard, or that use it against others: of associations, and of the names of spokes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World, world
from tests.support.path.sweeps import names, spoke_status, statuses, sweep, sweep_all, zone_status
from tests.support.path.vpcs import NOBODY, is_associated
from tests.support.security.policies import deploy_excluding, small_guards

REGION = "eu-central-1"
DAY = 86_400
AWAITS_APPROVAL = "removals await approval: run orgdns approve"


@pytest.fixture(scope="module")
def made(clock: MovedClock, shards: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(small_guards(tmp_path_factory.mktemp("guards")), clock, shards=shards) as organization:
        sweep_all(organization, clock)
        yield organization


@pytest.fixture(autouse=True)
def next_day(made: World, clock: MovedClock) -> None:
    """Each test begins a day after the last one, so that the removals of that day do not count any more."""
    clock.advance(DAY + 3_600)
    made.converge()


def vpcs_of(made: World, account: str, number: int) -> list[Vpc]:
    """Add VPCs that orgdns associates."""
    added = [made.add_vpc(account, REGION, associated=False) for _ in range(number)]
    made.converge()
    assert all(is_associated(made, vpc) for vpc in added)
    return added


def leave(made: World, *vpcs: Vpc) -> None:
    """Tag VPCs as their account's administrator, so that the policy does not select them any more."""
    for vpc in vpcs:
        tags = [{"Key": "dns", "Value": "private"}]
        made.client("ec2", vpc.account, vpc.region).create_tags(Resources=[vpc.id], Tags=tags)
    made.converge()


def still(made: World, vpcs: list[Vpc]) -> list[Vpc]:
    """The VPCs that still resolve corp.internal."""
    return [vpc for vpc in vpcs if is_associated(made, vpc)]


def approve_zone(made: World, clock: MovedClock) -> None:
    statuses(made, clock).approve(zone_status(made, clock))
    made.sweep()
    clock.advance(300)
    made.converge()


@contextmanager
def denied_readers(made: World, *accounts: str) -> Iterator[None]:
    """Deny the reader roles of these accounts to everybody, as one service control policy or StackSet update can."""
    trusts = {}
    for account in accounts:
        iam = made.client("iam", account)
        trusts[account] = iam.get_role(RoleName=NAMES.reader_role)["Role"]["AssumeRolePolicyDocument"]
        iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=NOBODY)
    made.functions.cold_start(NAMES.sweeper_function)
    yield
    for account, trust in trusts.items():
        made.client("iam", account).update_assume_role_policy(
            RoleName=NAMES.reader_role, PolicyDocument=json.dumps(trust)
        )
    made.guard.denied.clear()


@pytest.mark.deep
def test_policies_that_exclude_one_vpc_after_the_other(made: World, clock: MovedClock, tmp_path: Path) -> None:
    """Each change of the configuration takes the zone from one more VPC. The third one on one day awaits approval."""
    vpcs = [*vpcs_of(made, PAYMENTS, 4), *vpcs_of(made, SEARCH, 4)]
    for number in range(1, 5):
        deploy_excluding(made, tmp_path, *(vpc.id for vpc in vpcs[:number]))
        sweep(made, clock, PAYMENTS, SEARCH)
    assert still(made, vpcs) == vpcs[2:]
    pending = {f"{vpc.account}/{vpc.region}/{vpc.id}" for vpc in vpcs[2:4]}
    assert set(zone_status(made, clock).pending_vpcs) == pending
    assert made.logged(NAMES.associator_function, AWAITS_APPROVAL)
    approve_zone(made, clock)
    assert still(made, vpcs) == vpcs[4:]
    assert zone_status(made, clock).pending_vpcs == ()
    deploy_excluding(made, tmp_path)
    sweep(made, clock, PAYMENTS, SEARCH)
    assert still(made, vpcs) == vpcs


def test_account_that_excludes_its_vpcs_does_not_keep_those_of_others(made: World, clock: MovedClock) -> None:
    """An account tags all of its VPCs. What awaits approval is its own; the one VPC of another account leaves."""
    bulk, (other, *_) = vpcs_of(made, SCIENCE, 5), vpcs_of(made, SEARCH, 2)
    leave(made, *bulk)
    assert len(still(made, bulk)) == 3
    leave(made, other)
    assert not is_associated(made, other)
    assert {vpc.split("/")[0] for vpc in zone_status(made, clock).pending_vpcs} == {SCIENCE}
    approve_zone(made, clock)
    assert still(made, bulk) == []


def test_vpcs_that_return_or_are_deleted_do_not_count(made: World, clock: MovedClock) -> None:
    """An account moves a VPC out and in, and deletes another. Neither keeps its other VPCs in the zone."""
    returned, deleted, *others = vpcs_of(made, SCIENCE, 5)
    leave(made, returned, deleted)
    made.client("ec2", SCIENCE, REGION).delete_tags(Resources=[returned.id], Tags=[{"Key": "dns"}])
    made.delete_vpc(deleted)
    made.converge()
    leave(made, *others)
    assert still(made, [returned, *others]) == [returned, others[-1]]
    assert zone_status(made, clock).pending_vpcs == (f"{SCIENCE}/{REGION}/{others[-1].id}",)


def test_many_spokes_that_deny_their_readers_keep_their_names(made: World, clock: MovedClock) -> None:
    """One bad change denies the reader roles of many accounts. After the grace period their names await approval."""
    for account in (PAYMENTS, SEARCH, SCIENCE):
        made.launch(account, REGION, f"host-{account}")
    made.converge()
    sweep(made, clock, PAYMENTS, SEARCH, SCIENCE)
    everything = names(made)
    with denied_readers(made, PAYMENTS, SEARCH):
        sweep(made, clock, PAYMENTS, SEARCH, SCIENCE)
        clock.advance(8 * DAY)
        for _ in range(2):
            sweep(made, clock, PAYMENTS, SEARCH, SCIENCE)
            assert names(made) == everything
        status = spoke_status(made, clock, SEARCH)
        assert (len(status.pending_removals), status.withdrawn) == (1, False)
        assert made.logged(NAMES.sweeper_function, AWAITS_APPROVAL)
        statuses(made, clock).approve(status)
        made.sweep()
        clock.advance(300)
        made.converge()
        assert names(made) == everything - {f"host-{SEARCH}"}
        assert spoke_status(made, clock, SEARCH).withdrawn
    sweep(made, clock, PAYMENTS, SEARCH, SCIENCE)
    assert names(made) == everything
    assert spoke_status(made, clock, PAYMENTS).pending_removals == ()


def test_one_account_that_denies_its_readers_loses_its_names(made: World, clock: MovedClock) -> None:
    """The names of one account are withdrawn without approval, even if its spokes are more than a tenth of all."""
    for region in (REGION, "eu-west-1", "us-east-1"):
        made.launch(SEARCH, region, f"alone-{region}")
    made.converge()
    everything = names(made)
    with denied_readers(made, SEARCH):
        sweep_all(made, clock)
        assert names(made) == everything
        clock.advance(8 * DAY)
        sweep_all(made, clock)
        assert not any(name.startswith("alone-") for name in names(made))
