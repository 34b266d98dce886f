"""An account that is included by name gets names, and no account beside it gets stacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Spoke
from orgdns.cli.sources.stack_instances import listed_spokes, stack_instances
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.organization import AccountSpec
from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.path.sweeps import REGION
from tests.support.security.organization import OUTSIDE, OUTSIDE_UNIT, SPEC, held_by

NEW = "787878787878"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    config = load(example.CONFIG)
    accounts = config.organization.accounts.model_copy(update={"include": (OUTSIDE,)})
    organization = config.organization.model_copy(update={"accounts": accounts})
    with world(config.model_copy(update={"organization": organization}), clock, SPEC) as built:
        yield built


def test_c4_included_account_gets_names(made: World) -> None:
    """Its events are admitted, its instances described and named, and its spokes swept."""
    made.launch(OUTSIDE, REGION, "web", subnet=made.add_vpc(OUTSIDE, REGION, associated=False).subnet)
    made.converge()
    assert held_by(made, OUTSIDE, "instances.internal")
    made.sweep()
    client = made.client("cloudformation", example.HUB)
    assert Spoke(OUTSIDE, REGION) in listed_spokes(client, NAMES)
    assert stack_instances(client, NAMES)[Spoke(OUTSIDE, REGION)].status == "CURRENT"


def test_c4_account_beside_an_included_one_gets_no_stack(made: World) -> None:
    """Automatic deployment does not consider filters by account, so it does not deploy below the root."""
    made.organization.add_account(OUTSIDE_UNIT, AccountSpec(NEW, "new"))
    assert made.client("cloudformation", NEW, REGION).describe_stacks()["Stacks"] == []
