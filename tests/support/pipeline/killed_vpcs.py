"""A worker killed before or after any call of an association leaves nothing that its successor does not mend."""

from __future__ import annotations

from hub.runtime import contract
from sandbox.example import SEARCH
from sandbox.world import Vpc
from tests.support.path.vpcs import rows
from tests.support.pipeline.deployed import SandboxDriver
from tests.support.pipeline.machine import REGION


def story(driver: SandboxDriver) -> list[bool]:
    """A VPC comes to resolve the zone, is taken out by its tag, comes back, and is deleted: whether it resolves it."""
    made = driver.made
    made.trails.missing.add(SEARCH)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.trails.missing.discard(SEARCH)
    ec2 = made.client("ec2", SEARCH, REGION)
    states = []
    for value in ("shared", "private", "shared"):
        ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": value}])
        states.append(_resolves(driver, vpc))
    made.delete_vpc(vpc)
    states.append(_resolves(driver, vpc))
    assert vpc.id not in {row.ref.id for row in rows(made)}
    return states


def _resolves(driver: SandboxDriver, vpc: Vpc) -> bool:
    driver.converge()
    assert not driver.made.route53.authorizations(driver.zone_id)
    return vpc.id in driver.made.route53.vpcs_of(driver.zone_id)


def killed_at_every_call(driver: SandboxDriver, fault: str) -> None:
    """Tell the story once for each call that it makes, with the worker killed there."""
    driver.sweep()
    driver.converge()
    assert story(driver) == [True, False, True, False]
    before = driver.faults.seen
    assert story(driver) == [True, False, True, False]
    calls = driver.faults.seen - before
    assert calls > 60
    for call in range(calls):
        driver.arm(fault, call)
        assert story(driver) == [True, False, True, False], f"{fault} call {call}"
        # A session that is kept from one story to the next spares the last few.
        assert driver.faults.fault is None or call >= calls - 5, f"call {call} was never made"
        driver.disarm()
    assert driver.made.waiting(contract.ASSOCIATIONS_DEAD_LETTER_QUEUE) == 0
