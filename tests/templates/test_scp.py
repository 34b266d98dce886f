"""The optional service control policy: what the administrators of member accounts can no longer do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orgdns.config.load import load
from sandbox.aws.iam.evaluation import Effect, Request, evaluate
from spoke.scp import MAX_SIZE, scp_text
from tests.support.build import DOCUMENTS, EXAMPLE
from tests.support.generated import read

ACCOUNT = "444444444444"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
STACKSETS = f"arn:aws:iam::{ACCOUNT}:role/stacksets-exec-0123456789abcdef0123456789abcdef"
READER = f"arn:aws:iam::{ACCOUNT}:role/orgdns-reader"
STATES = f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/orgdns-instance-states"
UNDELIVERED = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orgdns-undelivered"
STACK = f"arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/StackSet-orgdns-spoke-region-0a1b/1"


@pytest.fixture(scope="module")
def scp() -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(scp_text(load(EXAMPLE)))
    return policy


def denied(scp: dict[str, Any], principal: str, action: str, resource: str) -> bool:
    request = Request(principal, ACCOUNT, action, resource, {"aws:PrincipalArn": principal})
    return evaluate(scp, request) is Effect.DENY


PROTECTED = [
    ("iam:UpdateAssumeRolePolicy", READER),
    ("iam:PutRolePolicy", READER),
    ("iam:DeleteRole", f"arn:aws:iam::{ACCOUNT}:role/orgdns-vpc-associator"),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/orgdns-delivery-eu-central-1"),
    ("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/orgdns-delivery-us-east-1"),
    ("iam:PutRolePermissionsBoundary", "arn:aws-us-gov:iam::444444444444:role/orgdns-reader"),
    ("events:DisableRule", STATES),
    ("events:PutRule", STATES),
    ("events:RemoveTargets", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/orgdns-instance-tags"),
    ("events:DeleteRule", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/orgdns-vpc-calls"),
    ("sqs:DeleteQueue", UNDELIVERED),
    ("sqs:SetQueueAttributes", UNDELIVERED),
    ("sqs:PurgeQueue", UNDELIVERED),
    ("cloudformation:DeleteStack", STACK),
    ("cloudformation:UpdateStack", STACK.replace("region", "account")),
    ("cloudformation:CancelUpdateStack", STACK),
    ("cloudformation:SetStackPolicy", STACK),
    ("cloudformation:UpdateTerminationProtection", STACK.replace("region", "region-included")),
]


@pytest.mark.parametrize(("action", "resource"), PROTECTED)
def test_stack_sets_alone_change_the_spokes(scp: dict[str, Any], action: str, resource: str) -> None:
    """Neither an administrator nor the root user of the account changes what the spokes are made of."""
    assert denied(scp, ADMIN, action, resource)
    assert denied(scp, ROOT, action, resource)
    assert not denied(scp, STACKSETS, action, resource)


def test_nobody_in_the_account_renames_it(scp: dict[str, Any]) -> None:
    """The management account, which an SCP does not restrict, still can."""
    for principal in (ADMIN, ROOT, STACKSETS):
        assert denied(scp, principal, "account:PutAccountName", f"arn:aws:account::{ACCOUNT}:account")


@pytest.mark.parametrize(
    "action", ["iam:CreateRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:PassRole"]
)
def test_nobody_becomes_a_role_of_stack_sets(scp: dict[str, Any], action: str) -> None:
    """An administrator can neither create such a role nor change who assumes one."""
    mine = f"arn:aws:iam::{ACCOUNT}:role/stacksets-exec-mine"
    for principal in (ADMIN, ROOT, STACKSETS, mine):
        for role in (mine, STACKSETS):
            assert denied(scp, principal, action, role)


@pytest.mark.parametrize(
    "principal", [f"arn:aws:iam::{ACCOUNT}:user/stacksets-exec-x", f"arn:aws:iam::{ACCOUNT}:role/x/stacksets-exec-x"]
)
def test_similar_principals_are_no_exception(scp: dict[str, Any], principal: str) -> None:
    """Only a role without a path is one of StackSets."""
    assert denied(scp, principal, "iam:DeleteRole", READER)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/web"),
        ("iam:DeleteRole", f"arn:aws:iam::{ACCOUNT}:role/orgdns"),
        ("iam:GetRole", READER),
        ("events:PutRule", f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/mine"),
        ("sqs:DeleteQueue", f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"),
        ("sqs:ReceiveMessage", UNDELIVERED),
        ("cloudformation:UpdateStack", f"arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/StackSet-other-0a1b/1"),
        ("account:GetAccountInformation", f"arn:aws:account::{ACCOUNT}:account"),
        ("ec2:CreateTags", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/i-1"),
        # The hub's and the networking account's own stacks are no StackSets.
        ("iam:PutRolePolicy", "arn:aws:iam::222222222222:role/orgdns-observer"),
        ("iam:PutRolePolicy", "arn:aws:iam::333333333333:role/orgdns-writer"),
        ("events:PutRule", "arn:aws:events:eu-central-1:222222222222:rule/orgdns/orgdns-received-instances"),
    ],
)
def test_everything_else_stays_possible(scp: dict[str, Any], action: str, resource: str) -> None:
    """The policy denies nothing but changes of the spokes."""
    assert not denied(scp, ADMIN, action, resource)


def of_spokes() -> Iterator[tuple[str, str]]:
    """The type and name of each named resource of the spoke templates."""
    for name in ("spoke-account", "spoke-region"):
        for resource in read(name)["Resources"].values():
            properties = resource["Properties"]
            named = next((properties[key] for key in ("RoleName", "QueueName", "Name") if key in properties), None)
            if named is not None:
                yield resource["Type"], named if isinstance(named, str) else named["Fn::Sub"]


def test_every_resource_of_the_spokes_is_protected(scp: dict[str, Any]) -> None:
    """A role, rule or queue that is added to the spokes needs the protection, too."""
    forms = {
        "AWS::IAM::Role": ("iam:DeleteRole", f"arn:aws:iam::{ACCOUNT}:role/"),
        "AWS::Events::Rule": ("events:DeleteRule", f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/"),
        "AWS::SQS::Queue": ("sqs:DeleteQueue", f"arn:aws:sqs:eu-central-1:{ACCOUNT}:"),
    }
    found = [(kind, name.replace("${AWS::Region}", "eu-central-1")) for kind, name in of_spokes()]
    assert {kind for kind, _ in found} == set(forms)
    for kind, name in found:
        action, prefix = forms[kind]
        assert denied(scp, ADMIN, action, f"{prefix}{name}"), name


@pytest.mark.parametrize("path", [EXAMPLE, DOCUMENTS / "every-feature.yaml"])
def test_policy_is_as_small_as_organizations_demands(path: Any) -> None:  # noqa: ANN401 - a path
    """Organizations counts white space, too, unless the console saves the policy."""
    text = scp_text(load(path))
    assert len(text) <= MAX_SIZE
    assert text == scp_text(load(path))
