from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.aws.cloudformation.deployer import deployer
from tests.support.sandbox.cloudformation import World
from tests.support.sandbox.organizations import HUB, simulated_organization

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> Iterator[World]:
    with simulated_organization() as organization, deployer() as deploys:
        organization.register_stack_sets_administrator(HUB)
        yield World(organization, deploys)
