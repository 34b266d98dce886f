"""Profiles, their shares and their zones: who sees and changes what."""

from __future__ import annotations

import pytest

from sandbox.aws.profiles.model import Limits
from sandbox.aws.profiles.rules import Profiles
from tests.support.sandbox.profiles import ELSEWHERE, OWNER, REGION, WEB, Others, arn, made, made_for_web, refusal


def test_a_profile_has_the_arn_of_its_owner_and_region(profiles: Profiles) -> None:
    """It is found by it, and it is no other account's or region's."""
    profile = profiles.create(OWNER, "shared", "token")
    assert profile.arn == f"arn:aws:route53profiles:{REGION}:{OWNER.account}:profile/{profile.id}"
    assert profile.id.startswith("rp-")
    assert profiles.find(profile.arn) == profile
    assert profiles.find(profile.arn + "0") is None
    assert profiles.visible(OWNER) == (profile,)
    assert profiles.visible(ELSEWHERE) == profiles.visible(WEB) == ()


def test_a_token_creates_one_profile(profiles: Profiles) -> None:
    """A call that is repeated gets what the first one made; another account's token is another one."""
    first = profiles.create(OWNER, "shared", "token")
    assert profiles.create(OWNER, "shared", "token") == first
    assert profiles.create(OWNER, "shared", "other") != first
    assert profiles.create(WEB, "shared", "token") != first
    assert profiles.create(ELSEWHERE, "shared", "token") != first


def test_an_account_has_five_profiles_in_a_region(profiles: Profiles) -> None:
    """The sixth is refused there, and nowhere else."""
    for number in range(5):
        made(profiles, f"p{number}")
    assert refusal(made, profiles, "p5")[0] == "LimitExceededException"
    made(profiles, "p5", ELSEWHERE)
    made(profiles, "p5", WEB)


@pytest.mark.parametrize("name", ["", "123", "a.b", "a" * 65])
def test_names_are_those_of_the_model(profiles: Profiles, name: str) -> None:
    """No digits alone, no dots, at most 64 characters."""
    profile_id = made(profiles, "It's a-name_1")
    for call, *arguments in (
        (profiles.create, OWNER, name, "other"),
        (profiles.associate, OWNER, profile_id, "vpc-own", name),
        (profiles.attach, OWNER, profile_id, arn("ZCORP"), name),
    ):
        assert refusal(call, *arguments) == ("InvalidParameterException", {"FieldName": "Name"})


def test_what_is_not_there_is_told_from_what_is_anothers(profiles: Profiles) -> None:
    """A profile of another region is not there, one that is not shared is denied."""
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


def test_a_shared_profile_can_be_seen_and_associated_but_not_changed(profiles: Profiles, others: Others) -> None:
    """That is what AWS RAM grants by default."""
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


def test_the_quotas_are_awss() -> None:
    """Five profiles, 1,000 VPCs and 5,000 private hosted zones a profile, two profiles a VPC."""
    assert Limits() == Limits(profiles=5, vpcs=1_000, zones=5_000, profiles_of_vpc=2)


def test_only_private_zones_of_the_owners_own_are_attached(profiles: Profiles) -> None:
    """Another account's zone is not found, and what is no zone is not modelled or no resource at all."""
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
    with pytest.raises(NotImplementedError, match="only private hosted zones"):
        profiles.attach(OWNER, profile_id, "arn:aws:route53resolver:eu-west-1:100000000001:resolver-rule/r", "a")


def test_a_profile_has_one_zone_of_a_domain(profiles: Profiles) -> None:
    """Neither the same zone nor another one of its domain is attached beside it, below it one is."""
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


def test_a_profile_has_so_many_zones(profiles: Profiles) -> None:
    """The quota counts those of one profile."""
    profiles.limits.zones = 1
    first, second = made(profiles, "first"), made(profiles, "second")
    profiles.attach(OWNER, first, arn("ZCORP"), "corp")
    assert refusal(profiles.attach, OWNER, first, arn("ZDEV"), "dev") == (
        "LimitExceededException",
        {"ResourceType": "HOSTED_ZONE"},
    )
    profiles.attach(OWNER, second, arn("ZDEV"), "dev")


def test_a_profile_is_deleted_without_vpcs_and_takes_its_zones_along(profiles: Profiles, others: Others) -> None:
    """A VPC of another account holds it too; another profile with the zone keeps it."""
    profile_id, other = made_for_web(profiles, others), made(profiles, "other")
    for each in (profile_id, other):
        profiles.attach(OWNER, each, arn("ZCORP"), "corp")
    profiles.associate(WEB, profile_id, "vpc-web", "a")
    assert refusal(profiles.delete, OWNER, profile_id)[0] == "ConflictException"
    profiles.disassociate(WEB, profile_id, "vpc-web")
    profiles.delete(OWNER, profile_id)
    assert refusal(profiles.get, OWNER, profile_id)[0] == "ResourceNotFoundException"
    assert [each.zone_id for each in profiles.resources(OWNER, other)] == ["ZCORP"]


def test_what_is_no_longer_shared_is_lost(profiles: Profiles, others: Others) -> None:
    """The VPC's association has ended, also if the profile is shared again; the owner's own goes on."""
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
