"""Grants that several functions of the hub share, each on the one resource that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.organizations
import awacs.sts
from awacs.aws import Action, Allow, Condition, Statement, StringEquals
from troposphere import GetAtt, Sub

from hub.runtime import contract
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from troposphere.dynamodb import Table

    from orgdns.config.load import Config


def keep_ledger(ledger: Table, *actions: Action) -> Statement:
    """The grant for these actions on the ledger."""
    return Statement(Sid="KeepLedger", Effect=Allow, Action=list(actions), Resource=[GetAtt(ledger, "Arn")])


def assume_in_network(sid: str, config: Config, role: str) -> Statement:
    """The grant to assume a role in the networking account."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sts.AssumeRole],
        Resource=[role_arn(config.network.account, role)],
    )


def assume_in_organization(sid: str, config: Config, role: str) -> Statement:
    """The grant to assume a role in any account of the organization."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sts.AssumeRole],
        Resource=[role_arn("*", role)],
        Condition=Condition(StringEquals({"aws:ResourceOrgID": config.organization.id})),
    )


def read_instances(config: Config) -> Statement:
    """The grant to assume the reader role of any account."""
    return assume_in_organization("ReadInstancesInThisOrganization", config, contract.READER_ROLE)


def read_account_names(config: Config) -> Statement:
    """The grant to describe the accounts of the organization."""
    accounts = f"{config.organization.management_account}:account/{config.organization.id}/*"
    return Statement(
        Sid="ReadAccountNames",
        Effect=Allow,
        Action=[awacs.organizations.DescribeAccount],
        Resource=[Sub(f"arn:${{AWS::Partition}}:organizations::{accounts}")],
    )
