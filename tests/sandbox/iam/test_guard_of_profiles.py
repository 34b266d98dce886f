"""Which permissions a guarded role needs for Route 53 Profiles: a policy cannot name a Profile, but can name a VPC."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.iam.guard import Denied, Guard
from sandbox.aws.iam.permissions import Caller, Permission, needed_permissions
from tests.support.profiles_world import OWNER, client, organization, vpc_of
from tests.support.sandbox.organizations import REGION, client_with

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = f"arn:aws:iam::{OWNER}:role/orgdns-observer"
VPC_KEY = "route53profiles:ResourceIds"


@pytest.fixture
def guard() -> Iterator[Guard]:
    with organization():
        guard = Guard({"orgdns-observer"})
        with guard.in_force():
            yield guard


def guarded(*statements: dict[str, Any]) -> Any:  # noqa: ANN401 - there are no types for the service here
    """A client of the service with the session of a role that has these grants."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = client("iam", OWNER)
    iam.create_role(RoleName="orgdns-observer", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    granted = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": granted})
    iam.put_role_policy(RoleName="orgdns-observer", PolicyName="granted", PolicyDocument=document)
    session = client("sts", OWNER).assume_role(RoleArn=ROLE, RoleSessionName="test")
    return client_with(session["Credentials"], "route53profiles")


def test_lists_need_their_own_actions(guard: Guard) -> None:
    """Each list has its own action, and the guard records it for the role."""
    service = guarded({"Action": ["route53profiles:ListProfiles", "route53profiles:ListProfileResourceAssociations"]})
    profile_id = client("route53profiles", OWNER).create_profile(Name="shared")["Profile"]["Id"]
    service.list_profiles()
    service.list_profile_resource_associations(ProfileId=profile_id)
    with pytest.raises(ClientError) as refused:
        service.list_profile_associations()
    response = refused.value.response
    assert response["Error"]["Code"] == "AccessDeniedException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert guard.denied == [Denied(ROLE, "route53profiles:ListProfileAssociations", "*")]
    assert guard.used_actions("orgdns-observer") == guard.granted_actions("orgdns-observer")


def test_policy_can_name_the_vpc(guard: Guard) -> None:
    """Associating or disassociating another VPC is refused; describing VPCs is a separate permission."""
    vpc, other = vpc_of(OWNER), vpc_of(OWNER)
    actions = ["route53profiles:AssociateProfile", "route53profiles:DisassociateProfile"]
    condition = {"StringEquals": {VPC_KEY: vpc}}
    service = guarded({"Action": actions, "Condition": condition}, {"Action": "ec2:DescribeVpcs"})
    owner = client("route53profiles", OWNER)
    profile_id = owner.create_profile(Name="shared")["Profile"]["Id"]
    service.associate_profile(ProfileId=profile_id, ResourceId=vpc, Name="a")
    owner.associate_profile(ProfileId=profile_id, ResourceId=other, Name="a")
    with pytest.raises(service.exceptions.AccessDeniedException):
        service.disassociate_profile(ProfileId=profile_id, ResourceId=other)
    service.disassociate_profile(ProfileId=profile_id, ResourceId=vpc)
    assert [each.action for each in guard.denied] == ["route53profiles:DisassociateProfile"]
    assert guard.used_actions("orgdns-observer") == {*actions, "ec2:DescribeVpcs"}


def test_association_needs_describe_vpcs(guard: Guard) -> None:
    """The Profiles permission alone is not enough."""
    service = guarded({"Action": "route53profiles:*"})
    with pytest.raises(service.exceptions.AccessDeniedException):
        service.associate_profile(ProfileId="rp-0", ResourceId=vpc_of(OWNER), Name="a")
    assert guard.denied == [Denied(ROLE, "ec2:DescribeVpcs", "*")]


def test_tags_need_their_own_permission() -> None:
    """The permission is on the association, which has no id yet."""
    parameters = {"ResourceId": "vpc-1", "Tags": [{"Key": "a", "Value": "b"}]}
    *_, last = needed_permissions("route53profiles", "AssociateProfile", parameters, Caller(OWNER, REGION))
    association = f"arn:aws:route53profiles:{REGION}:{OWNER}:profile-association/*"
    assert last == Permission("route53profiles:TagResource", association)
    plain = needed_permissions("route53profiles", "AssociateProfile", {"ResourceId": "vpc-1"}, Caller(OWNER, REGION))
    assert [each.action for each in plain] == ["route53profiles:AssociateProfile", "ec2:DescribeVpcs"]
