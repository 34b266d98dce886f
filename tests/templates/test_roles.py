"""Rules for all roles: IAM quotas, no grant on everything, and who may assume each role."""

from __future__ import annotations

from typing import Any

import pytest

from orgdns.config.load import known_regions
from tests.support.generated import (
    CONFIGS,
    HUB,
    NAMES,
    ORGANIZATION,
    arn_of,
    grants,
    of_type,
    resolved_size,
    sub,
    texts,
)

# StackSets makes this call in the caller's name, and AWS does not document what it asks for.
CHECKED_BY_AWS = {"organizations:ListDelegatedAdministrators"}
# Actions without a resource type: "*" is the only valid resource.
WITHOUT_RESOURCE = {
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeInstances",
    "ec2:DescribeVpcs",
    "route53:ListHostedZonesByVPC",
    "route53profiles:AssociateProfile",
    "route53profiles:DisassociateProfile",
    "route53profiles:ListProfileAssociations",
    "route53profiles:ListProfileResourceAssociations",
    "route53profiles:ListProfiles",
    "route53resolver:ListFirewallRuleGroupAssociations",
    "route53resolver:ListResolverRuleAssociations",
    "route53resolver:ListResolverRules",
}


@pytest.mark.parametrize("config", list(CONFIGS))
def test_iam_limits(config: str) -> None:
    """Roles and policies keep "IAM and AWS STS quotas", also with 17 zones and in the region with the longest name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    for name in NAMES:
        for role in of_type(name, "AWS::IAM::Role", config).values():
            documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
            assert sum(map(resolved_size, documents)) <= 10_240
            assert resolved_size(role["AssumeRolePolicyDocument"]) <= 2_048
            role_name = role["RoleName"] if isinstance(role["RoleName"], str) else role["RoleName"]["Fn::Sub"]
            assert len(role_name.replace("${AWS::Region}", max(known_regions(), key=len))) <= 64
        policies = of_type(name, "AWS::IAM::ManagedPolicy", config)
        assert len(policies) <= 10
        assert all(resolved_size(policy["PolicyDocument"]) <= 6_144 for policy in policies.values())


@pytest.mark.parametrize("config", list(CONFIGS))
@pytest.mark.parametrize("name", NAMES)
def test_no_grant_on_everything(name: str, config: str) -> None:
    """No statement allows a wildcard of actions, or all resources unless its actions have no resource type."""
    roles = of_type(name, "AWS::IAM::Role", config).values()
    documents = [policy["PolicyDocument"] for role in roles for policy in role.get("Policies", [])]
    documents += [policy["PolicyDocument"] for policy in of_type(name, "AWS::IAM::ManagedPolicy", config).values()]
    for document in documents:
        for actions, resources, condition in grants(document).values():
            assert not any("*" in action for action in actions)
            conditioned = actions <= WITHOUT_RESOURCE and condition is not None
            assert "*" not in resources or conditioned or actions == CHECKED_BY_AWS


def test_no_vpc_resources_without_association_policies() -> None:
    """If policy associates no VPCs, no template has a function, role, queue, rule or grant for VPCs."""
    for name in NAMES:
        text = texts("unassociated")[name]
        assert "Associat" not in text.replace("StackSetAssociation", "")
        assert "Vpc" not in text
        assert "DescribeVpcs" not in text


def test_who_may_assume_each_role() -> None:
    """Services may assume a role for their own resources only, and roles of the hub by name."""
    trusted = {
        role: (statement["Principal"], statement.get("Condition"))
        for name in NAMES
        for role, content in of_type(name, "AWS::IAM::Role").items()
        for statement in content["AssumeRolePolicyDocument"]["Statement"]
    }

    def hub_roles(*roles: str) -> tuple[dict[str, Any], dict[str, Any]]:
        arn = f"arn:${{AWS::Partition}}:iam::{HUB}"
        return {"AWS": sub(f"{arn}:root")}, {
            "ArnEquals": {"aws:PrincipalArn": [sub(f"{arn}:role/{role}") for role in roles]},
            "StringEquals": {"aws:PrincipalOrgID": ORGANIZATION},
        }

    rule = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule"
    assert trusted == {
        "ObserverRole": ({"Service": "lambda.amazonaws.com"}, None),
        "PublisherRole": ({"Service": "lambda.amazonaws.com"}, None),
        "SweeperRole": ({"Service": "lambda.amazonaws.com"}, None),
        "AssociatorRole": ({"Service": "lambda.amazonaws.com"}, None),
        "HistorianRole": ({"Service": "lambda.amazonaws.com"}, None),
        "AuthorizerRole": hub_roles("orgdns-associator"),
        "VpcAssociatorRole": hub_roles("orgdns-associator"),
        "WriterRole": hub_roles("orgdns-publisher"),
        "ZoneReaderRole": hub_roles("orgdns-sweeper"),
        "ReaderRole": hub_roles("orgdns-observer", "orgdns-sweeper", "orgdns-associator"),
        "ScheduleRole": (
            {"Service": "scheduler.amazonaws.com"},
            {
                "ArnEquals": {"aws:SourceArn": arn_of("ScheduleGroup")},
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        ),
        "DeliveryRole": (
            {"Service": "events.amazonaws.com"},
            {
                "ArnEquals": {
                    "aws:SourceArn": [
                        sub(f"{rule}/orgdns-{name}")
                        for name in ("instance-states", "instance-tags", "instance-calls", "vpc-calls", "vpc-tags")
                    ]
                },
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        ),
        "ZoneChangesRole": (
            {"Service": "events.amazonaws.com"},
            {
                "ArnEquals": {"aws:SourceArn": [sub(f"{rule}/orgdns-zone-changes")]},
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        ),
    }
