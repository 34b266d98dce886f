"""An organization with fixed ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.credentials import administrator_client
from sandbox.aws.organization import (
    STACK_SETS_PRINCIPAL,
    AccountSpec,
    Organization,
    OrganizationSpec,
    UnitSpec,
    member_accounts_below,
    organization_id,
)
from tests.support.sandbox.organizations import (
    DATA,
    HUB,
    MANAGEMENT,
    OUTSIDE,
    PROD,
    SPEC,
    WEB,
    WORK,
    simulated_organization,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_organizations import OrganizationsClient


@pytest.fixture
def organization() -> Iterator[Organization]:
    with simulated_organization() as organization:
        yield organization


def organizations(account: str) -> OrganizationsClient:
    client: OrganizationsClient = administrator_client("organizations", account, "us-east-1")
    return client


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def test_ids_are_those_of_the_specification(organization: Organization) -> None:
    """The organization, its root, units and accounts have the specified ids."""
    client = organizations(MANAGEMENT)
    assert client.describe_organization()["Organization"]["Id"] == "o-demo123456"
    assert [root["Id"] for root in client.list_roots()["Roots"]] == [organization.root_id] == ["r-demo"]
    accounts = {account["Id"]: account["Name"] for account in client.list_accounts()["Accounts"]}
    assert accounts == {MANAGEMENT: "management", HUB: "hub", WEB: "web", DATA: "data"}
    parents = client.list_parents(ChildId=DATA)["Parents"]
    assert parents == [{"Id": PROD, "Type": "ORGANIZATIONAL_UNIT"}]
    assert organization.account_ids == (MANAGEMENT, HUB, WEB, DATA)


def test_delegated_administrator_reads_the_organization(organization: Organization) -> None:
    """A delegated administrator gets the management account's answers."""
    organization.register_stack_sets_administrator(HUB)
    account: Any = organizations(HUB).describe_account(AccountId=DATA)["Account"]
    assert (account["Name"], account["Status"], account["State"]) == ("data", "ACTIVE", "ACTIVE")
    assert account["Arn"] == f"arn:aws:organizations::{MANAGEMENT}:account/o-demo123456/{DATA}"
    assert account["Paths"] == [f"o-demo123456/r-demo/{WORK}/{PROD}/{DATA}/"]
    assert organizations(HUB).list_accounts()["Accounts"] == organizations(MANAGEMENT).list_accounts()["Accounts"]


def test_delegated_administrator_reads_what_stack_sets_may(organization: Organization) -> None:
    """It sees itself among the administrators, and trusted access if it says that it is one; nobody else does."""
    stack_sets = administrator_client("cloudformation", HUB, "eu-central-1")
    for call_as in ("SELF", "DELEGATED_ADMIN"):
        with pytest.raises(ClientError, match="not a delegated administrator"):
            stack_sets.describe_organizations_access(CallAs=call_as)
    organization.register_stack_sets_administrator(HUB)
    listed = organizations(HUB).list_delegated_administrators(ServicePrincipal=STACK_SETS_PRINCIPAL)[
        "DelegatedAdministrators"
    ]
    assert [each["Id"] for each in listed] == [HUB]
    assert stack_sets.describe_organizations_access(CallAs="DELEGATED_ADMIN")["Status"] == "ENABLED"
    with pytest.raises(ClientError, match="not a delegated administrator"):
        stack_sets.describe_organizations_access(CallAs="SELF")
    of_management = administrator_client("cloudformation", MANAGEMENT, "eu-central-1")
    assert of_management.describe_organizations_access()["Status"] == "ENABLED"
    organizations(MANAGEMENT).disable_aws_service_access(ServicePrincipal=STACK_SETS_PRINCIPAL)
    assert of_management.describe_organizations_access()["Status"] == "DISABLED"


def test_paths_follow_the_accounts_moves(organization: Organization) -> None:
    """DescribeAccount shows the account's current unit, or the root."""
    organization.register_stack_sets_administrator(HUB)

    def paths() -> list[str]:
        described: Any = organizations(HUB).describe_account(AccountId=WEB)["Account"]
        return list(described["Paths"])

    assert paths() == [f"o-demo123456/r-demo/{WORK}/{WEB}/"]
    organization.move_account(WEB, PROD)
    assert paths() == [f"o-demo123456/r-demo/{WORK}/{PROD}/{WEB}/"]
    organization.move_account(WEB, organization.root_id)
    assert paths() == [f"o-demo123456/r-demo/{WEB}/"]


@pytest.mark.usefixtures("organization")
def test_plain_member_is_refused() -> None:
    """A member account that is not a delegated administrator gets no answer."""
    with pytest.raises(ClientError) as refused:
        organizations(WEB).describe_account(AccountId=WEB)
    assert code(refused) == "AccessDeniedException"
    with pytest.raises(ClientError) as outside:
        organizations("999999999999").list_accounts()
    assert code(outside) == "AWSOrganizationsNotInUseException"


def test_unknown_account_is_not_found(organization: Organization) -> None:
    """DescribeAccount of an outside account fails for the management account and the administrator alike."""
    organization.register_stack_sets_administrator(HUB)
    for sweep_scheduler in (MANAGEMENT, HUB):
        with pytest.raises(ClientError) as unknown:
            organizations(sweep_scheduler).describe_account(AccountId="999999999999")
        assert code(unknown) == "AccountNotFoundException"


@pytest.mark.usefixtures("organization")
def test_stack_sets_administrator_registers_through_the_api() -> None:
    """The rollout's two API calls make a member account the delegated administrator for StackSets."""
    client = organizations(MANAGEMENT)
    client.enable_aws_service_access(ServicePrincipal=STACK_SETS_PRINCIPAL)
    client.register_delegated_administrator(AccountId=HUB, ServicePrincipal=STACK_SETS_PRINCIPAL)
    listed = client.list_delegated_administrators(ServicePrincipal=STACK_SETS_PRINCIPAL)
    assert [each["Id"] for each in listed["DelegatedAdministrators"]] == [HUB]


def test_accounts_are_paged_by_twenty(organization: Organization) -> None:
    """Every account is listed, even those created in the same instant."""
    new = [f"2000000000{number:02}" for number in range(30)]
    for account in new:
        organization.add_account(WORK, AccountSpec(account, f"member-{account}"))
    joined = organization.backend.accounts[0].create_time
    for account in organization.backend.accounts:
        account.create_time = joined
    pages = list(organizations(MANAGEMENT).get_paginator("list_accounts").paginate())
    assert [len(page["Accounts"]) for page in pages] == [20, 14]
    assert {account["Id"] for page in pages for account in page["Accounts"]} == {MANAGEMENT, HUB, WEB, DATA, *new}


def test_members_below_a_unit_include_child_units(organization: Organization) -> None:
    """Units below are included; the management account is not."""
    backend = organization.backend
    assert member_accounts_below(backend, [WORK]) == (WEB, DATA)
    assert member_accounts_below(backend, [PROD]) == (DATA,)
    assert member_accounts_below(backend, [organization.root_id]) == (HUB, WEB, DATA)


def test_account_that_moves_or_leaves(organization: Organization) -> None:
    """A moved account is in its new unit; an account that left belongs to no organization."""
    organization.move_account(WEB, OUTSIDE)
    assert member_accounts_below(organization.backend, [OUTSIDE]) == (HUB, WEB)
    assert organization_id(WEB) == "o-demo123456"
    organization.remove_account(WEB)
    assert member_accounts_below(organization.backend, [OUTSIDE]) == (HUB,)
    assert organization_id(WEB) is None


@pytest.mark.parametrize(
    ("organization_id", "management", "units"),
    [
        ("demo", MANAGEMENT, SPEC.units),
        (SPEC.id, "1", SPEC.units),
        (SPEC.id, HUB, SPEC.units),
        (SPEC.id, MANAGEMENT, (UnitSpec("ou-1", "x"),)),
        (SPEC.id, MANAGEMENT, (UnitSpec(OUTSIDE, "x"), UnitSpec("ou-other-11111111", "y"))),
    ],
)
def test_invalid_specification_is_refused(organization_id: str, management: str, units: tuple[UnitSpec, ...]) -> None:
    """Malformed ids, a repeated account, and units of two roots are errors."""
    with pytest.raises(ValueError, match=r"id|root"):
        OrganizationSpec(organization_id, management, units)
