"""Trust policies, policy documents and role ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.sts
from awacs.aws import Allow, ArnEquals, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import Sub

if TYPE_CHECKING:
    from orgdns.config.load import Config


def document(*statements: Statement) -> PolicyDocument:
    """A policy document in the current version of the policy language."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def role_arn(config: Config, account: str, role: str) -> Sub:
    """The ARN of a role of orgdns. The role need not exist yet."""
    return Sub(f"arn:${{AWS::Partition}}:iam::{account}:role{config.resources.role_path}{role}")


def trust_in_hub_roles(config: Config, *roles: str) -> PolicyDocument:
    """A trust policy for these roles of the hub account.

    IAM rejects the ARN of a role that does not exist as a Principal, and replaces the ARN of an existing role by an id
    that becomes invalid when the role is deleted. The account as Principal, restricted to the roles by
    aws:PrincipalArn, trusts the same roles and works in any order of deployment ("AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    return document(
        Statement(
            Sid="OnlyTheseRolesOfTheHub",
            Effect=Allow,
            Principal=Principal("AWS", Sub(f"arn:${{AWS::Partition}}:iam::{config.hub.account}:root")),
            Action=[awacs.sts.AssumeRole],
            Condition=Condition(
                [
                    ArnEquals({"aws:PrincipalArn": [role_arn(config, config.hub.account, role) for role in roles]}),
                    StringEquals({"aws:PrincipalOrgID": config.organization.id}),
                ]
            ),
        )
    )


def trust_in_service(service: str, condition: Condition | None = None) -> PolicyDocument:
    """A trust policy for an AWS service, such as `lambda.amazonaws.com`."""
    conditions = {} if condition is None else {"Condition": condition}
    return document(
        Statement(
            Sid="OnlyThisService",
            Effect=Allow,
            Principal=Principal("Service", service),
            Action=[awacs.sts.AssumeRole],
            **conditions,
        )
    )
