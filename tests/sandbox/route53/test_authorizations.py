"""Authorizations: which VPCs of other accounts the owner of a zone lets in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.route53.state import Limits
from tests.support.sandbox.shared_zone import MEMBER, OTHER_REGION, OWNER, REGION, STRANGER, ZONE, Sandbox, refusal

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import VPCTypeDef


def test_an_authorized_vpc_of_another_account_is_associated(sandbox: Sandbox) -> None:
    """By its own account; the zone's owner sees it, and the authorization is not used up."""
    vpc = sandbox.authorized_vpc()
    assert sandbox.strict.authorizations(ZONE) == {vpc["VPCId"]}
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"]}
    sandbox.associate(vpc, MEMBER)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"], vpc["VPCId"]}
    assert [zone.domain for zone in sandbox.strict.zones_of_vpc(vpc["VPCId"])] == ["corp.internal."]
    assert sandbox.route53(OWNER).get_hosted_zone(Id=ZONE)["VPCs"] == [sandbox.first, vpc]
    assert sandbox.strict.authorizations(ZONE) == {vpc["VPCId"]}
    assert sandbox.strict.calls == {
        "CreateVPCAssociationAuthorization": 1,
        "AssociateVPCWithHostedZone": 1,
        "GetHostedZone": 1,
    }


def test_without_an_authorization_another_account_is_refused(sandbox: Sandbox) -> None:
    """Be there none, one for another VPC or for another region, or none any more."""
    vpc = sandbox.new_vpc(MEMBER)
    sandbox.authorized_vpc()
    refused = ("NotAuthorizedException", 401)
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == refused
    sandbox.authorize({"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION})
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == refused
    sandbox.authorize(vpc)
    sandbox.deauthorize(vpc)
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == refused
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"]}


def test_the_zones_own_account_needs_no_authorization(sandbox: Sandbox) -> None:
    """For a VPC of its own."""
    vpc = sandbox.new_vpc(OWNER)
    sandbox.associate(vpc, OWNER)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"], vpc["VPCId"]}


def test_only_the_vpcs_own_account_in_its_region_associates_it(sandbox: Sandbox) -> None:
    """Neither the zone's owner nor a third account, authorized or not, nor another region, nor a VPC that is not."""
    vpc = sandbox.authorized_vpc()
    for account in (OWNER, STRANGER):
        assert refusal(partial(sandbox.associate, vpc, account)) == ("InvalidVPCId", 400)
    elsewhere: VPCTypeDef = {"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION}
    assert refusal(lambda: sandbox.associate(elsewhere, MEMBER)) == ("InvalidVPCId", 400)
    nothing: VPCTypeDef = {"VPCId": "vpc-0none", "VPCRegion": REGION}
    sandbox.authorize(nothing)
    assert refusal(lambda: sandbox.associate(nothing, MEMBER)) == ("InvalidVPCId", 400)


def test_deleting_an_authorization_leaves_the_association(sandbox: Sandbox) -> None:
    """And it is gone for a second deletion."""
    vpc = sandbox.associated_vpc()
    sandbox.deauthorize(vpc)
    assert sandbox.strict.authorizations(ZONE) == frozenset()
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)
    assert refusal(lambda: sandbox.deauthorize(vpc)) == ("VPCAssociationAuthorizationNotFound", 404)


def test_an_authorization_is_of_a_vpc_in_its_region(sandbox: Sandbox) -> None:
    """One with another region is another one to delete."""
    vpc = sandbox.authorized_vpc()
    elsewhere: VPCTypeDef = {"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION}
    assert refusal(lambda: sandbox.deauthorize(elsewhere))[0] == "VPCAssociationAuthorizationNotFound"
    assert sandbox.strict.authorizations(ZONE) == {vpc["VPCId"]}


def test_authorizations_are_the_zone_owners_alone(sandbox: Sandbox) -> None:
    """To any other account the zone does not exist."""
    vpc = sandbox.new_vpc(MEMBER)
    for call in (sandbox.authorize, sandbox.deauthorize):
        assert refusal(partial(call, vpc, MEMBER)) == ("NoSuchHostedZone", 404)
    listing = sandbox.route53(MEMBER).list_vpc_association_authorizations
    assert refusal(lambda: listing(HostedZoneId=ZONE)) == ("NoSuchHostedZone", 404)


def test_a_public_zone_has_neither_authorizations_nor_vpcs(sandbox: Sandbox) -> None:
    """It is refused for what it is, before the VPC is looked at."""
    route53, vpc = sandbox.route53(OWNER), sandbox.new_vpc(OWNER)
    public = route53.create_hosted_zone(Name="example.com", CallerReference="2")["HostedZone"]["Id"]
    authorize = route53.create_vpc_association_authorization
    assert refusal(lambda: authorize(HostedZoneId=public, VPC=vpc)) == ("InvalidInput", 400)
    for account in (OWNER, MEMBER):
        refused = refusal(partial(sandbox.associate, vpc, account, public))
        assert refused == ("PublicZoneVPCAssociation", 400)


def test_a_zone_that_is_not_there(sandbox: Sandbox) -> None:
    """Has nothing to be associated with or disassociated from."""
    vpc = sandbox.new_vpc(MEMBER)
    assert refusal(lambda: sandbox.associate(vpc, MEMBER, "Z0NONE")) == ("NoSuchHostedZone", 404)
    disassociate = sandbox.route53(MEMBER).disassociate_vpc_from_hosted_zone
    assert refusal(lambda: disassociate(HostedZoneId="Z0NONE", VPC=vpc)) == ("NoSuchHostedZone", 404)


def test_authorizing_twice_is_authorizing_once(sandbox: Sandbox) -> None:
    """And is no reason to be refused at the limit, which a tune may lower from 1,000."""
    assert Limits().authorizations == 1_000
    sandbox.strict.limits.authorizations = 2
    first, second = sandbox.authorized_vpc(), sandbox.authorized_vpc()
    third = sandbox.new_vpc(MEMBER)
    assert refusal(lambda: sandbox.authorize(third)) == ("TooManyVPCAssociationAuthorizations", 400)
    sandbox.authorize(first)
    assert sandbox.strict.authorizations(ZONE) == {first["VPCId"], second["VPCId"]}
    sandbox.deauthorize(second)
    sandbox.authorize(third)


def test_authorizations_are_listed_by_fifty(sandbox: Sandbox) -> None:
    """Each once, whatever the page's size, and not beyond a token that no page gave."""
    ids = [f"vpc-{number:03}" for number in range(60)]
    for vpc_id in ids:
        sandbox.authorize({"VPCId": vpc_id, "VPCRegion": REGION})
        sandbox.clock.advance(1)
    route53 = sandbox.route53(OWNER)
    first = route53.list_vpc_association_authorizations(HostedZoneId=ZONE)
    assert len(first["VPCs"]) == 50
    assert first["HostedZoneId"] == ZONE
    assert first["VPCs"][0] == {"VPCRegion": REGION, "VPCId": "vpc-000"}
    assert len(route53.list_vpc_association_authorizations(HostedZoneId=ZONE, MaxResults="55")["VPCs"]) == 50
    last = route53.list_vpc_association_authorizations(HostedZoneId=ZONE, NextToken=first["NextToken"])
    assert [vpc["VPCId"] for vpc in first["VPCs"] + last["VPCs"]] == ids
    assert "NextToken" not in last
    pages = route53.get_paginator("list_vpc_association_authorizations")
    found = [len(page["VPCs"]) for page in pages.paginate(HostedZoneId=ZONE, MaxResults="25")]
    assert found == [25, 25, 10]
    with pytest.raises(ClientError, match="InvalidPaginationToken"):
        route53.list_vpc_association_authorizations(HostedZoneId=ZONE, NextToken="nonsense")
