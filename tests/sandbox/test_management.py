"""What the management account changes for its organization, and what member accounts are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloudformation.deployer import deployer
from sandbox.aws.organization import STACK_SETS_PRINCIPAL, Organization
from tests.support.sandbox.organizations import HUB, MANAGEMENT, WEB, client, simulated_organization

DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a:B", "Resource": "*"}]})


@pytest.fixture
def organization() -> Iterator[Organization]:
    with simulated_organization() as made, deployer():
        yield made


def code_of(call: Callable[..., Any], **parameters: str) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return str(refused.value.response["Error"]["Code"])


@pytest.mark.usefixtures("organization")
def test_member_accounts_change_nothing() -> None:
    """Neither a member nor a delegated administrator changes trusted access, administrators or policies."""
    for account in (WEB, HUB):
        service = client("organizations", account)
        registration = {"AccountId": WEB, "ServicePrincipal": STACK_SETS_PRINCIPAL}
        assert code_of(service.enable_aws_service_access, ServicePrincipal=STACK_SETS_PRINCIPAL) == (
            "AccessDeniedException"
        )
        assert code_of(service.register_delegated_administrator, **registration) == "AccessDeniedException"
        policy = {"Name": "x", "Description": "", "Content": DENY, "Type": "SERVICE_CONTROL_POLICY"}
        assert code_of(service.create_policy, **policy) == "AccessDeniedException"
        assert code_of(client("cloudformation", account).activate_organizations_access) == "InvalidOperationException"
        assert code_of(client("ram", account).enable_sharing_with_aws_organization) == "OperationNotPermittedException"


@pytest.mark.usefixtures("organization")
def test_trusted_access_comes_before_the_administrator() -> None:
    """StackSets has an administrator only while it has trusted access, which it loses after the administrator."""
    service, cloudformation = client("organizations", MANAGEMENT), client("cloudformation", MANAGEMENT)
    registration = {"AccountId": HUB, "ServicePrincipal": STACK_SETS_PRINCIPAL}
    assert code_of(service.register_delegated_administrator, **registration) == "ConstraintViolationException"
    assert cloudformation.describe_organizations_access()["Status"] == "DISABLED"
    cloudformation.activate_organizations_access()
    cloudformation.activate_organizations_access()
    assert cloudformation.describe_organizations_access()["Status"] == "ENABLED"
    service.register_delegated_administrator(**registration)
    assert code_of(service.register_delegated_administrator, **registration) == "AccountAlreadyRegisteredException"
    listed = client("organizations", HUB).list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [each["ServicePrincipal"] for each in listed] == [STACK_SETS_PRINCIPAL]
    assert code_of(cloudformation.deactivate_organizations_access) == "InvalidOperationException"
    service.deregister_delegated_administrator(**registration)
    cloudformation.deactivate_organizations_access()
    assert cloudformation.describe_organizations_access()["Status"] == "DISABLED"


def test_policy_is_attached_once_and_only_if_its_type_is_enabled(organization: Organization) -> None:
    """Service control policies are enabled in the root, then attached to a unit, and listed there."""
    service = client("organizations", MANAGEMENT)
    made = service.create_policy(Name="guard", Description="", Content=DENY, Type="SERVICE_CONTROL_POLICY")
    attachment = {"PolicyId": made["Policy"]["PolicySummary"]["Id"], "TargetId": organization.root_id}
    assert code_of(service.attach_policy, **attachment) == "PolicyTypeNotEnabledException"
    service.enable_policy_type(RootId=organization.root_id, PolicyType="SERVICE_CONTROL_POLICY")
    service.attach_policy(**attachment)
    assert code_of(service.attach_policy, **attachment) == "DuplicatePolicyAttachmentException"
    listed = service.list_policies_for_target(TargetId=organization.root_id, Filter="SERVICE_CONTROL_POLICY")
    assert [each["Name"] for each in listed["Policies"]] == ["FullAWSAccess", "guard"]
    assert code_of(service.delete_policy, PolicyId=attachment["PolicyId"]) == "PolicyInUseException"
    service.detach_policy(**attachment)
    service.delete_policy(PolicyId=attachment["PolicyId"])
