"""A worker killed before or after calls of an association: the next invocation completes its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.example import SEARCH
from sandbox.world import Vpc
from tests.support.path.vpcs import vpc_rows
from tests.support.pipeline.deployed import SandboxDriver
from tests.support.pipeline.killed import killed_in
from tests.support.pipeline.machine import REGION

# AWS calls of the functions in one story, at least.
CALLS = 72


def story(driver: SandboxDriver) -> Iterator[bool]:
    """Associate a VPC, exclude it by a tag, include it again, and delete it; whether it was associated at each step."""
    made = driver.made
    made.trails.missing.add(SEARCH)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.trails.missing.discard(SEARCH)
    ec2 = made.client("ec2", SEARCH, REGION)
    for value in ("shared", "private", "shared"):
        ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": value}])
        yield _associated(driver, vpc)
    made.delete_vpc(vpc)
    yield _associated(driver, vpc)
    assert vpc.id not in {row.ref.id for row in vpc_rows(made)}


def _associated(driver: SandboxDriver, vpc: Vpc) -> bool:
    driver.converge()
    assert not driver.made.route53.authorizations(driver.zone_id)
    return vpc.id in driver.made.route53.vpcs_of(driver.zone_id)


def killed_at_calls(driver: SandboxDriver, fault: str) -> Counter[str]:
    """Kill the worker at calls of the story; how often at which call."""
    driver.sweep()
    driver.converge()
    whole: list[object] = [True, False, True, False]
    assert list(story(driver)) == whole
    kills = killed_in(driver, fault, lambda _run: story(driver), whole, CALLS)
    assert driver.made.waiting(NAMES.associations_dead_letter_queue) == 0
    return kills
