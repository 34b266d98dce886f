"""Profiles and resource shares in templates: what a stack creates, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed, deployer
from sandbox.aws.emulator import emulated_aws
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
    with organization(), deployer() as deploys:
        client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
        yield deploys


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


def test_stack_shares_a_profile_with_its_zone(deploys: Deployer, zone: str) -> None:
    """Route 53 and AWS RAM return the template's properties, in other accounts too."""
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


def test_share_is_updated_in_place(deploys: Deployer, zone: str) -> None:
    """The share keeps its ARN, and principals that are no longer named lose access."""
    before = deploy(deploys, zone)
    after = deploy(deploys, zone, changed("Share", Name="fewer"), With=unit_arn(TOP))
    assert after == before
    assert (profiles(WEB), profiles(SHOP)) == ([before["Id"]], [])
    (share,) = client("ram", OWNER).get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert share["name"] == "fewer"
    with pytest.raises(DeploymentFailed, match="could not be found"):
        deploy(deploys, zone, With=unit_arn("ou-demo-99999999"))
    assert (profiles(WEB), profiles(SHOP)) == ([before["Id"]], [])


def test_zone_resources_attach_and_detach(deploys: Deployer, zone: str) -> None:
    """An added resource attaches its zone, a removed one detaches it."""
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


def test_stack_deletion_deletes_everything(deploys: Deployer, zone: str) -> None:
    """Profile, attachment and share are deleted; the zone belongs to another stack and stays."""
    deploy(deploys, zone)
    deploys.delete(OWNER, REGION, "stack")
    assert profiles(OWNER) == profiles(WEB) == []
    (share,) = client("ram", OWNER).get_resource_shares(resourceOwner="SELF")["resourceShares"]
    assert share["status"] == "DELETED"
    assert deploy(deploys, zone)["Id"] == profiles(OWNER)[0]


def test_associated_profile_blocks_deletion(deploys: Deployer, zone: str) -> None:
    """The stack cannot be deleted while a VPC is associated with its Profile."""
    profile_id = deploy(deploys, zone)["Id"]
    vpc, service = vpc_of(OWNER), client("route53profiles", OWNER)
    service.associate_profile(ProfileId=profile_id, ResourceId=vpc, Name="own")
    with pytest.raises(DeploymentFailed, match="ConflictException"):
        deploys.delete(OWNER, REGION, "stack")
    assert profiles(OWNER) == [profile_id]


def test_only_tags_are_updated(deploys: Deployer, zone: str) -> None:
    """A changed name, Profile or zone would replace the resource and is refused."""
    before = deploy(deploys, zone)
    assert deploy(deploys, zone, changed("Profile", Tags=[])) == before
    for resource, properties in (
        ("Profile", {"Name": "other"}),
        ("Corp", {"Name": "other"}),
        ("Corp", {"ResourceArn": zone_arn("ZOTHER")}),
    ):
        with pytest.raises(DeploymentFailed, match="which is not modeled"):
            deploy(deploys, zone, changed(resource, **properties))
    assert [each["Name"] for each in attached(before["Id"])] == ["corp"]


@pytest.mark.parametrize(
    ("resource", "properties", "message"),
    [
        ("Profile", {"Name": {"Ref": "AWS::NoValue"}}, r"needs \['Name'\]"),
        ("Profile", {"Name": "123"}, "Value '123' at 'Name' failed to satisfy constraint"),
        ("Profile", {"Region": "eu-west-1"}, r"not modeled: \['Region'\]"),
        ("Corp", {"ResourceProperties": "{}"}, r"not modeled: \['ResourceProperties'\]"),
        ("Corp", {"ProfileId": "rp-0"}, "ResourceNotFoundException"),
        ("Corp", {"ResourceArn": zone_arn("ZNONE")}, "ResourceNotFoundException"),
        ("Share", {"Sources": []}, r"not modeled: \['Sources'\]"),
        ("Share", {"PermissionArns": ["arn:aws:ram::aws:permission/Other"]}, "only the permission"),
        ("Share", {"Principals": ["200000000001"]}, "OperationNotPermittedException"),
        ("Share", {"ResourceArns": [f"arn:aws:route53profiles:{REGION}:{OWNER}:profile/rp-0"]}, "UnknownResource"),
    ],
)
def test_unknown_property_is_refused(
    deploys: Deployer, zone: str, resource: str, properties: Json, message: str
) -> None:
    """No property is silently ignored, and nothing is left behind."""
    with pytest.raises(DeploymentFailed, match=message):
        deploy(deploys, zone, changed(resource, **properties))
    assert profiles(OWNER) == []


def test_default_permission_is_accepted(deploys: Deployer, zone: str) -> None:
    """AWS RAM grants this permission even if the template does not name it."""
    permission = "arn:aws:ram::aws:permission/AWSRAMPermissionRoute53ProfileAllowAssociation"
    outputs = deploy(deploys, zone, changed("Share", PermissionArns=[permission]))
    assert profiles(WEB) == [outputs["Id"]]


def test_unknown_attribute_is_refused(deploys: Deployer, zone: str) -> None:
    """A template that refers to an unknown attribute fails."""
    template = changed("Share", Name={"Fn::GetAtt": ["Profile", "Status"]})
    with pytest.raises(DeploymentFailed, match="Profile does not have the attribute Status"):
        deploy(deploys, zone, template)


def test_types_need_the_bridge() -> None:
    """Without the service's bridge a template with a Profile is refused."""
    template = {"Resources": {"Profile": TEMPLATE["Resources"]["Profile"]}}
    with (
        emulated_aws(),
        deployer() as deploys,
        pytest.raises(DeploymentFailed, match=r"needs the bridge of sandbox\.aws\.profiles"),
    ):
        deploys.deploy(OWNER, REGION, "stack", json.dumps(template))
