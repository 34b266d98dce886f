"""Private zones and VPCs of several accounts, by real clients against the bridge."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.route53.urls import url_paths
from moto.server import ThreadedMotoServer

from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.state import Limits, StrictRoute53
from sandbox.clock import RealClock, moved_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import VPCTypeDef

    from sandbox.clock import MovedClock

REGION: Final = "eu-west-1"
OTHER_REGION: Final = "eu-central-1"
OWNER: Final = "123456789012"
MEMBER: Final = "210987654321"
STRANGER: Final = "333333333333"
ZONE: Final = "Z0CORP"
# One session for all: it keeps what it has read of the services' models.
SESSION: Final = boto3.Session("testing", "testing", region_name=REGION)
# One attempt, so that what is refused is seen and not tried again.
ONCE: Final = Config(retries={"total_max_attempts": 1, "mode": "standard"})


def client(service: str, account: str, **how: Any) -> Any:  # noqa: ANN401 - clients of several services
    make: Any = SESSION.client
    if account == OWNER:
        return make(service, config=ONCE, **how)
    role = f"arn:aws:iam::{account}:role/any"
    got = SESSION.client("sts").assume_role(RoleArn=role, RoleSessionName="any")["Credentials"]
    key = {"aws_access_key_id": got["AccessKeyId"], "aws_secret_access_key": got["SecretAccessKey"]}
    return make(service, config=ONCE, aws_session_token=got["SessionToken"], **key, **how)


@dataclass
class Sandbox:
    clock: MovedClock
    strict: StrictRoute53
    first: VPCTypeDef = field(init=False)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, account: str) -> Any:  # noqa: ANN401 - clients of two services
        if (service, account) not in self._clients:
            self._clients[service, account] = client(service, account)
        return self._clients[service, account]

    def route53(self, account: str) -> Route53Client:
        client: Route53Client = self.client("route53", account)
        return client

    def new_vpc(self, account: str) -> VPCTypeDef:
        made = self.client("ec2", account).create_vpc(CidrBlock="10.0.0.0/16")
        return {"VPCId": made["Vpc"]["VpcId"], "VPCRegion": REGION}

    def authorize(self, vpc: VPCTypeDef, account: str = OWNER) -> None:
        self.route53(account).create_vpc_association_authorization(HostedZoneId=ZONE, VPC=vpc)

    def deauthorize(self, vpc: VPCTypeDef, account: str = OWNER) -> None:
        self.route53(account).delete_vpc_association_authorization(HostedZoneId=ZONE, VPC=vpc)

    def associate(self, vpc: VPCTypeDef, account: str, zone: str = ZONE) -> None:
        self.route53(account).associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)

    def disassociate(self, vpc: VPCTypeDef, account: str) -> None:
        self.route53(account).disassociate_vpc_from_hosted_zone(HostedZoneId=ZONE, VPC=vpc)

    def authorized_vpc(self) -> VPCTypeDef:
        vpc = self.new_vpc(MEMBER)
        self.authorize(vpc)
        return vpc

    def associated_vpc(self) -> VPCTypeDef:
        vpc = self.authorized_vpc()
        self.associate(vpc, MEMBER)
        return vpc


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    ids = {"corp.internal": ZONE}
    with mock_aws(), moved_clock() as clock, strict_route53(clock, ids=ids) as strict:
        made = Sandbox(clock, strict)
        made.first = made.new_vpc(OWNER)
        made.route53(OWNER).create_hosted_zone(Name="corp.internal", CallerReference="1", VPC=made.first)
        strict.calls.clear()
        yield made


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


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


def test_a_vpc_has_one_zone_of_a_name_whoever_owns_them(sandbox: Sandbox) -> None:
    """The zone itself a second time is such a one, too."""
    vpc = sandbox.associated_vpc()
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == ("ConflictingDomainExists", 400)
    other = sandbox.route53(MEMBER).create_hosted_zone(
        Name="Corp.Internal.", CallerReference="2", VPC=sandbox.new_vpc(MEMBER)
    )["HostedZone"]["Id"]
    assert refusal(lambda: sandbox.associate(vpc, MEMBER, other)) == ("ConflictingDomainExists", 400)
    sandbox.disassociate(vpc, MEMBER)
    sandbox.associate(vpc, MEMBER, other)
    assert refusal(lambda: sandbox.associate(vpc, MEMBER)) == ("ConflictingDomainExists", 400)


def test_a_zone_has_so_many_vpcs(sandbox: Sandbox) -> None:
    """300, unless tuned; one that goes makes room for another."""
    assert Limits().vpcs == 300
    sandbox.strict.limits.vpcs = 2
    full, waiting = sandbox.associated_vpc(), sandbox.authorized_vpc()
    assert refusal(lambda: sandbox.associate(waiting, MEMBER)) == ("LimitsExceeded", 400)
    sandbox.disassociate(full, MEMBER)
    sandbox.associate(waiting, MEMBER)


def test_a_zone_that_is_busy_takes_no_association(sandbox: Sandbox) -> None:
    """Nor another one while it works on the first."""
    sandbox.strict.limits.busy_seconds = 2
    first, second = sandbox.authorized_vpc(), sandbox.authorized_vpc()
    sandbox.associate(first, MEMBER)
    assert refusal(lambda: sandbox.associate(second, MEMBER)) == ("PriorRequestNotComplete", 400)
    sandbox.clock.advance(2)
    sandbox.associate(second, MEMBER)


@pytest.mark.parametrize("account", [OWNER, MEMBER])
def test_either_side_ends_an_association(sandbox: Sandbox, account: str) -> None:
    """Once; then there is none."""
    vpc = sandbox.associated_vpc()
    sandbox.disassociate(vpc, account)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"]}
    assert refusal(lambda: sandbox.disassociate(vpc, account)) == ("VPCAssociationNotFound", 404)
    assert sandbox.strict.calls["DisassociateVPCFromHostedZone"] == 2


def test_a_third_account_ends_no_association(sandbox: Sandbox) -> None:
    """Neither of another's VPC, nor of its own, which is none."""
    vpc = sandbox.associated_vpc()
    assert refusal(lambda: sandbox.disassociate(vpc, STRANGER)) == ("InvalidVPCId", 400)
    own = sandbox.new_vpc(STRANGER)
    assert refusal(lambda: sandbox.disassociate(own, STRANGER)) == ("VPCAssociationNotFound", 404)
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)


def test_an_association_is_of_a_vpc_in_its_region(sandbox: Sandbox) -> None:
    """With another region it is not found."""
    vpc = sandbox.associated_vpc()
    elsewhere: VPCTypeDef = {"VPCId": vpc["VPCId"], "VPCRegion": OTHER_REGION}
    assert refusal(lambda: sandbox.disassociate(elsewhere, OWNER)) == ("VPCAssociationNotFound", 404)
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)


def test_the_last_vpc_stays(sandbox: Sandbox) -> None:
    """A private zone without a VPC there is not; a VPC that never was there is told so all the same."""
    assert refusal(lambda: sandbox.disassociate(sandbox.first, OWNER)) == ("LastVPCAssociation", 400)
    assert refusal(lambda: sandbox.disassociate(sandbox.new_vpc(OWNER), OWNER))[0] == "VPCAssociationNotFound"


def test_a_deleted_vpc_stays_associated_until_the_owner_ends_it(sandbox: Sandbox) -> None:
    """Its own account cannot any more: the VPC is nobody's."""
    vpc = sandbox.associated_vpc()
    sandbox.client("ec2", MEMBER).delete_vpc(VpcId=vpc["VPCId"])
    assert vpc["VPCId"] in sandbox.strict.vpcs_of(ZONE)
    assert refusal(lambda: sandbox.disassociate(vpc, MEMBER)) == ("InvalidVPCId", 400)
    sandbox.disassociate(vpc, OWNER)
    assert vpc["VPCId"] not in sandbox.strict.vpcs_of(ZONE)


def test_a_vpcs_zones_are_listed_with_their_owners(sandbox: Sandbox) -> None:
    """Those of every account, and public ones never; GetHostedZone shows another account none of them."""
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


def test_a_vpcs_zones_are_listed_by_a_hundred(sandbox: Sandbox) -> None:
    """In an order of their own, each once."""
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


def test_another_accounts_vpc_shows_no_zones(sandbox: Sandbox) -> None:
    """Nor one in another region, nor one that is gone."""
    vpc = sandbox.associated_vpc()

    def zones(account: str, region: str = REGION) -> object:
        return sandbox.route53(account).list_hosted_zones_by_vpc(VPCId=vpc["VPCId"], VPCRegion=region)  # type: ignore[arg-type]  # a region

    assert refusal(lambda: zones(OWNER)) == ("AccessDenied", 403)
    assert refusal(lambda: zones(MEMBER, OTHER_REGION)) == ("AccessDenied", 403)
    sandbox.client("ec2", MEMBER).delete_vpc(VpcId=vpc["VPCId"])
    assert refusal(lambda: zones(MEMBER)) == ("AccessDenied", 403)


def test_the_caller_pays_for_an_association(sandbox: Sandbox) -> None:
    """20 at once and five a second, ten and five for their end, and two change tokens each."""
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
    """Neither an association nor its end, and the refused calls are counted."""
    vpc, further = sandbox.associated_vpc(), sandbox.authorized_vpc()
    sandbox.strict.account(MEMBER).changes.take(1_498)
    assert refusal(lambda: sandbox.associate(further, MEMBER)) == ("Throttling", 400)
    assert refusal(lambda: sandbox.disassociate(vpc, MEMBER)) == ("Throttling", 400)
    assert sandbox.strict.vpcs_of(ZONE) == {sandbox.first["VPCId"], vpc["VPCId"]}


def test_it_is_the_same_over_http() -> None:
    """Through moto's server: authorization, association, listing, refusal and the end of it all."""
    server = ThreadedMotoServer(port=0, verbose=False)
    with mock_aws(), strict_route53(RealClock(), ids={"corp.internal": ZONE}) as strict:
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


def test_moto_is_as_it_was_afterwards() -> None:
    """The paths of the authorizations are gone again."""
    before = dict(url_paths)
    with mock_aws():
        with strict_route53(RealClock()):
            assert len(url_paths) == len(before) + 2
        assert url_paths == before
