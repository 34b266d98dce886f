"""Associations of VPCs with private zones, and the zones of a VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from moto.route53.urls import url_paths
from moto.server import ThreadedMotoServer

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.state import Limits
from sandbox.clock import RealClock
from tests.support.sandbox.shared_zone import (
    MEMBER,
    OTHER_REGION,
    OWNER,
    REGION,
    STRANGER,
    ZONE,
    Sandbox,
    client,
    refusal,
)

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import VPCTypeDef


def test_vpc_has_one_zone_of_a_name(sandbox: Sandbox) -> None:
    """A second zone with the same name is refused, whoever owns it; so is the same zone again."""
    vpc = sandbox.associated_vpc()
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == ("ConflictingDomainExists", 400)
    other = sandbox.route53(MEMBER).create_hosted_zone(
        Name="Corp.Internal.", CallerReference="2", VPC=sandbox.new_vpc(MEMBER)
    )["HostedZone"]["Id"]
    assert refusal(lambda: sandbox.associate(vpc, MEMBER, other)) == ("ConflictingDomainExists", 400)
    sandbox.disassociate(vpc, MEMBER)
    sandbox.associate(vpc, MEMBER, other)
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == ("ConflictingDomainExists", 400)


def test_vpc_quota_of_a_zone(sandbox: Sandbox) -> None:
    """300 by default; a disassociated VPC makes room for another one."""
    assert Limits().vpcs == 300
    sandbox.strict.limits.vpcs = 2
    full, waiting = sandbox.associated_vpc(), sandbox.authorized_vpc()
    assert refusal(lambda: sandbox.associate(waiting, MEMBER)) == ("LimitsExceeded", 400)
    sandbox.disassociate(full, MEMBER)
    sandbox.associate(waiting, MEMBER)


def test_busy_zone_refuses_an_association(sandbox: Sandbox) -> None:
    """A second association is refused while the zone processes the first one."""
    sandbox.strict.limits.busy_seconds = 2
    first, second = sandbox.authorized_vpc(), sandbox.authorized_vpc()
    sandbox.associate(first, MEMBER)
    assert refusal(lambda: sandbox.associate(second, MEMBER)) == ("PriorRequestNotComplete", 400)
    sandbox.clock.advance(2)
    sandbox.associate(second, MEMBER)


@pytest.mark.parametrize("account", [OWNER, MEMBER])
def test_either_account_ends_an_association(sandbox: Sandbox, account: str) -> None:
    """The zone's owner or the VPC's account ends it, once."""
    vpc = sandbox.associated_vpc()
    sandbox.disassociate(vpc, account)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"]}
    assert refusal(lambda: sandbox.disassociate(vpc, account)) == ("VPCAssociationNotFound", 404)
    assert sandbox.strict.calls["DisassociateVPCFromHostedZone"] == 2


def test_third_account_cannot_end_an_association(sandbox: Sandbox) -> None:
    """It can end neither another account's association nor a missing one of its own VPC."""
    vpc = sandbox.associated_vpc()
    assert refusal(lambda: sandbox.disassociate(vpc, STRANGER)) == ("InvalidVPCId", 400)
    own = sandbox.new_vpc(STRANGER)
    assert refusal(lambda: sandbox.disassociate(own, STRANGER)) == ("VPCAssociationNotFound", 404)
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)


def test_association_is_found_by_its_region(sandbox: Sandbox) -> None:
    """With another region the association is not found."""
    vpc = sandbox.associated_vpc()
    elsewhere: VPCTypeDef = {"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION}
    assert refusal(lambda: sandbox.disassociate(elsewhere, OWNER)) == ("VPCAssociationNotFound", 404)
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)


def test_last_vpc_cannot_be_disassociated(sandbox: Sandbox) -> None:
    """A private zone keeps at least one VPC; a VPC that was never associated gets its own error."""
    assert refusal(lambda: sandbox.disassociate(sandbox.first, OWNER)) == ("LastVPCAssociation", 400)
    assert refusal(lambda: sandbox.disassociate(sandbox.new_vpc(OWNER), OWNER))[0] == "VPCAssociationNotFound"


def test_deleted_vpc_stays_associated(sandbox: Sandbox) -> None:
    """Only the zone's owner can end the association, because the VPC has no account any more."""
    vpc = sandbox.associated_vpc()
    sandbox.client("ec2", MEMBER).delete_vpc(VpcId=vpc["VPCId"])
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)
    assert refusal(lambda: sandbox.disassociate(vpc, MEMBER)) == ("InvalidVPCId", 400)
    sandbox.disassociate(vpc, OWNER)
    assert vpc["VPCId"] not in sandbox.strict.vpcs_of(ZONE)


def test_zones_of_a_vpc_are_listed_with_their_owners(sandbox: Sandbox) -> None:
    """Private zones of every account are listed, public ones never; GetHostedZone refuses foreign zones."""
    vpc = sandbox.associated_vpc()
    own = sandbox.route53(MEMBER).create_hosted_zone(Name="own.internal", CallerReference="2", VPC=vpc)["HostedZone"]
    sandbox.route53(MEMBER).create_hosted_zone(Name="example.com", CallerReference="3")
    listed = sandbox.route53(MEMBER).list_hosted_zones_by_vpc(VPCId=vpc["VPCId"], VPCRegion=REGION)
    zones = {zone["HostedZoneId"]: (zone["Name"], zone["Owner"]) for zone in listed["HostedZoneSummaries"]}
    assert zones == {
        ZONE: ("corp.internal.", {"OwningAccount": OWNER}),
        own["Id"].removeprefix("/hostedzone/"): ("own.internal.", {"OwningAccount": MEMBER}),
    }
    assert (listed["MaxItems"], "NextToken" in listed) == ("100", False)
    assert refusal(lambda: sandbox.route53(MEMBER).get_hosted_zone(Id=ZONE)) == ("NoSuchHostedZone", 404)


def test_zones_of_a_vpc_are_paged_by_a_hundred(sandbox: Sandbox) -> None:
    """Every zone is listed once."""
    vpc = sandbox.associated_vpc()
    for number in range(104):
        sandbox.route53(MEMBER).create_hosted_zone(Name=f"z{number}.internal", CallerReference=str(number), VPC=vpc)
        sandbox.clock.advance(1)
    listing, where = sandbox.route53(MEMBER).list_hosted_zones_by_vpc, {"VPCId": vpc["VPCId"], "VPCRegion": REGION}
    first = listing(**where, MaxItems="200")  # type: ignore[arg-type]  # plain dicts do
    assert len(first["HostedZoneSummaries"]) == 100
    last = listing(**where, NextToken=first["NextToken"])  # type: ignore[arg-type]  # plain dicts do
    assert len({zone["HostedZoneId"] for zone in first["HostedZoneSummaries"] + last["HostedZoneSummaries"]}) == 105
    assert "NextToken" not in last
    with pytest.raises(ClientError, match="InvalidPaginationToken"):
        listing(**where, NextToken="nonsense")  # type: ignore[arg-type]  # plain dicts do


def test_zones_of_a_foreign_vpc_are_refused(sandbox: Sandbox) -> None:
    """The same holds for a VPC of another region and for a deleted one."""
    vpc = sandbox.associated_vpc()

    def zones(account: str, region: str = REGION) -> object:
        return sandbox.route53(account).list_hosted_zones_by_vpc(VPCId=vpc["VPCId"], VPCRegion=region)  # type: ignore[arg-type]  # a region

    assert refusal(lambda: zones(OWNER)) == ("AccessDenied", 403)
    assert refusal(lambda: zones(MEMBER, OTHER_REGION)) == ("AccessDenied", 403)
    sandbox.client("ec2", MEMBER).delete_vpc(VpcId=vpc["VPCId"])
    assert refusal(lambda: zones(MEMBER)) == ("AccessDenied", 403)


def test_caller_pays_for_an_association(sandbox: Sandbox) -> None:
    """Associations: 20 at once and 5 a second; disassociations: 10 and 5; each takes two change tokens."""
    vpcs = [sandbox.new_vpc(MEMBER) for _ in range(21)]
    for vpc in vpcs:
        sandbox.authorize(vpc)
    for vpc in vpcs[:20]:
        sandbox.associate(vpc, MEMBER)
    assert refusal(lambda: sandbox.associate(vpcs[20], MEMBER)) == ("Throttling", 400)
    sandbox.associate(sandbox.new_vpc(OWNER), OWNER)
    assert sandbox.strict.account(MEMBER).changes.tokens == 1_500 - 40
    sandbox.clock.advance(10)
    for vpc in vpcs[:10]:
        sandbox.disassociate(vpc, MEMBER)
    assert refusal(lambda: sandbox.disassociate(vpcs[10], MEMBER)) == ("Throttling", 400)
    assert sandbox.strict.account(MEMBER).changes.tokens == 1_500 - 20
    assert sandbox.strict.throttled == {"AssociateVPCWithHostedZone": 1, "DisassociateVPCFromHostedZone": 1}


def test_without_change_tokens_nothing_changes(sandbox: Sandbox) -> None:
    """Association and disassociation are throttled and counted."""
    vpc, further = sandbox.associated_vpc(), sandbox.authorized_vpc()
    sandbox.strict.account(MEMBER).changes.take(1_498)
    assert refusal(lambda: sandbox.associate(further, MEMBER)) == ("Throttling", 400)
    assert refusal(lambda: sandbox.disassociate(vpc, MEMBER)) == ("Throttling", 400)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"], vpc["VPCId"]}


def test_operations_work_over_http() -> None:
    """Authorization, association, listing, refusal and disassociation through moto's server."""
    server = ThreadedMotoServer(port=0, verbose=False)
    with emulated_aws(), strict_route53(RealClock(), ids={"corp.internal": ZONE}) as strict:
        made = Sandbox(None, strict)  # type: ignore[arg-type]  # no clock is moved
        made.first, vpc = made.new_vpc(OWNER), made.new_vpc(MEMBER)
        server.start()
        try:
            host, port = server.get_host_and_port()
            owner, member = (
                client("route53", account, endpoint_url=f"http://{host}:{port}") for account in (OWNER, MEMBER)
            )
            owner.create_hosted_zone(Name="corp.internal", CallerReference="1", VPC=made.first)
            associate = member.associate_vpc_with_hosted_zone
            assert refusal(lambda: associate(HostedZoneId=ZONE, VPC=vpc)) == ("NotAuthorizedException", 401)
            owner.create_vpc_association_authorization(HostedZoneId=ZONE, VPC=vpc)
            assert owner.list_vpc_association_authorizations(HostedZoneId=ZONE)["VPCs"] == [vpc]
            associate(HostedZoneId=ZONE, VPC=vpc)
            owner.delete_vpc_association_authorization(HostedZoneId=ZONE, VPC=vpc)
            assert strict.authorizations(ZONE) == frozenset()
            (zone,) = member.list_hosted_zones_by_vpc(VPCId=vpc["VPCId"], VPCRegion=REGION)["HostedZoneSummaries"]
            assert (zone["HostedZoneId"], zone["Owner"]) == (ZONE, {"OwningAccount": OWNER})
            listing = owner.list_hosted_zones_by_vpc
            assert refusal(lambda: listing(VPCId=vpc["VPCId"], VPCRegion=REGION)) == ("AccessDenied", 403)
            member.disassociate_vpc_from_hosted_zone(HostedZoneId=ZONE, VPC=vpc)
            assert strict.vpcs_of(ZONE) == {made.first["VPCId"]}
        finally:
            server.stop()


def test_bridge_is_removed() -> None:
    """The paths of the authorizations are removed again."""
    before = dict(url_paths)
    with emulated_aws():
        with strict_route53(RealClock()):
            assert len(url_paths) == len(before) + 2
        assert url_paths == before
