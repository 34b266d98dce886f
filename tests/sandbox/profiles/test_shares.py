"""Shares of Profiles through boto3 and AWS RAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.support.profiles_world import (
    APART,
    BELOW,
    ORGANIZATION_ARN,
    OWNER,
    SHOP,
    STRANGER,
    TOP,
    WEB,
    ProfilesWorld,
    client,
    unit_arn,
    vpc_of,
)
from tests.support.sandbox.organizations import MANAGEMENT, REGION
from tests.support.sandbox.profiles.calls import error, profile, share, visible_profiles

if TYPE_CHECKING:
    from sandbox.aws.organization import Organization


@pytest.fixture
def enabled(profiles_world: ProfilesWorld) -> Organization:
    client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
    return profiles_world.organization


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (ORGANIZATION_ARN, {MANAGEMENT, WEB, SHOP}),
        (unit_arn(TOP), {WEB}),
        (unit_arn(BELOW), {WEB}),
        (unit_arn(APART), {SHOP}),
        (SHOP, {SHOP}),
        (STRANGER, set()),
    ],
)
@pytest.mark.usefixtures("enabled")
def test_share_reaches_its_principals(principal: str, expected: set[str]) -> None:
    """The organization, a unit with the units below it, or an account; an outside account would be invited."""
    made = profile()
    share(made["Arn"], principal)
    assert visible_profiles(OWNER) == {made["Id"]: "SHARED_BY_ME"}
    accounts = (MANAGEMENT, WEB, SHOP, STRANGER)
    assert {account for account in accounts if visible_profiles(account)} == expected
    assert all(visible_profiles(account) == {made["Id"]: "SHARED_WITH_ME"} for account in expected)


def test_share_follows_the_organization(enabled: Organization) -> None:
    """An account moved below the unit gets access. One that left the organization, and a deleted share, lose it."""
    made = profile()
    given = share(made["Arn"], unit_arn(TOP))
    assert not visible_profiles(SHOP)
    enabled.move_account(SHOP, BELOW)
    assert visible_profiles(SHOP)
    vpc, service = vpc_of(SHOP), client("route53profiles", SHOP)
    service.associate_profile(ProfileId=made["Id"], ResourceId=vpc, Name="shop")
    enabled.move_account(SHOP, APART)
    assert not visible_profiles(SHOP)
    assert service.list_profile_associations()["ProfileAssociations"] == []
    assert visible_profiles(WEB)
    client("ram", OWNER).delete_resource_share(resourceShareArn=given["resourceShareArn"])
    assert not visible_profiles(WEB)
    assert visible_profiles(OWNER) == {made["Id"]: "NOT_SHARED"}


@pytest.mark.usefixtures("profiles_world")
def test_sharing_must_be_enabled_by_the_management_account() -> None:
    """Before that the organization is not found, and its accounts would be invited like any other."""
    made = profile()
    for principal in (ORGANIZATION_ARN, unit_arn(TOP)):
        with pytest.raises(ClientError, match="could not be found"):
            share(made["Arn"], principal)
    share(made["Arn"], WEB)
    assert not visible_profiles(WEB)
    assert error(client("ram", OWNER).enable_sharing_with_aws_organization) == ("OperationNotPermittedException", 400)
    client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
    assert visible_profiles(WEB)
    share(made["Arn"], ORGANIZATION_ARN)
    assert visible_profiles(SHOP)


@pytest.mark.usefixtures("enabled")
def test_only_own_profiles_and_known_principals() -> None:
    """A shared Profile, one of another region, the root and an unknown unit are refused."""
    made, far = profile(), profile(region="eu-central-1")
    share(made["Arn"], WEB)
    for account, arn in ((WEB, made["Arn"]), (OWNER, far["Arn"]), (OWNER, made["Arn"] + "0")):
        assert error(share, arn=arn, account=account) == ("UnknownResourceException", 400)
    root = f"arn:aws:organizations::{MANAGEMENT}:root/o-demo123456/r-demo"
    for principal in (root, unit_arn("ou-demo-99999999"), ORGANIZATION_ARN.replace("o-demo", "o-other")):
        with pytest.raises(ClientError, match="could not be found"):
            share(made["Arn"], principal)
    with pytest.raises(ClientError, match="OperationNotPermittedException"):
        share(made["Arn"], STRANGER, allowExternalPrincipals=False)
    with pytest.raises(ClientError, match="malformed"):
        share(made["Arn"], "somebody")
    assert visible_profiles(SHOP) == {}


@pytest.mark.usefixtures("enabled")
def test_other_resources_are_shared_as_before() -> None:
    """The emulator's own checks still apply, also next to a Profile, and a refused share does not exist."""
    subnet = f"arn:aws:ec2:{REGION}:{OWNER}:subnet/subnet-1"
    made, ram = profile(), client("ram", OWNER)
    given = ram.create_resource_share(name="both", resourceArns=[subnet, made["Arn"]], principals=[unit_arn(TOP)])
    found = ram.get_resource_share_associations(associationType="RESOURCE")["resourceShareAssociations"]
    assert {each["associatedEntity"] for each in found} == {subnet, made["Arn"]}
    assert given["resourceShare"]["status"] == "ACTIVE"
    wrong = {"name": "wrong", "resourceArns": [f"arn:aws:s3:{REGION}:{OWNER}:bucket/b"]}
    assert error(ram.create_resource_share, **wrong) == ("MalformedArnException", 400)
    assert len(ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]) == 1
