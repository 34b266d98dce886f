"""Profiles and their sharing as resources of a template: what stands afterwards, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed, deployer
from tests.support.profiles_world import (
    ORGANIZATION_ARN,
    OWNER,
    SHOP,
    TOP,
    WEB,
    client,
    organization,
    unit_arn,
    vpc_of,
    zone_arn,
    zone_of,
)
from tests.support.sandbox.organizations import MANAGEMENT, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
TEMPLATE: Json = {
    "Parameters": {"Zone": {"Type": "String"}, "With": {"Type": "String", "Default": ORGANIZATION_ARN}},
    "Resources": {
        "Profile": {
            "Type": "AWS::Route53Profiles::Profile",
            "Properties": {"Name": "shared", "Tags": [{"Key": "team", "Value": "network"}]},
        },
        "Corp": {
            "Type": "AWS::Route53Profiles::ProfileResourceAssociation",
            "Properties": {
                "ProfileId": {"Ref": "Profile"},
                "ResourceArn": {"Fn::Sub": "arn:${AWS::Partition}:route53:::hostedzone/${Zone}"},
                "Name": "corp",
            },
        },
        "Share": {
            "Type": "AWS::RAM::ResourceShare",
            "Properties": {
                "Name": "profiles",
                "ResourceArns": [{"Fn::GetAtt": ["Profile", "Arn"]}],
                "Principals": [{"Ref": "With"}],
                "AllowExternalPrincipals": False,
                "Tags": [{"Key": "team", "Value": "network"}],
            },
        },
    },
    "Outputs": {
        "Id": {"Value": {"Ref": "Profile"}},
        "SameId": {"Value": {"Fn::GetAtt": ["Profile", "Id"]}},
        "Arn": {"Value": {"Fn::GetAtt": ["Profile", "Arn"]}},
        "Corp": {"Value": {"Ref": "Corp"}},
        "Share": {"Value": {"Ref": "Share"}},
        "ShareArn": {"Value": {"Fn::GetAtt": ["Share", "Arn"]}},
    },
}


@pytest.fixture
def deploys() -> Iterator[Deployer]:
    with organization(), deployer() as one:
        client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
        yield one


@pytest.fixture
def zone(deploys: Deployer) -> str:
    del deploys
    return zone_of(OWNER, "corp.internal")


def deploy(deploys: Deployer, zone: str, template: Json = TEMPLATE, **parameters: str) -> dict[str, str]:
    return deploys.deploy(OWNER, REGION, "stack", json.dumps(template), {"Zone": zone, **parameters})


def changed(resource: str, **properties: Any) -> Json:  # noqa: ANN401 - properties of any kind
    template: Json = json.loads(json.dumps(TEMPLATE))
    template["Resources"][resource]["Properties"] |= properties
    return template


def profiles(account: str) -> list[str]:
    return [each["Id"] for each in client("route53profiles", account).list_profiles()["ProfileSummaries"]]


def attached(profile_id: str) -> list[Json]:
    service = client("route53profiles", OWNER)
    found: list[Json] = service.list_profile_resource_associations(ProfileId=profile_id)["ProfileResourceAssociations"]
    return found


def test_a_profile_with_its_zone_is_shared(deploys: Deployer, zone: str) -> None:
    """What the template says is what Route 53 and AWS RAM show, in other accounts too."""
    outputs = deploy(deploys, zone)
    profile_id = outputs["Id"]
    assert outputs["Arn"] == f"arn:aws:route53profiles:{REGION}:{OWNER}:profile/{profile_id}"
    assert outputs["SameId"] == profile_id
    (zone_there,) = attached(profile_id)
    assert (zone_there["Id"], zone_there["Name"]) == (outputs["Corp"], "corp")
    assert zone_there["ResourceArn"] == zone_arn(zone)
    assert profiles(OWNER) == profiles(WEB) == profiles(SHOP) == [profile_id]
    (share,) = client("ram", OWNER).get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert share["resourceShareArn"] == outputs["Share"] == outputs["ShareArn"]
    assert (share["name"], share["allowExternalPrincipals"], share["status"]) == ("profiles", False, "ACTIVE")


def test_a_shares_principals_and_name_are_updated(deploys: Deployer, zone: str) -> None:
    """It stays the same share; those who are not named any more have no access any more."""
    before = deploy(deploys, zone)
    after = deploy(deploys, zone, changed("Share", Name="fewer"), With=unit_arn(TOP))
    assert after == before
    assert (profiles(WEB), profiles(SHOP)) == ([before["Id"]], [])
    (share,) = client("ram", OWNER).get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert share["name"] == "fewer"
    with pytest.raises(DeploymentFailed, match="could not be found"):
        deploy(deploys, zone, With=unit_arn("ou-demo-99999999"))
    assert (profiles(WEB), profiles(SHOP)) == ([before["Id"]], [])


def test_zones_come_and_go_with_their_resources(deploys: Deployer, zone: str) -> None:
    """A resource that is added attaches its zone, one that is taken out takes it off."""
    profile_id = deploy(deploys, zone)["Id"]
    dev = zone_of(OWNER, "dev.internal")
    properties = {"ProfileId": {"Ref": "Profile"}, "ResourceArn": zone_arn(dev), "Name": "dev"}
    template = {**TEMPLATE, "Outputs": {}}
    template["Resources"] = {
        **{name: resource for name, resource in TEMPLATE["Resources"].items() if name != "Corp"},
        "Dev": {**TEMPLATE["Resources"]["Corp"], "Properties": properties},
    }
    deploy(deploys, zone, template)
    assert [each["ResourceArn"] for each in attached(profile_id)] == [zone_arn(dev)]


def test_everything_goes_with_the_stack(deploys: Deployer, zone: str) -> None:
    """Profile, zone and share; the zone itself is another's."""
    deploy(deploys, zone)
    deploys.delete(OWNER, REGION, "stack")
    assert profiles(OWNER) == profiles(WEB) == []
    (share,) = client("ram", OWNER).get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert share["status"] == "DELETED"
    assert deploy(deploys, zone)["Id"] == profiles(OWNER)[0]


def test_a_profile_that_is_associated_stays(deploys: Deployer, zone: str) -> None:
    """The stack cannot go while a VPC of the owner's has its profile."""
    profile_id = deploy(deploys, zone)["Id"]
    vpc, service = vpc_of(OWNER), client("route53profiles", OWNER)
    service.associate_profile(ProfileId=profile_id, ResourceId=vpc, Name="own")
    with pytest.raises(ClientError, match="ConflictException"):
        deploys.delete(OWNER, REGION, "stack")
    assert profiles(OWNER) == [profile_id]


def test_tags_are_updated_and_names_are_not(deploys: Deployer, zone: str) -> None:
    """A changed name, profile or zone would replace the resource, which is refused rather than left undone."""
    before = deploy(deploys, zone)
    assert deploy(deploys, zone, changed("Profile", Tags=[])) == before
    for resource, properties in (
        ("Profile", {"Name": "other"}),
        ("Corp", {"Name": "other"}),
        ("Corp", {"ResourceArn": zone_arn("ZOTHER")}),
    ):
        with pytest.raises(DeploymentFailed, match="which is not modelled"):
            deploy(deploys, zone, changed(resource, **properties))
    assert [each["Name"] for each in attached(before["Id"])] == ["corp"]


@pytest.mark.parametrize(
    ("resource", "properties", "told"),
    [
        ("Profile", {"Name": {"Ref": "AWS::NoValue"}}, r"needs \['Name'\]"),
        ("Profile", {"Name": "123"}, "InvalidParameterException"),
        ("Profile", {"Region": "eu-west-1"}, r"not modelled: \['Region'\]"),
        ("Corp", {"ResourceProperties": "{}"}, r"not modelled: \['ResourceProperties'\]"),
        ("Corp", {"ProfileId": "rp-0"}, "ResourceNotFoundException"),
        ("Corp", {"ResourceArn": zone_arn("ZNONE")}, "ResourceNotFoundException"),
        ("Share", {"Sources": []}, r"not modelled: \['Sources'\]"),
        ("Share", {"PermissionArns": ["arn:aws:ram::aws:permission/Other"]}, "only the permission"),
        ("Share", {"Principals": ["200000000001"]}, "OperationNotPermittedException"),
        ("Share", {"ResourceArns": [f"arn:aws:route53profiles:{REGION}:{OWNER}:profile/rp-0"]}, "UnknownResource"),
    ],
)
def test_what_aws_or_the_sandbox_does_not_know_is_refused(
    deploys: Deployer, zone: str, resource: str, properties: Json, told: str
) -> None:
    """Nothing is left out in silence, and nothing stays behind."""
    with pytest.raises(DeploymentFailed, match=told):
        deploy(deploys, zone, changed(resource, **properties))
    assert profiles(OWNER) == []


def test_the_default_permission_may_be_named(deploys: Deployer, zone: str) -> None:
    """It is what AWS RAM grants without it."""
    permission = "arn:aws:ram::aws:permission/AWSRAMPermissionRoute53ProfileAllowAssociation"
    outputs = deploy(deploys, zone, changed("Share", PermissionArns=[permission]))
    assert profiles(WEB) == [outputs["Id"]]


def test_an_attribute_that_is_not_there_is_refused(deploys: Deployer, zone: str) -> None:
    """A template that asks for it does not come up."""
    template = changed("Share", Name={"Fn::GetAtt": ["Profile", "Status"]})
    with pytest.raises(DeploymentFailed, match="Profile does not have the attribute Status"):
        deploy(deploys, zone, template)


def test_without_the_bridge_the_types_are_refused() -> None:
    """A profile that nothing would answer for is not made."""
    template = {"Resources": {"Profile": TEMPLATE["Resources"]["Profile"]}}
    with mock_aws(), deployer() as one, pytest.raises(DeploymentFailed, match=r"needs the bridge of sandbox\.aws\.profiles"):
        one.deploy(OWNER, REGION, "stack", json.dumps(template))
