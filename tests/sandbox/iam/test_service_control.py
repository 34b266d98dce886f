"""Permissions boundaries and service control policies limit what a role's own policies grant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.models import iam_backends

from sandbox.aws.iam import service_control
from sandbox.aws.iam.guard import AccessDenied, Guard
from sandbox.aws.organization import Organization
from sandbox.aws.partition import partition
from tests.support.sandbox.guard import OBSERVER, TABLE
from tests.support.sandbox.organizations import HUB, MANAGEMENT, WEB, WORK, client, simulated_organization

READER = f"arn:aws:iam::{WEB}:role/orgdns-reader"
DESCRIBE = "ec2:DescribeInstances"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Resource": "*", **each} for each in statements]})


def attach(organization: Organization, target: str, text: str) -> None:
    """Attach a service control policy to a unit, an account or the root."""
    made = organization.backend.create_policy(
        Name=f"policy-{target}", Description="", Content=text, Type="SERVICE_CONTROL_POLICY"
    )
    organization.backend.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)


def bounded(role: str, text: str) -> None:
    """Give a role of the hub a permissions boundary."""
    iam = client("iam", HUB)
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=text)["Policy"]["Arn"]
    (found,) = [each for each in iam_backends[HUB][partition()].roles.values() if each.name == role]
    found.permissions_boundary_arn = arn


def test_o2_a_boundary_limits_what_policies_grant(guard: Guard) -> None:
    """A role may do what both its policies and its boundary allow."""
    guard.check(OBSERVER, "dynamodb:GetItem", TABLE)
    bounded("orgdns-observer", policy({"Effect": "Allow", "Action": ["dynamodb:PutItem", "sts:*", "s3:*"]}))
    guard.check(OBSERVER, "dynamodb:PutItem", TABLE)
    guard.check(OBSERVER, "sts:AssumeRole", READER)
    for action, resource in (("dynamodb:GetItem", TABLE), ("s3:GetObject", "arn:aws:s3:::bucket/key")):
        with pytest.raises(AccessDenied):
            guard.check(OBSERVER, action, resource)


def test_o2_a_denial_in_a_boundary_counts(guard: Guard) -> None:
    """What the boundary denies is denied, whatever else allows it."""
    everything = {"Effect": "Allow", "Action": "*"}
    bounded("orgdns-observer", policy(everything, {"Effect": "Deny", "Action": "sts:AssumeRole"}))
    guard.check(OBSERVER, "dynamodb:GetItem", TABLE)
    with pytest.raises(AccessDenied):
        guard.check(OBSERVER, "sts:AssumeRole", READER)


@pytest.mark.parametrize("target", [WEB, WORK, "r-demo"])
def test_o2_a_policy_of_the_organization_denies_calls_below_its_target(target: str) -> None:
    """A denial that is attached to the account, a unit above it or the root counts for the account's principals."""
    with simulated_organization() as organization:
        attach(organization, target, policy({"Effect": "Deny", "Action": DESCRIBE}))
        assert service_control.restricted(WEB)
        assert service_control.denied(READER, WEB, DESCRIBE, "*", {})
        assert not service_control.denied(READER, WEB, "ec2:DescribeVpcs", "*", {})


def test_o2_the_management_account_and_other_units_are_not_restricted() -> None:
    """A denial counts neither in the management account nor in a unit beside its target."""
    with simulated_organization() as organization:
        assert not service_control.restricted(WEB)
        attach(organization, WORK, policy({"Effect": "Deny", "Action": DESCRIBE}))
        for account in (MANAGEMENT, HUB):
            assert not service_control.restricted(account)
            assert not service_control.denied(READER, account, DESCRIBE, "*", {})
