"""Service-managed StackSets: stacks in the accounts of organizational units, as accounts come and go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import events_backends

from sandbox.aws.cloudformation.deployer import DeploymentFailed, deployer
from sandbox.aws.organization import (
    AccountSpec,
)
from tests.support.sandbox.cloudformation import NAMED_IAM, SECOND, World, role, role_policies
from tests.support.sandbox.organizations import (
    DATA,
    HUB,
    MANAGEMENT,
    OUTSIDE,
    PROD,
    REGION,
    WEB,
    WORK,
    client,
    simulated_organization,
)

CHILD = """
Parameters:
  Hub: {Type: String}
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Name: !Sub orgdns-${AWS::Region}
      EventPattern: {source: [aws.ec2]}
      Targets: [{Id: hub, Arn: !Sub "arn:aws:events:eu-west-1:${Hub}:event-bus/orgdns"}]
"""


def stack_set(name: str, body: str, *regions: str, units: tuple[str, ...] = (WORK,), **more: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of any kind
    properties = {
        "StackSetName": name,
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": "DELEGATED_ADMIN",
        "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "OperationPreferences": {"MaxConcurrentPercentage": 100},
        "StackInstancesGroup": [
            {"DeploymentTargets": {"OrganizationalUnitIds": list(units)}, "Regions": list(regions or (REGION,))}
        ],
        "TemplateBody": body,
    }
    return {"Type": "AWS::CloudFormation::StackSet", "Properties": {**properties, **more}}


READER = json.dumps({"Resources": {"Reader": role("orgdns-reader", "ec2:DescribeInstances")}})


def rollout(region_template: str = CHILD, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of any kind
    arn = f"arn:aws:cloudformation:${{AWS::Region}}:{MANAGEMENT}:stackset/${{Account}}"
    automatic = {"Enabled": True, "RetainStacksOnAccountRemoval": False, "DependsOn": [{"Fn::Sub": arn}]}
    parameters = [{"ParameterKey": "Hub", "ParameterValue": {"Ref": "AWS::AccountId"}}]
    region = stack_set("a-region", region_template, REGION, SECOND, Parameters=parameters, AutoDeployment=automatic)
    return {"Resources": {"Region": region, "Account": stack_set("z-account", READER, **more)}}


def stacks(account: str, region: str) -> list[str]:
    listed = client("cloudformation", account, region).describe_stacks()["Stacks"]
    return sorted(stack["StackName"].split("-")[1] for stack in listed)


def rules(account: str, region: str) -> list[str]:
    return list(events_backends[account][region].describe_event_bus("default").rules)


def test_stack_set_deploys_to_each_account_and_region(world: World) -> None:
    """Units below the target unit are included, and each account sees its own stack."""
    world.deploy(rollout())
    for account in (WEB, DATA):
        assert stacks(account, REGION) == ["a", "z"]
        assert stacks(account, SECOND) == ["a"]
        assert (rules(account, REGION), rules(account, SECOND)) == (["orgdns-eu-west-1"], ["orgdns-us-east-1"])
        assert "inline" in role_policies(account, "orgdns-reader")
    (target,) = events_backends[WEB][SECOND].describe_event_bus("default").rules["orgdns-us-east-1"].targets
    assert target["Arn"] == f"arn:aws:events:eu-west-1:{HUB}:event-bus/orgdns"
    summaries = client("cloudformation").list_stack_instances(StackSetName="a-region", CallAs="DELEGATED_ADMIN")[
        "Summaries"
    ]
    assert {(each["Account"], each["Region"], each["Status"]) for each in summaries} == {
        (account, region, "CURRENT") for account in (WEB, DATA) for region in (REGION, SECOND)
    }


def test_stack_set_skips_the_management_account(world: World) -> None:
    """A stack set for the root reaches every member account, but never the management account."""
    world.deploy({"Resources": {"Set": stack_set("all", READER, units=(world.organization.root_id,))}})
    assert [stacks(account, REGION) for account in (MANAGEMENT, WEB, DATA)] == [[], ["all"], ["all"]]


def test_new_account_gets_its_stacks_in_order(world: World) -> None:
    """A new account in a target unit gets all stacks, each after those it depends on."""
    world.deploy(rollout())
    new = "100000000009"
    world.organization.add_account(PROD, AccountSpec(new, "new"))
    assert stacks(new, REGION) == ["a", "z"]
    assert stacks(new, SECOND) == ["a"]
    made = client("cloudformation", new).describe_stacks()["Stacks"]
    assert [stack["StackName"].split("-")[1] for stack in made] == ["z", "a"]


def test_account_that_leaves_loses_its_stacks(world: World) -> None:
    """An account that leaves the target units or the organization loses all stacks."""
    world.deploy(rollout())
    world.organization.move_account(WEB, OUTSIDE)
    world.organization.remove_account(DATA)
    for account in (WEB, DATA):
        assert (stacks(account, REGION), stacks(account, SECOND), rules(account, REGION)) == ([], [], [])
    assert (
        client("cloudformation").list_stack_instances(StackSetName="a-region", CallAs="DELEGATED_ADMIN")["Summaries"]
        == []
    )


def test_retained_stacks_stay(world: World) -> None:
    """With RetainStacksOnAccountRemoval the stack stays, but leaves the stack set."""
    retained = {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    world.deploy({"Resources": {"Set": stack_set("kept", READER, AutoDeployment=retained)}})
    world.organization.move_account(WEB, OUTSIDE)
    assert stacks(WEB, REGION) == ["kept"]
    summaries = client("cloudformation").list_stack_instances(StackSetName="kept", CallAs="DELEGATED_ADMIN")[
        "Summaries"
    ]
    assert [each["Account"] for each in summaries] == [DATA]


def test_new_account_gets_nothing_without_auto_deployment(world: World) -> None:
    """Without automatic deployment a new account gets no stack."""
    world.deploy({"Resources": {"Set": stack_set("manual", READER, AutoDeployment={"Enabled": False})}})
    world.organization.add_account(WORK, AccountSpec("100000000009", "new"))
    assert stacks("100000000009", REGION) == []


@pytest.mark.parametrize("kind", ["DIFFERENCE", "INTERSECTION"])
def test_automatic_deployment_does_not_consider_filters(world: World, kind: str) -> None:
    """The filter holds for the accounts that are there. Each account that comes into the unit later gets the stacks."""
    targets = {"OrganizationalUnitIds": [WORK], "Accounts": [WEB], "AccountFilterType": kind}
    group = [{"DeploymentTargets": targets, "Regions": [REGION]}]
    world.deploy({"Resources": {"Set": stack_set("filtered", READER, StackInstancesGroup=group)}})
    there = {WEB} if kind == "INTERSECTION" else {DATA}
    assert {account for account in (WEB, DATA) if stacks(account, REGION)} == there
    world.organization.add_account(PROD, AccountSpec("100000000009", "new"))
    assert stacks("100000000009", REGION) == ["filtered"]
    world.organization.move_account(WEB, OUTSIDE)
    assert stacks(WEB, REGION) == []
    world.organization.move_account(WEB, WORK)
    assert stacks(WEB, REGION) == ["filtered"]


def test_stack_set_update_updates_its_stacks(world: World) -> None:
    """A changed template reaches every stack; changed targets add and delete stacks."""
    world.deploy(rollout())
    world.deploy(rollout(CHILD.replace("aws.ec2", "aws.tag")))
    for account in (WEB, DATA):
        rule = events_backends[account][SECOND].describe_event_bus("default").rules["orgdns-us-east-1"]
        assert json.loads(rule.event_pattern.dump()) == {"source": ["aws.tag"]}
    world.deploy(
        rollout(StackInstancesGroup=stack_set("x", "", SECOND, units=(PROD,))["Properties"]["StackInstancesGroup"])
    )
    assert (stacks(WEB, REGION), stacks(DATA, REGION), stacks(DATA, SECOND)) == (["a"], ["a"], ["a", "z"])


def test_tags_reach_the_stacks(world: World) -> None:
    """The tags of a stack set are those of its stacks, also after an update."""
    for value in ("first", "second"):
        tags = [{"Key": "team", "Value": value}]
        world.deploy({"Resources": {"Set": stack_set("tagged", READER, Tags=tags)}})
        for account in (WEB, DATA):
            (stack,) = client("cloudformation", account).describe_stacks()["Stacks"]
            assert stack["Tags"] == tags


def test_deleted_stack_set_deletes_its_stacks(world: World) -> None:
    """Deleting the stack set deletes its stacks."""
    world.deploy(rollout())
    world.deployer.delete(HUB, REGION, "stack")
    assert [stacks(account, region) for account in (WEB, DATA) for region in (REGION, SECOND)] == [[]] * 4


@pytest.mark.parametrize(
    ("account", "more", "message"),
    [
        (WEB, {}, "delegated admin"),
        (HUB, {"CallAs": "SELF"}, "delegated admin"),
        (MANAGEMENT, {}, "delegated admin"),
        (HUB, {"Capabilities": []}, "CAPABILITY_NAMED_IAM"),
        (HUB, {"PermissionModel": "SELF_MANAGED"}, "service-managed"),
        (HUB, {"TemplateURL": "https://x"}, "TemplateURL"),
        (HUB, {"AutoDeployment": {"Enabled": True, "DependsOn": ["arn:aws:x"]}}, "do not exist"),
    ],
)
def test_invalid_stack_set_is_refused(world: World, account: str, more: dict[str, Any], message: str) -> None:
    """Only the administrator may create one, with the right CallAs and the child template's capabilities."""
    with pytest.raises(DeploymentFailed, match=message):
        world.deploy({"Resources": {"Set": stack_set("s", READER, **more)}}, account)
    assert stacks(WEB, REGION) == []


def test_failed_stack_undoes_the_stack_set(world: World) -> None:
    """If a stack fails because a member already has the role, the stacks created before it are deleted."""
    text = json.dumps({"Resources": {"Role": role("orgdns-reader", "a:B")}})
    world.deployer.deploy(DATA, REGION, "own-reader", text, {}, NAMED_IAM)
    with pytest.raises(DeploymentFailed, match="orgdns-reader"):
        world.deploy({"Resources": {"Set": stack_set("s", READER)}})
    assert (stacks(WEB, REGION), stacks(DATA, REGION)) == ([], ["reader"])
    listed = client("cloudformation").list_stack_sets(CallAs="DELEGATED_ADMIN")["Summaries"]
    assert [each["Status"] for each in listed] == ["DELETED"]


def test_management_account_calls_as_self(world: World) -> None:
    """The management account deploys to members with CallAs SELF."""
    world.deploy({"Resources": {"Set": stack_set("own", READER, CallAs="SELF")}}, MANAGEMENT)
    assert stacks(DATA, REGION) == ["own"]


def test_stack_set_needs_trusted_access() -> None:
    """Without trusted access for StackSets, service-managed stack sets are refused."""
    with simulated_organization(), deployer() as deploys:
        template = json.dumps({"Resources": {"Set": stack_set("s", READER)}})
        with pytest.raises(DeploymentFailed, match="trusted access"):
            deploys.deploy(HUB, REGION, "stack", template)
