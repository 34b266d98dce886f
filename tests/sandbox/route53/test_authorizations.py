"""Authorizations: VPCs of other accounts that a zone's owner allows to be associated."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.route53.state import Limits
from tests.support.sandbox.shared_zone import MEMBER, OTHER_REGION, OWNER, REGION, STRANGER, ZONE, Sandbox, refusal

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import VPCTypeDef


def test_authorized_vpc_can_be_associated(sandbox: Sandbox) -> None:
    """Its own account associates it, the zone's owner sees it, and the authorization remains."""
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


def test_association_needs_an_authorization(sandbox: Sandbox) -> None:
    """Refused without one, with one for another VPC or region, and after its deletion."""
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


def test_zone_owner_needs_no_authorization(sandbox: Sandbox) -> None:
    """The owner associates its own VPC directly."""
    vpc = sandbox.new_vpc(OWNER)
    sandbox.associate(vpc, OWNER)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"], vpc["VPCId"]}


def test_only_the_vpcs_account_associates_it(sandbox: Sandbox) -> None:
    """The zone's owner, a third account, another region and a missing VPC are refused."""
    vpc = sandbox.authorized_vpc()
    for account in (OWNER, STRANGER):
        assert refusal(partial(sandbox.associate, vpc, account)) == ("InvalidVPCId", 400)
    elsewhere: VPCTypeDef = {"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION}
    assert refusal(lambda: sandbox.associate(elsewhere, MEMBER)) == ("InvalidVPCId", 400)
    nothing: VPCTypeDef = {"VPCId": "vpc-0none", "VPCRegion": REGION}
    sandbox.authorize(nothing)
    assert refusal(lambda: sandbox.associate(nothing, MEMBER)) == ("InvalidVPCId", 400)


def test_deleted_authorization_keeps_the_association(sandbox: Sandbox) -> None:
    """A second deletion of the authorization is refused."""
    vpc = sandbox.associated_vpc()
    sandbox.deauthorize(vpc)
    assert sandbox.strict.authorizations(ZONE) == frozenset()
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)
    assert refusal(lambda: sandbox.deauthorize(vpc)) == ("VPCAssociationAuthorizationNotFound", 404)


def test_authorization_is_found_by_its_region(sandbox: Sandbox) -> None:
    """With another region the authorization is not found."""
    vpc = sandbox.authorized_vpc()
    elsewhere: VPCTypeDef = {"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION}
    assert refusal(lambda: sandbox.deauthorize(elsewhere))[0] == "VPCAssociationAuthorizationNotFound"
    assert sandbox.strict.authorizations(ZONE) == {vpc["VPCId"]}


def test_only_the_zone_owner_handles_authorizations(sandbox: Sandbox) -> None:
    """For any other account the zone does not exist."""
    vpc = sandbox.new_vpc(MEMBER)
    for call in (sandbox.authorize, sandbox.deauthorize):
        assert refusal(partial(call, vpc, MEMBER)) == ("NoSuchHostedZone", 404)
    listing = sandbox.route53(MEMBER).list_vpc_association_authorizations
    assert refusal(lambda: listing(HostedZoneId=ZONE)) == ("NoSuchHostedZone", 404)


def test_public_zone_is_refused(sandbox: Sandbox) -> None:
    """A public zone has neither authorizations nor VPCs; the VPC is not checked."""
    route53, vpc = sandbox.route53(OWNER), sandbox.new_vpc(OWNER)
    public = route53.create_hosted_zone(Name="example.com", CallerReference="2")["HostedZone"]["Id"]
    authorize = route53.create_vpc_association_authorization
    assert refusal(lambda: authorize(HostedZoneId=public, VPC=vpc)) == ("InvalidInput", 400)
    for account in (OWNER, MEMBER):
        refused = refusal(partial(sandbox.associate, vpc, account, public))
        assert refused == ("PublicZoneVPCAssociation", 400)


def test_missing_zone_is_refused(sandbox: Sandbox) -> None:
    """Associations and disassociations of a missing zone are refused."""
    vpc = sandbox.new_vpc(MEMBER)
    assert refusal(lambda: sandbox.associate(vpc, MEMBER, "Z0NONE")) == ("NoSuchHostedZone", 404)
    disassociate = sandbox.route53(MEMBER).disassociate_vpc_from_hosted_zone
    assert refusal(lambda: disassociate(HostedZoneId="Z0NONE", VPC=vpc)) == ("NoSuchHostedZone", 404)


def test_repeated_authorization_is_accepted(sandbox: Sandbox) -> None:
    """A repeated authorization passes even at the limit, 1,000 by default."""
    assert Limits().authorizations == 1_000
    sandbox.strict.limits.authorizations = 2
    first, second = sandbox.authorized_vpc(), sandbox.authorized_vpc()
    third = sandbox.new_vpc(MEMBER)
    assert refusal(lambda: sandbox.authorize(third)) == ("TooManyVPCAssociationAuthorizations", 400)
    sandbox.authorize(first)
    assert sandbox.strict.authorizations(ZONE) == {first["VPCId"], second["VPCId"]}
    sandbox.deauthorize(second)
    sandbox.authorize(third)


def test_authorizations_are_paged_by_fifty(sandbox: Sandbox) -> None:
    """Each is listed once with any page size, and an invalid token is refused."""
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
