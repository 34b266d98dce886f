"""A rollout that does not have what the service control policies of the organization demand."""

from __future__ import annotations

import pytest

from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.clock import MovedClock
from sandbox.world import world
from tests.support.config.demands import ORGANIZATION, demanding

# Which resource CloudFormation creates first is not documented.
DENIED = "on resource: .* with an explicit deny in a service control policy"


@pytest.mark.parametrize(
    ("missing", "action"),
    [
        ({"permissions_boundary": None}, f"iam:CreateRole {DENIED}"),
        ({"role_path": None}, f"iam:CreateRole {DENIED}"),
        ({"tags": {"owner": "network team"}}, f"(iam:CreateRole|ssm:PutParameter) {DENIED}"),
        ({"permissions_boundary": "unknown"}, "does not exist or is not attachable|iam:CreateRole"),
    ],
)
def test_o2_a_rollout_without_what_is_demanded_fails(
    clock: MovedClock, missing: dict[str, object], action: str
) -> None:
    """The policies deny the stacks' resources if the configuration does not say what they demand."""
    with pytest.raises(DeploymentFailed, match=action), world(demanding(**missing), clock, ORGANIZATION):
        pass
