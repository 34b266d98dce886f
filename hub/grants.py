"""Grants that several functions of the hub share, each on the one resource that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.cloudformation
import awacs.dynamodb
import awacs.organizations
import awacs.sts
from awacs.aws import Action, Allow, Condition, Statement
from troposphere import GetAtt, Sub

from orgdns.cfn.coverage_conditions import in_covered_units
from orgdns.cfn.quotas.packing import split
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere.dynamodb import Table

    from orgdns.config.load import Config


def keep_ledger(ledger: Table, *actions: Action) -> Statement:
    """The grant for these actions on the ledger."""
    return Statement(Sid="KeepLedger", Effect=Allow, Action=list(actions), Resource=[GetAtt(ledger, "Arn")])


def follow_ledger(ledger: Table) -> Statement:
    """The grant to read the ledger's stream, also that of a table that was restored."""
    return Statement(
        Sid="FollowLedger",
        Effect=Allow,
        Action=[
            awacs.dynamodb.DescribeStream,
            awacs.dynamodb.GetRecords,
            awacs.dynamodb.GetShardIterator,
            awacs.dynamodb.ListStreams,
        ],
        Resource=[Sub(f"${{{ledger.title}.Arn}}/stream/*")],
    )


def assume_in_network(sid: str, config: Config, role: str) -> Statement:
    """The grant to assume a role in the networking account."""
    return Statement(
        Sid=sid,
        Effect=Allow,
        Action=[awacs.sts.AssumeRole],
        Resource=[role_arn(config, config.network.account, role)],
    )


def assume_in_covered_accounts(sid: str, config: Config, *roles: str) -> list[Statement]:
    """The grants to assume roles in the accounts of the covered units, and in the accounts included by name."""

    def in_units(units: Sequence[str], number: str) -> Statement:
        return Statement(
            Sid=f"{sid}InCoveredUnits{number}",
            Effect=Allow,
            Action=[awacs.sts.AssumeRole],
            Resource=[role_arn(config, "*", role) for role in roles],
            Condition=Condition(in_covered_units(config, "Resource", units)),
        )

    def by_name(accounts: Sequence[str], number: str) -> Statement:
        return Statement(
            Sid=f"{sid}InIncludedAccounts{number}",
            Effect=Allow,
            Action=[awacs.sts.AssumeRole],
            Resource=[role_arn(config, account, role) for account in accounts for role in roles],
        )

    return [*split(config.organization.units, in_units), *split(config.organization.included, by_name)]


def read_instances(config: Config) -> list[Statement]:
    """The grants to assume the reader role of a covered account."""
    return assume_in_covered_accounts("ReadInstances", config, config.names.reader_role)


def read_account_names(config: Config) -> Statement:
    """The grant to describe the accounts of the organization."""
    accounts = f"{config.organization.management_account}:account/{config.organization.id}/*"
    return Statement(
        Sid="ReadAccountNames",
        Effect=Allow,
        Action=[awacs.organizations.DescribeAccount],
        Resource=[Sub(f"arn:${{AWS::Partition}}:organizations::{accounts}")],
    )


def list_spokes(config: Config, stack_sets: Sequence[str]) -> list[Statement]:
    """The grants to list the stack instances of StackSets as their delegated administrator.

    A service-managed StackSet belongs to the management account, even if a delegated administrator creates it. AWS does
    not document whether the StackSet's ARN in a policy names that account or the administrator's own, so both are
    named.

    For each such call, StackSets also asks Organizations in the caller's name whether the account is a delegated
    administrator. Without organizations:ListDelegatedAdministrators, it answers that the account is none ("Register a
    delegated administrator",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html, and
    https://github.com/hashicorp/terraform-provider-aws/issues/32536). The action has no resource type. A condition
    would break the check or restrict nothing: AWS does not document whether the check sets aws:CalledVia, nor whether
    it sets organizations:ServicePrincipal, nor to which of StackSets' two principals. If it does not, StringEquals
    always denies. StringEqualsIfExists would allow the call without the key, which lists everything. The action only
    reads the ids and names of the delegated administrators.
    """
    return [
        Statement(
            Sid="ListSpokes",
            Effect=Allow,
            Action=[awacs.cloudformation.ListStackInstances],
            Resource=[
                Sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{owner}:stackset/{stack_set}:*")
                for stack_set in stack_sets
                for owner in (config.organization.management_account, "${AWS::AccountId}")
            ],
        ),
        Statement(
            Sid="ProveDelegation",
            Effect=Allow,
            Action=[awacs.organizations.ListDelegatedAdministrators],
            # The action has no resource type (above).
            Resource=["*"],
        ),
    ]
