"""Route 53 Profiles over the wire: the callers, the answers, the errors, and the sharing by AWS RAM."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto import backends, mock_aws
from moto.core.botocore_stubber import backend_index
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.aws.profiles.bridge import route53_profiles
from sandbox.clock import RealClock
from tests.support.profiles_world import (
    APART,
    BELOW,
    MANAGEMENT,
    ORGANIZATION_ARN,
    OWNER,
    REGION,
    SHOP,
    STRANGER,
    TOP,
    WEB,
    There,
    client,
    client_with,
    organization,
    unit_arn,
    vpc_of,
    zone_arn,
    zone_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.aws.organization import Organization

Json = dict[str, Any]


@pytest.fixture
def there() -> Iterator[There]:
    with organization() as made:
        yield made


@pytest.fixture
def enabled(there: There) -> Organization:
    client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
    return there.organization


def profile(account: str = OWNER, name: str = "shared", region: str = REGION) -> Json:
    made: Json = client("route53profiles", account, region).create_profile(Name=name)["Profile"]
    return made


def share(arn: str, *principals: str, account: str = OWNER, **options: bool) -> Json:
    ram = client("ram", account)
    answer = ram.create_resource_share(name="profiles", resourceArns=[arn], principals=list(principals), **options)
    made: Json = answer["resourceShare"]
    return made


def seen(account: str) -> dict[str, str]:
    """The profiles that an account is shown, and how they are shared."""
    summaries = client("route53profiles", account).list_profiles()["ProfileSummaries"]
    return {each["Id"]: each["ShareStatus"] for each in summaries}


def error(call: Callable[..., object], **parameters: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.usefixtures("there")
def test_a_profile_is_its_callers() -> None:
    """The access key tells the account, the endpoint the region; what is made is what is shown."""
    service = client("route53profiles", OWNER)
    made = service.create_profile(Name="shared", ClientToken="once")["Profile"]
    assert made["Arn"] == f"arn:aws:route53profiles:{REGION}:{OWNER}:profile/{made['Id']}"
    assert (made["OwnerId"], made["Name"], made["ClientToken"]) == (OWNER, "shared", "once")
    assert (made["Status"], made["ShareStatus"]) == ("COMPLETE", "NOT_SHARED")
    assert service.get_profile(ProfileId=made["Id"])["Profile"] == made
    (summary,) = service.list_profiles()["ProfileSummaries"]
    assert summary == {key: made[key] for key in ("Id", "Arn", "Name", "ShareStatus")}
    assert seen(WEB) == {}
    assert client("route53profiles", OWNER, "eu-central-1").list_profiles()["ProfileSummaries"] == []
    assert service.delete_profile(ProfileId=made["Id"])["Profile"]["Status"] == "DELETED"
    assert seen(OWNER) == {}


@pytest.mark.usefixtures("there")
def test_a_session_of_a_role_is_its_accounts() -> None:
    """Whoever assumes a role in another account sees that account's profiles."""
    made = profile()
    session = client("sts", WEB).assume_role(RoleArn=f"arn:aws:iam::{OWNER}:role/any", RoleSessionName="web")
    service = client_with(session["Credentials"], "route53profiles")
    assert [each["Id"] for each in service.list_profiles()["ProfileSummaries"]] == [made["Id"]]


@pytest.mark.usefixtures("there")
def test_a_vpc_is_associated_shown_and_disassociated() -> None:
    """Each answer has the association as it is; the filters find it by its VPC and by its profile."""
    service, vpc = client("route53profiles", OWNER), vpc_of(OWNER)
    first, second = profile()["Id"], profile(name="other")["Id"]
    made = service.associate_profile(ProfileId=first, ResourceId=vpc, Name="own")["ProfileAssociation"]
    assert (made["ProfileId"], made["ResourceId"], made["Name"]) == (first, vpc, "own")
    assert (made["OwnerId"], made["Priority"], made["Status"]) == (OWNER, 100, "COMPLETE")
    other = service.associate_profile(ProfileId=second, ResourceId=vpc, Name="o", Priority=50_00)["ProfileAssociation"]
    assert service.get_profile_association(ProfileAssociationId=made["Id"])["ProfileAssociation"] == made

    def shown(**filters: str) -> list[Json]:
        found: list[Json] = service.list_profile_associations(**filters)["ProfileAssociations"]
        return sorted(found, key=lambda each: int(each["Priority"]))

    assert shown() == shown(ResourceId=vpc) == [made, other]
    assert shown(ProfileId=first) == [made]
    assert shown(ResourceId="vpc-none") == []
    ended = service.disassociate_profile(ProfileId=first, ResourceId=vpc)["ProfileAssociation"]
    assert ended == {**made, "Status": "DELETED"}
    assert shown() == [other]


@pytest.mark.usefixtures("there")
def test_a_zone_is_attached_shown_and_taken_off() -> None:
    """Only the account's own private zones are found."""
    service, profile_id = client("route53profiles", OWNER), profile()["Id"]
    arn = zone_arn(zone_of(OWNER, "corp.internal"))
    named = {"ProfileId": profile_id, "ResourceArn": arn}
    made = service.associate_resource_to_profile(**named, Name="corp")["ProfileResourceAssociation"]
    assert (made["ProfileId"], made["ResourceArn"], made["Name"]) == (profile_id, arn, "corp")
    assert (made["ResourceType"], made["OwnerId"], made["Status"]) == ("HOSTED_ZONE", OWNER, "COMPLETE")

    def shown(**filters: str) -> list[Json]:
        answer = service.list_profile_resource_associations(ProfileId=profile_id, **filters)
        found: list[Json] = answer["ProfileResourceAssociations"]
        return found

    assert shown() == shown(ResourceArn=arn) == shown(ResourceType="HOSTED_ZONE") == [made]
    assert shown(ResourceArn=zone_arn("ZNONE")) == shown(ResourceType="FIREWALL_RULE_GROUP") == []
    ended = service.disassociate_resource_from_profile(**named)["ProfileResourceAssociation"]
    assert ended == {**made, "Status": "DELETED"}
    assert shown() == []
    public = client("route53", OWNER).create_hosted_zone(Name="example.com", CallerReference="p")["HostedZone"]["Id"]
    for zone in (public.rpartition("/")[2], zone_of(WEB, "web.internal")):
        attach = {"ProfileId": profile_id, "ResourceArn": zone_arn(zone), "Name": "a"}
        assert error(service.associate_resource_to_profile, **attach) == ("ResourceNotFoundException", 400)


@pytest.mark.usefixtures("there")
def test_errors_are_those_of_the_model() -> None:
    """A client has an exception of its own for each, with what it tells besides."""
    service = client("route53profiles", OWNER)
    with pytest.raises(service.exceptions.ResourceNotFoundException) as missing:
        service.get_profile(ProfileId="rp-0")
    assert missing.value.response["ResourceType"] == "PROFILE"
    with pytest.raises(service.exceptions.InvalidParameterException) as invalid:
        service.create_profile(Name="123")
    assert invalid.value.response["FieldName"] == "Name"
    web = client("route53profiles", WEB)
    assert error(web.get_profile, ProfileId=profile()["Id"]) == ("AccessDeniedException", 400)
    with pytest.raises(NotImplementedError, match="tag_resource"):
        service.tag_resource(ResourceArn="arn", Tags={})


@pytest.mark.usefixtures("there")
def test_lists_come_in_pages() -> None:
    """Of the size that is asked for, at most 100; a page goes on where the one before ended, whatever went since."""
    service = client("route53profiles", OWNER)
    ids = sorted(profile(name=f"p{number}")["Id"] for number in range(5))
    first = service.list_profiles(MaxResults=2)
    assert [each["Id"] for each in first["ProfileSummaries"]] == ids[:2]
    service.delete_profile(ProfileId=ids[1])
    rest = service.list_profiles(NextToken=first["NextToken"])
    assert [each["Id"] for each in rest["ProfileSummaries"]] == ids[2:]
    assert "NextToken" not in rest
    pages = service.get_paginator("list_profiles").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["Id"] for each in page["ProfileSummaries"]] for page in pages] == [[ids[0], ids[2]], ids[3:]]
    assert error(service.list_profiles, NextToken="?") == ("InvalidNextTokenException", 400)
    assert error(service.list_profiles, MaxResults=101) == ("InvalidParameterException", 400)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.mark.usefixtures("there")
def test_motos_server_answers_as_well() -> None:
    """Also where the path holds an ARN, and with the same errors."""
    made, arn = profile(), zone_arn(zone_of(OWNER, "corp.internal"))
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        service = client("route53profiles", OWNER, endpoint_url=f"http://127.0.0.1:{server.server_port}")
        assert [each["Id"] for each in service.list_profiles()["ProfileSummaries"]] == [made["Id"]]
        named = {"ProfileId": made["Id"], "ResourceArn": arn}
        service.associate_resource_to_profile(**named, Name="corp")
        (shown,) = service.list_profile_resource_associations(**named)["ProfileResourceAssociations"]
        assert shown["ResourceArn"] == arn
        service.disassociate_resource_from_profile(**named)
        assert service.list_profile_resource_associations(**named)["ProfileResourceAssociations"] == []
        assert error(service.get_profile, ProfileId="rp-0") == ("ResourceNotFoundException", 400)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_bridge_is_taken_away_again() -> None:
    """Outside of its context the emulator knows no such service, and shares no profile."""
    before = backends.get_backend, backend_index.backend_url_patterns
    client.cache_clear()
    with mock_aws():
        with route53_profiles(RealClock()):
            arn = profile()["Arn"]
        assert error(client("route53profiles", OWNER).list_profiles)[1] == 404
        assert error(share, arn=arn) == ("MalformedArnException", 400)
    assert before == (backends.get_backend, backend_index.backend_url_patterns)


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
def test_a_share_reaches_those_it_names(principal: str, expected: set[str]) -> None:
    """The organization, a unit with those below it, an account; one outside would have to accept an invitation."""
    made = profile()
    share(made["Arn"], principal)
    assert seen(OWNER) == {made["Id"]: "SHARED_BY_ME"}
    accounts = (MANAGEMENT, WEB, SHOP, STRANGER)
    assert {account for account in accounts if seen(account)} == expected
    assert all(seen(account) == {made["Id"]: "SHARED_WITH_ME"} for account in expected)


def test_a_share_follows_the_organization(enabled: Organization) -> None:
    """An account that is moved below the unit has access, one that left the organization has not; nor without share."""
    made = profile()
    given = share(made["Arn"], unit_arn(TOP))
    assert not seen(SHOP)
    enabled.move_account(SHOP, BELOW)
    assert seen(SHOP)
    vpc, service = vpc_of(SHOP), client("route53profiles", SHOP)
    service.associate_profile(ProfileId=made["Id"], ResourceId=vpc, Name="shop")
    enabled.move_account(SHOP, APART)
    assert not seen(SHOP)
    assert service.list_profile_associations()["ProfileAssociations"] == []
    assert seen(WEB)
    client("ram", OWNER).delete_resource_share(resourceShareArn=given["resourceShareArn"])
    assert not seen(WEB)
    assert seen(OWNER) == {made["Id"]: "NOT_SHARED"}


@pytest.mark.usefixtures("there")
def test_sharing_within_the_organization_is_enabled_by_its_management_account() -> None:
    """Before, the organization is not found, and an account of it would be invited as any other."""
    made = profile()
    for principal in (ORGANIZATION_ARN, unit_arn(TOP)):
        with pytest.raises(ClientError, match="could not be found"):
            share(made["Arn"], principal)
    share(made["Arn"], WEB)
    assert not seen(WEB)
    assert error(client("ram", OWNER).enable_sharing_with_aws_organization) == ("OperationNotPermittedException", 400)
    client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
    assert seen(WEB)
    share(made["Arn"], ORGANIZATION_ARN)
    assert seen(SHOP)


@pytest.mark.usefixtures("enabled")
def test_only_ones_own_profile_is_shared_and_only_with_what_there_is() -> None:
    """Neither a profile that was shared with the account, nor one of another region; no root, no strange unit."""
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
    assert seen(SHOP) == {}


@pytest.mark.usefixtures("enabled")
def test_what_else_is_shared_is_shared_as_before() -> None:
    """The emulator's own checks stand, also beside a profile, and a share that was refused is not there."""
    subnet = f"arn:aws:ec2:{REGION}:{OWNER}:subnet/subnet-1"
    made, ram = profile(), client("ram", OWNER)
    given = ram.create_resource_share(name="both", resourceArns=[subnet, made["Arn"]], principals=[unit_arn(TOP)])
    found = ram.get_resource_share_associations(associationType="RESOURCE")["resourceShareAssociations"]
    assert {each["associatedEntity"] for each in found} == {subnet, made["Arn"]}
    assert given["resourceShare"]["status"] == "ACTIVE"
    wrong = {"name": "wrong", "resourceArns": [f"arn:aws:s3:{REGION}:{OWNER}:bucket/b"]}
    assert error(ram.create_resource_share, **wrong) == ("MalformedArnException", 400)
    assert len(ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]) == 1
