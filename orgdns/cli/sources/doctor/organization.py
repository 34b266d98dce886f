"""What the organization grants the hub account. Each raises what AWS answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.reports.doctor.facts import Administrators, OptIn
from orgdns.cli.reports.doctor.organization import STACK_SETS_PRINCIPAL

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_organizations import OrganizationsClient


def access(client: CloudFormationClient) -> str:
    """The state of StackSets' trusted access, as a delegated administrator sees it."""
    return client.describe_organizations_access(CallAs="DELEGATED_ADMIN")["Status"]


def administrators(client: OrganizationsClient, account: str) -> Administrators:
    """The delegated administrators of StackSets."""
    pages = client.get_paginator("list_delegated_administrators").paginate(ServicePrincipal=STACK_SETS_PRINCIPAL)
    listed = frozenset(each.get("Id", "") for page in pages for each in page["DelegatedAdministrators"])
    return Administrators(account, listed)


def opt_in(client: EC2Client) -> OptIn:
    """The opt-in status of each region in the hub account."""
    found = client.describe_regions(AllRegions=True)["Regions"]
    return {each.get("RegionName", ""): each.get("OptInStatus", "") for each in found}
