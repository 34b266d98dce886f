"""What templates say about the covered accounts: StackSets deploy to them, and IAM admits no others."""

from __future__ import annotations

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cfn.coverage_conditions import path_below, root_of
from sandbox.aws.iam.conditions import like
from tests.support.generated import (
    EXCLUDED,
    INCLUDED,
    NETWORK,
    ORGANIZATION,
    UNIT_PATHS,
    inline,
    of_type,
    properties,
    sub,
)

UNITS = ["ou-ab12-infra001", "ou-ab12-workload"]
CONFIG = "by-name"
ROLES = (NAMES.reader_role, NAMES.vpc_role)


@pytest.mark.parametrize("part", ["Account", "Region"])
def test_c4_stack_sets_deploy_to_covered_accounts(part: str) -> None:
    """To the units without the excluded account, and to the included account as a part of the root.

    Automatic deployment ignores accounts by name, so that for the included account is off.
    """
    units, included = properties("rollout", f"Spoke{part}", CONFIG), properties("rollout", f"Included{part}", CONFIG)
    assert [group["DeploymentTargets"] for group in units["StackInstancesGroup"]] == [
        {"OrganizationalUnitIds": UNITS, "Accounts": [EXCLUDED], "AccountFilterType": "DIFFERENCE"}
    ]
    assert units["AutoDeployment"]["Enabled"] is True
    assert [group["DeploymentTargets"] for group in included["StackInstancesGroup"]] == [
        {"OrganizationalUnitIds": ["r-ab12"], "Accounts": [INCLUDED], "AccountFilterType": "INTERSECTION"}
    ]
    assert included["AutoDeployment"] == {"Enabled": False}
    assert included["StackSetName"] == f"{units['StackSetName']}-included"
    assert included["TemplateBody"] == units["TemplateBody"]


def test_c4_included_management_account_has_no_stack_set() -> None:
    """StackSets never deploy to it."""
    assert set(of_type("rollout", "AWS::CloudFormation::StackSet", "management")) == {"SpokeAccount", "SpokeRegion"}


def test_c4_bus_admits_covered_accounts_only() -> None:
    """One statement is for the units, and one for the accounts that are included by name."""
    policies = of_type("hub", "AWS::Events::EventBusPolicy", CONFIG)
    # That of the networking account has a test of its own.
    del policies["ZoneChanges"]
    conditions = {title: policy["Statement"]["Condition"] for title, policy in policies.items()}
    by_unit, by_name = conditions["EventBusPolicy"], conditions["IncludedAccounts"]
    assert len(conditions) == 2
    assert by_unit["ForAnyValue:StringLike"] == {"aws:PrincipalOrgPaths": UNIT_PATHS}
    assert by_unit["StringEquals"] == {"aws:PrincipalOrgID": ORGANIZATION}
    assert by_unit["StringNotEquals"] == {"aws:PrincipalAccount": [EXCLUDED]}
    assert by_name["StringEquals"] == {"aws:PrincipalAccount": [INCLUDED]}
    for condition in conditions.values():
        assert condition["Bool"] == {"events:eventBusInvocation": "true"}
        assert condition["ArnLike"]


@pytest.mark.parametrize("role", ["ObserverRole", "SweeperRole", "AssociatorRole"])
def test_c4_functions_assume_roles_of_covered_accounts_only(role: str) -> None:
    """A role that a function assumes in the organization is in a covered unit, or in an account included by name."""
    assuming = [
        statement
        for statement in inline(properties("hub", role, CONFIG))["Statement"]
        if statement["Action"] == ["sts:AssumeRole"] and NETWORK not in str(statement["Resource"])
    ]
    for statement in assuming:
        if "Condition" in statement:
            assert statement["Condition"] == {
                "StringEquals": {"aws:ResourceOrgID": ORGANIZATION},
                "ForAnyValue:StringLike": {"aws:ResourceOrgPaths": UNIT_PATHS},
                "StringNotEquals": {"aws:ResourceAccount": [EXCLUDED]},
            }
        else:
            arns = [sub(f"arn:${{AWS::Partition}}:iam::{INCLUDED}:role/{name}") for name in ROLES]
            assert all(arn in arns for arn in statement["Resource"])
    assert len([statement for statement in assuming if "Condition" not in statement]) == len(assuming) // 2 > 0


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("o-a1b2c3d4e5/r-ab12/ou-ab12-workload/", True),
        ("o-a1b2c3d4e5/r-ab12/ou-ab12-outside1/ou-ab12-workload/", True),
        ("o-a1b2c3d4e5/r-ab12/ou-ab12-workload/ou-ab12-research/", True),
        ("o-a1b2c3d4e5/r-ab12/", False),
        ("o-a1b2c3d4e5/r-ab12/ou-ab12-outside1/", False),
        ("o-a1b2c3d4e5/r-ab12/ou-ab12-workload2/", False),
        ("o-ffffffffff/r-ab12/ou-ab12-workload/", False),
    ],
)
def test_pattern_of_a_unit_matches_the_paths_below_it(path: str, *, covered: bool) -> None:
    """At any depth below the root, and no path outside the unit or the organization."""
    assert like(path_below(ORGANIZATION, "ou-ab12-workload"), path) is covered


def test_pattern_of_the_root_matches_every_path() -> None:
    """Also the path of an account that is directly in the root."""
    assert root_of("r-ab12") == root_of("ou-ab12-workload") == "r-ab12"
    assert like(path_below(ORGANIZATION, "r-ab12"), f"{ORGANIZATION}/r-ab12/")
    assert like(path_below(ORGANIZATION, "r-ab12"), f"{ORGANIZATION}/r-ab12/ou-ab12-outside1/")
    assert not like(path_below(ORGANIZATION, "r-ab12"), "o-ffffffffff/r-ab12/")


def test_example_needs_no_exceptions() -> None:
    """Without exceptions, templates have one group, and no empty list."""
    rollout = properties("rollout", "SpokeRegion")
    assert [group["DeploymentTargets"] for group in rollout["StackInstancesGroup"]] == [
        {"OrganizationalUnitIds": UNITS}
    ]
