"""An account denies its reader role, so that orgdns does not see what the account may keep no longer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import parse
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.path.sweeps import REGION, sweep_all
from tests.support.path.vpcs import NOBODY, is_associated
from tests.support.security.organization import SPEC


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    """Only VPCs of the unit "research" resolve the zone."""
    content = yaml.safe_load(example.CONFIG.read_text(encoding="utf-8"))
    content["zones"][0]["resolved_by"] = {"vpcs": [{"units": ["ou-ab12-research"]}]}
    with world(parse(yaml.safe_dump(content)), clock, SPEC) as organization:
        yield organization


def test_account_that_moves_keeps_no_zone_of_its_old_unit(made: World, clock: MovedClock) -> None:
    """It keeps the zone for the grace period, and no longer, although it denies the role to the end."""
    vpc = made.add_vpc(example.SCIENCE, REGION, associated=False)
    made.converge()
    sweep_all(made, clock)
    assert is_associated(made, vpc)
    made.organization.move_account(example.SCIENCE, example.WORKLOAD_UNIT)
    for role in (NAMES.reader_role, NAMES.vpc_role):
        made.client("iam", example.SCIENCE).update_assume_role_policy(RoleName=role, PolicyDocument=NOBODY)
    for function in (NAMES.sweeper_function, NAMES.associator_function):
        made.functions.cold_start(function)
    sweep_all(made, clock)
    assert is_associated(made, vpc)
    clock.advance(7 * 86_400)
    sweep_all(made, clock)
    assert not is_associated(made, vpc)
