"""Profiles, their shares and their zones: who sees and who changes what."""

from __future__ import annotations

import pytest

from sandbox.aws.profiles.model import Limits
from sandbox.aws.profiles.rules import Profiles
from tests.support.sandbox.profiles.rules import ELSEWHERE, OWNER, REGION, WEB, Others, arn, made, made_for_web, refusal


def test_arn_has_owner_and_region(profiles: Profiles) -> None:
    """A Profile is found by its ARN, and not by another account's or region's."""
    profile = profiles.create(OWNER, "shared", "token")
    assert profile.arn == f"arn:aws:route53profiles:{REGION}:{OWNER.account}:profile/{profile.id}"
    assert profile.id.startswith("rp-")
    assert profiles.find(profile.arn) == profile
    assert profiles.find(profile.arn + "0") is None
    assert profiles.visible(OWNER) == (profile,)
    assert profiles.visible(ELSEWHERE) == profiles.visible(WEB) == ()


def test_client_token_creates_one_profile(profiles: Profiles) -> None:
    """A repeated call returns the first Profile; the same token of another account creates another one."""
    first = profiles.create(OWNER, "shared", "token")
    assert profiles.create(OWNER, "shared", "token") == first
    assert profiles.create(OWNER, "shared", "other") != first
    assert profiles.create(WEB, "shared", "token") != first
    assert profiles.create(ELSEWHERE, "shared", "token") != first


def test_account_has_at_most_five_profiles_in_a_region(profiles: Profiles) -> None:
    """The sixth Profile is refused in that region only."""
    for number in range(5):
        made(profiles, f"p{number}")
    assert refusal(made, profiles, "p5")[0] == "LimitExceededException"
    made(profiles, "p5", ELSEWHERE)
    made(profiles, "p5", WEB)


@pytest.mark.parametrize("name", ["", "123", "a.b", "a" * 65])
def test_invalid_name_is_refused(profiles: Profiles, name: str) -> None:
    """A name must not be digits alone, have dots, or exceed 64 characters."""
    profile_id = made(profiles, "It's a-name_1")
    for call, *arguments in (
        (profiles.create, OWNER, name, "other"),
        (profiles.associate, OWNER, profile_id, "vpc-own", name),
        (profiles.attach, OWNER, profile_id, arn("ZCORP"), name),
    ):
        assert refusal(call, *arguments) == ("ValidationException", {})


def test_missing_and_foreign_profiles_have_different_errors(profiles: Profiles) -> None:
    """A Profile of another region is not found; one that is not shared is denied."""
    profile_id = made(profiles)
    assert refusal(profiles.get, OWNER, "rp-0") == ("ResourceNotFoundException", {"ResourceType": "PROFILE"})
    assert refusal(profiles.get, ELSEWHERE, profile_id)[0] == "ResourceNotFoundException"
    for call, *arguments in (
        (profiles.get, WEB, profile_id),
        (profiles.resources, WEB, profile_id),
        (profiles.associate, WEB, profile_id, "vpc-web", "a"),
        (profiles.disassociate, WEB, profile_id, "vpc-web"),
        (profiles.attach, WEB, profile_id, arn("ZWEB"), "a"),
        (profiles.delete, WEB, profile_id),
    ):
        assert refusal(call, *arguments)[0] == "AccessDeniedException"


def test_shared_profile_can_be_read_and_associated_only(profiles: Profiles, others: Others) -> None:
    """AWS RAM's default permission allows to read and associate, but not to change."""
    profile_id = made_for_web(profiles, others)
    zone = profiles.attach(OWNER, profile_id, arn("ZCORP"), "corp")
    profile = profiles.get(WEB, profile_id)
    assert profiles.visible(WEB) == (profile,)
    assert profiles.resources(WEB, profile_id) == (zone,)
    assert profiles.associate(WEB, profile_id, "vpc-web", "a").owner == WEB.account
    for call, *arguments in (
        (profiles.attach, WEB, profile_id, arn("ZWEB"), "a"),
        (profiles.detach, WEB, profile_id, arn("ZCORP")),
        (profiles.delete, WEB, profile_id),
    ):
        assert refusal(call, *arguments)[0] == "AccessDeniedException"
    statuses = {caller: profiles.share_status(caller, profile) for caller in (OWNER, WEB)}
    assert statuses == {OWNER: "SHARED_BY_ME", WEB: "SHARED_WITH_ME"}
    others.shared.clear()
    assert profiles.share_status(OWNER, profile) == "NOT_SHARED"


def test_default_quotas() -> None:
    """Five Profiles, 1,000 VPCs and 5,000 private hosted zones for each Profile, two Profiles for each VPC."""
    assert Limits() == Limits(profiles=5, vpcs=1_000, zones=5_000, profiles_of_vpc=2)


def test_only_the_owners_private_zones_are_attached(profiles: Profiles) -> None:
    """Another account's zone is not found; other resources are not modeled or invalid."""
    profile_id = made(profiles)
    zone = profiles.attach(OWNER, profile_id, arn("ZCORP"), "corp")
    assert (zone.resource_arn, zone.domain, zone.owner) == (arn("ZCORP"), "corp.internal.", OWNER.account)
    for missing in ("ZWEB", "ZNONE"):
        assert refusal(profiles.attach, OWNER, profile_id, arn(missing), "a") == (
            "ResourceNotFoundException",
            {"ResourceType": "HOSTED_ZONE"},
        )
    assert refusal(profiles.attach, OWNER, profile_id, "ZDEV", "a") == (
        "InvalidParameterException",
        {"FieldName": "ResourceArn"},
    )
    with pytest.raises(NotImplementedError, match="this kind of resource"):
        profiles.attach(OWNER, profile_id, "arn:aws:route53resolver:eu-west-1:100000000001:resolver-rule/r", "a")


def test_profile_has_one_zone_for_a_domain(profiles: Profiles) -> None:
    """A second zone with the same domain is refused; a zone for a subdomain is accepted."""
    profile_id = made(profiles)
    profiles.attach(OWNER, profile_id, arn("ZCORP"), "corp")
    for taken in ("ZCORP", "ZCORP2"):
        assert refusal(profiles.attach, OWNER, profile_id, arn(taken), "a")[0] == "ConflictException"
    profiles.attach(OWNER, profile_id, arn("ZDEV"), "dev")
    profiles.detach(OWNER, profile_id, arn("ZCORP"))
    missing = ("ResourceNotFoundException", {"ResourceType": "PROFILE_RESOURCE_ASSOCIATION"})
    assert refusal(profiles.detach, OWNER, profile_id, arn("ZCORP")) == missing
    profiles.attach(OWNER, profile_id, arn("ZCORP2"), "corp")
    assert [each.zone_id for each in profiles.resources(OWNER, profile_id)] == ["ZDEV", "ZCORP2"]


def test_zone_quota_of_a_profile(profiles: Profiles) -> None:
    """The quota counts the zones of one Profile."""
    profiles.limits.zones = 1
    first, second = made(profiles, "first"), made(profiles, "second")
    profiles.attach(OWNER, first, arn("ZCORP"), "corp")
    assert refusal(profiles.attach, OWNER, first, arn("ZDEV"), "dev") == (
        "LimitExceededException",
        {"ResourceType": "HOSTED_ZONE"},
    )
    profiles.attach(OWNER, second, arn("ZDEV"), "dev")


def test_deleted_profile_loses_its_zones(profiles: Profiles, others: Others) -> None:
    """A VPC of any account blocks the deletion; another Profile keeps the same zone."""
    profile_id, other = made_for_web(profiles, others), made(profiles, "other")
    for each in (profile_id, other):
        profiles.attach(OWNER, each, arn("ZCORP"), "corp")
    profiles.associate(WEB, profile_id, "vpc-web", "a")
    assert refusal(profiles.delete, OWNER, profile_id)[0] == "ConflictException"
    profiles.disassociate(WEB, profile_id, "vpc-web")
    profiles.delete(OWNER, profile_id)
    assert refusal(profiles.get, OWNER, profile_id)[0] == "ResourceNotFoundException"
    assert [each.zone_id for each in profiles.resources(OWNER, other)] == ["ZCORP"]


def test_unshared_profile_loses_foreign_vpcs(profiles: Profiles, others: Others) -> None:
    """The association ends for good, even if the Profile is shared again; the owner's own VPC keeps it."""
    profile_id = made_for_web(profiles, others)
    profiles.attach(OWNER, profile_id, arn("ZCORP"), "corp")
    profiles.associate(OWNER, profile_id, "vpc-own", "a")
    profiles.associate(WEB, profile_id, "vpc-web", "a")
    others.shared.clear()
    assert profiles.zones_of_vpc("vpc-web") == ()
    assert profiles.associations(WEB) == ()
    assert profiles.zones_of_vpc("vpc-own") == ("ZCORP",)
    others.shared[profile_id] = {WEB.account}
    assert profiles.zones_of_vpc("vpc-web") == ()
    profiles.associate(WEB, profile_id, "vpc-web", "a")
    assert profiles.zones_of_vpc("vpc-web") == ("ZCORP",)
