from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from sandbox.aws.cloudformation.deployer import deployer
from sandbox.aws.organization import (
    build_organization,
    organization_bridges,
)
from tests.support.sandbox.cloudformation import HUB, SPEC, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws(), organization_bridges(), deployer() as deploys:
        organization = build_organization(SPEC)
        organization.register_stack_sets_administrator(HUB)
        yield World(organization, deploys)
