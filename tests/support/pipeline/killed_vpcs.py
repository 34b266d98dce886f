"""A worker killed before or after any call of an association: the next invocation completes its work."""

from __future__ import annotations

from hub.runtime import contract
from sandbox.example import SEARCH
from sandbox.world import Vpc
from tests.support.path.vpcs import vpc_rows
from tests.support.pipeline.deployed import SandboxDriver
from tests.support.pipeline.machine import REGION

# AWS calls of the functions in one story, at least.
CALLS = 72


def story(driver: SandboxDriver) -> list[bool]:
    """Associate a VPC, exclude it by a tag, include it again, and delete it; whether it was associated at each step."""
    made = driver.made
    made.trails.missing.add(SEARCH)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.trails.missing.discard(SEARCH)
    ec2 = made.client("ec2", SEARCH, REGION)
    states = []
    for value in ("shared", "private", "shared"):
        ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": value}])
        states.append(_associated(driver, vpc))
    made.delete_vpc(vpc)
    states.append(_associated(driver, vpc))
    assert vpc.id not in {row.ref.id for row in vpc_rows(made)}
    return states


def _associated(driver: SandboxDriver, vpc: Vpc) -> bool:
    driver.converge()
    assert not driver.made.route53.authorizations(driver.zone_id)
    return vpc.id in driver.made.route53.vpcs_of(driver.zone_id)


def killed_at_every_call(driver: SandboxDriver, fault: str) -> int:
    """Run the story once for each of its calls, and kill the worker at that call; how many kills there were."""
    driver.sweep()
    driver.converge()
    assert story(driver) == [True, False, True, False]
    before = driver.faults.counted
    assert story(driver) == [True, False, True, False]
    calls = driver.faults.counted - before
    assert calls >= CALLS
    kills = 0
    for call in range(calls):
        driver.arm(fault, call)
        assert story(driver) == [True, False, True, False], f"{fault} call {call}"
        # A session kept from the previous story can save the last few calls.
        assert driver.faults.fault is None or call >= calls - 5, f"call {call} did not happen"
        kills += driver.faults.fault is None
        driver.disarm()
    assert driver.made.waiting(contract.ASSOCIATIONS_DEAD_LETTER_QUEUE) == 0
    return kills
