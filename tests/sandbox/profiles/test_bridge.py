"""Route 53 Profiles through boto3."""

from __future__ import annotations

import threading

import pytest
from moto import backends
from moto.core.botocore_stubber import backend_index
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.profiles.bridge import route53_profiles
from sandbox.clock import RealClock
from tests.support.profiles_world import OWNER, WEB, client, vpc_of, zone_arn, zone_of
from tests.support.sandbox.organizations import REGION, client_with
from tests.support.sandbox.profiles.calls import Json, error, profile, share, visible_profiles


@pytest.mark.usefixtures("profiles_world")
def test_profile_belongs_to_the_caller() -> None:
    """The access key decides the account and the endpoint the region; the API returns what was created."""
    service = client("route53profiles", OWNER)
    made = service.create_profile(Name="shared", ClientToken="once")["Profile"]
    assert made["Arn"] == f"arn:aws:route53profiles:{REGION}:{OWNER}:profile/{made['Id']}"
    assert (made["OwnerId"], made["Name"], made["ClientToken"]) == (OWNER, "shared", "once")
    assert (made["Status"], made["ShareStatus"]) == ("COMPLETE", "NOT_SHARED")
    assert service.get_profile(ProfileId=made["Id"])["Profile"] == made
    (summary,) = service.list_profiles()["ProfileSummaries"]
    assert summary == {key: made[key] for key in ("Id", "Arn", "Name", "ShareStatus")}
    assert visible_profiles(WEB) == {}
    assert client("route53profiles", OWNER, "eu-central-1").list_profiles()["ProfileSummaries"] == []
    assert service.delete_profile(ProfileId=made["Id"])["Profile"]["Status"] == "DELETED"
    assert visible_profiles(OWNER) == {}


@pytest.mark.usefixtures("profiles_world")
def test_role_session_uses_the_roles_account() -> None:
    """A session of a role in another account sees that account's Profiles."""
    made = profile()
    session = client("sts", WEB).assume_role(RoleArn=f"arn:aws:iam::{OWNER}:role/any", RoleSessionName="web")
    service = client_with(session["Credentials"], "route53profiles")
    assert [each["Id"] for each in service.list_profiles()["ProfileSummaries"]] == [made["Id"]]


@pytest.mark.usefixtures("profiles_world")
def test_vpc_association_through_the_api() -> None:
    """Each response has the current association, and lists can be filtered by VPC and by Profile."""
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


@pytest.mark.usefixtures("profiles_world")
def test_zone_attachment_through_the_api() -> None:
    """Only the account's own private zones can be attached."""
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


@pytest.mark.usefixtures("profiles_world")
def test_errors_are_those_of_botocores_model() -> None:
    """The client raises its own exception for each error, with its details."""
    service = client("route53profiles", OWNER)
    with pytest.raises(service.exceptions.ResourceNotFoundException) as missing:
        service.get_profile(ProfileId="rp-0")
    assert missing.value.response["ResourceType"] == "PROFILE"
    with pytest.raises(service.exceptions.ValidationException, match="Value '123' at 'Name'"):
        service.create_profile(Name="123")
    web = client("route53profiles", WEB)
    assert error(web.get_profile, ProfileId=profile()["Id"]) == ("AccessDeniedException", 400)
    with pytest.raises(NotImplementedError, match="tag_resource"):
        service.tag_resource(ResourceArn="arn", Tags={})


@pytest.mark.usefixtures("profiles_world")
def test_lists_are_paged() -> None:
    """A page has the requested size, at most 100, and continues where the last one ended despite deletions."""
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
    assert error(service.list_profiles, MaxResults=101) == ("ValidationException", 400)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing."""


@pytest.mark.usefixtures("profiles_world")
def test_service_answers_over_http() -> None:
    """The service answers through moto's server too, with an ARN in the path and with the same errors."""
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


def test_bridge_is_removed() -> None:
    """Outside the context the emulator has no such service and shares no Profile."""
    before = backends.get_backend, backend_index.backend_url_patterns
    client.cache_clear()
    with emulated_aws():
        with route53_profiles(RealClock()):
            arn = profile()["Arn"]
        assert error(client("route53profiles", OWNER).list_profiles)[1] == 404
        assert error(share, arn=arn) == ("MalformedArnException", 400)
    assert before == (backends.get_backend, backend_index.backend_url_patterns)
