"""How many accounts an operation of a StackSet may fail in, and what becomes of the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.models import iam_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.cloudformation.stack_instances import Preferences, RealStackInstance
from sandbox.aws.organization import AccountSpec
from sandbox.aws.regions import Regions
from tests.support.sandbox.cloudformation import READER, SECOND, SOFT, World, stack_set
from tests.support.sandbox.organizations import DATA, PROD, REGION, WEB, client

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = json.dumps({"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"a": ["b"]}}}}})
NEW = ("100000000008", "100000000009")


@pytest.fixture
def regions() -> Iterator[Regions]:
    regions = Regions()
    with replaced(RealStackInstance, regions=regions):
        yield regions


def states() -> dict[tuple[str, str], tuple[str, str]]:
    summaries = client("cloudformation").list_stack_instances(StackSetName="s", CallAs="DELEGATED_ADMIN")["Summaries"]
    return {
        (each["Account"], each["Region"]): (each["Status"], each["StackInstanceStatus"]["DetailedStatus"])
        for each in summaries
    }


def four_accounts(world: World) -> None:
    """Two more accounts, and a role of the same name in the first of the four."""
    for account in NEW:
        world.organization.add_account(PROD, AccountSpec(account, account))
    iam_backends[WEB]["aws"].create_role("orgdns-reader", "{}", "/", None, "", [], 3600)


@given(accounts=st.integers(1, 1000), tolerance=st.integers(0, 100), concurrent=st.integers(1, 100), soft=st.booleans())
def test_percentages_are_rounded_down(*, accounts: int, tolerance: int, concurrent: int, soft: bool) -> None:
    """Tolerance and concurrency are rounded down, but at least one account is worked on."""
    preferences = Preferences(tolerance, tolerance_in_percent=True, concurrent=concurrent, concurrent_in_percent=True)
    assert preferences.tolerated(accounts) == accounts * tolerance // 100
    soft_ones = Preferences(tolerance, True, concurrent, True, soft)  # noqa: FBT003 - as above
    assert 1 <= soft_ones.at_once(accounts) <= max(1, accounts * concurrent // 100)
    assert soft or soft_ones.at_once(accounts) <= soft_ones.tolerated(accounts) + 1


def test_a_fifth_of_four_accounts_is_none(world: World) -> None:
    """With 20 % tolerance, one failure of four stops the operation, and CloudFormation undoes the creation."""
    four_accounts(world)
    with pytest.raises(DeploymentFailed, match="orgdns-reader"):
        world.deploy(stack_set(READER, SOFT | {"FailureTolerancePercentage": 20}))
    assert client("cloudformation", DATA).describe_stacks()["Stacks"] == []


def test_tolerated_failure_stops_nothing(world: World) -> None:
    """With enough tolerance, all other accounts get their stacks, and the failed one says why."""
    four_accounts(world)
    world.deploy(stack_set(READER, SOFT | {"FailureTolerancePercentage": 100}))
    assert states() == {
        (WEB, REGION): ("OUTDATED", "FAILED"),
        **{(account, REGION): ("CURRENT", "SUCCEEDED") for account in (DATA, *NEW)},
    }
    (failed,) = [
        each
        for each in client("cloudformation").list_stack_instances(StackSetName="s", CallAs="DELEGATED_ADMIN")[
            "Summaries"
        ]
        if each["Account"] == WEB
    ]
    assert "orgdns-reader" in failed["StatusReason"]


def test_stopped_update_leaves_the_rest_outdated(world: World, regions: Regions) -> None:
    """An update that stops leaves the remaining accounts of the region on the old template; other regions go on."""
    preferences = SOFT | {"FailureTolerancePercentage": 20, "MaxConcurrentPercentage": 1}
    world.deploy(stack_set(RULE, preferences, REGION, SECOND))
    changed = stack_set(RULE.replace('"b"', '"c"'), preferences, REGION, SECOND)
    first, last = sorted((WEB, DATA))
    with regions.disabled(first, SECOND), pytest.raises(DeploymentFailed, match="disabled"):
        world.deploy(changed)
    assert states() == {
        (first, REGION): ("CURRENT", "SUCCEEDED"),
        (last, REGION): ("CURRENT", "SUCCEEDED"),
        (first, SECOND): ("OUTDATED", "FAILED"),
        (last, SECOND): ("OUTDATED", "CANCELLED"),
    }


def test_automatic_deployment_has_no_preferences(world: World, regions: Regions) -> None:
    """A new account whose region is disabled has a failed stack there, and the other regions have theirs."""
    world.deploy(stack_set(RULE, {}, REGION, SECOND))
    with regions.disabled(NEW[0], REGION):
        world.organization.add_account(PROD, AccountSpec(NEW[0], "new"))
    assert states()[NEW[0], REGION] == ("OUTDATED", "FAILED")
    assert states()[NEW[0], SECOND] == ("CURRENT", "SUCCEEDED")
