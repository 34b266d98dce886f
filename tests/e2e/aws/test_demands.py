"""A rollout under service control policies that demand tags, a permissions boundary and a path of roles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.iam.models import iam_backends

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.partition import partition
from sandbox.clock import MovedClock
from sandbox.example import HUB, MANAGEMENT, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World, world
from tests.support.config.demands import BOUNDARY, ORGANIZATION, PATH, TAGS, demanding

REGION, CORP = "eu-central-1", "corp.internal"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(demanding(), clock, ORGANIZATION) as organization:
        yield organization


def test_o2_a_rollout_satisfies_the_policies(made: World) -> None:
    """Every stack deploys, and an instance of each account resolves, by events, sweeps and associations."""
    vpc = made.add_vpc(SCIENCE, REGION, associated=False)
    for account, label in ((PAYMENTS, "payments"), (SEARCH, "search"), (SCIENCE, "data-science")):
        (instance,) = made.launch(account, REGION, "web")
        made.converge()
        made.sweep()
        assert made.resolve(f"web.{REGION}.{label}.{CORP}", vpc) == {made.address(account, REGION, instance)}
    made.audit()
    assert not made.guard.denied


@pytest.mark.parametrize("account", [HUB, NETWORK, PAYMENTS, SCIENCE])
@pytest.mark.usefixtures("made")
def test_o2_every_role_has_path_boundary_and_tags(account: str) -> None:
    """The roles of every stack have them, also those that StackSets deploy."""
    roles = [role for role in iam_backends[account][partition()].roles.values() if role.name.startswith("orgdns-")]
    assert roles
    for role in roles:
        assert role.arn == f"arn:aws:iam::{account}:role{PATH}{role.name}"
        assert role.permissions_boundary_arn == f"arn:aws:iam::{account}:policy/{BOUNDARY}"
        assert {tag["Key"]: tag["Value"] for tag in role.tags} == {"application": NAMES.installation, **TAGS}


def test_o2_the_management_account_is_not_restricted(made: World) -> None:
    """A service control policy restricts member accounts only, so a stack there deploys without what it demands."""
    role = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: plain
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
"""
    made.deployer.deploy(MANAGEMENT, REGION, "plain", role, {}, ("CAPABILITY_NAMED_IAM",))
    with pytest.raises(DeploymentFailed, match="explicit deny in a service control policy"):
        made.deployer.deploy(PAYMENTS, REGION, "plain", role, {}, ("CAPABILITY_NAMED_IAM",))
