"""Associations of Profiles with VPCs."""

from __future__ import annotations

import pytest

from sandbox.aws.profiles.rules import Profiles
from tests.support.sandbox.profiles import ELSEWHERE, OWNER, SHOP, WEB, Others, arn, made, made_for_web, refusal


def test_only_a_vpc_of_the_callers_own_is_associated(profiles: Profiles, others: Others) -> None:
    """Not even the owner of the profile may choose for others, and a VPC of another region is none."""
    profile_id = made_for_web(profiles, others)
    others.vpcs.add((ELSEWHERE, "vpc-far"))
    for caller, vpc in ((OWNER, "vpc-web"), (WEB, "vpc-own"), (OWNER, "vpc-far"), (OWNER, "vpc-none")):
        assert refusal(profiles.associate, caller, profile_id, vpc, "a") == (
            "ResourceNotFoundException",
            {"ResourceType": "VPC"},
        )


def test_an_association_is_its_vpcs_accounts(profiles: Profiles, others: Others) -> None:
    """The profile's owner neither sees nor ends it, the VPC's account does both."""
    profile_id = made_for_web(profiles, others)
    own = profiles.associate(OWNER, profile_id, "vpc-own", "own")
    web = profiles.associate(WEB, profile_id, "vpc-web", "web")
    assert profiles.associations(OWNER) == profiles.associations(OWNER, profile_id) == (own,)
    assert profiles.associations(WEB) == profiles.associations(WEB, vpc_id="vpc-web") == (web,)
    assert profiles.associations(OWNER, profile_id, "vpc-web") == ()
    assert profiles.associations(ELSEWHERE) == ()
    assert profiles.association(WEB, web.id) == web
    missing = ("ResourceNotFoundException", {"ResourceType": "PROFILE_ASSOCIATION"})
    assert refusal(profiles.association, OWNER, web.id) == missing
    assert refusal(profiles.disassociate, OWNER, profile_id, "vpc-web") == missing
    assert profiles.disassociate(WEB, profile_id, "vpc-web") == web
    assert refusal(profiles.disassociate, WEB, profile_id, "vpc-web") == missing


def test_a_profile_is_associated_with_a_vpc_once(profiles: Profiles) -> None:
    """Again it is there already; by another name or priority that is not how to change them."""
    profile_id = made(profiles)
    assert profiles.associate(OWNER, profile_id, "vpc-own", "a").priority == 100
    for priority in (None, 100):
        assert refusal(profiles.associate, OWNER, profile_id, "vpc-own", "a", priority) == (
            "ResourceExistsException",
            {"ResourceType": "PROFILE_ASSOCIATION"},
        )
    for name, other in (("b", None), ("a", 200)):
        assert refusal(profiles.associate, OWNER, profile_id, "vpc-own", name, other)[0] == "ValidationException"


@pytest.mark.parametrize("priority", [None, 100, 99, 9_901])
def test_a_second_profile_needs_a_priority_of_its_own(profiles: Profiles, priority: int | None) -> None:
    """It must be given, must differ from the first one's, and lies from 100 to 9900."""
    profiles.associate(OWNER, made(profiles, "first"), "vpc-own", "first")
    second = made(profiles, "second")
    assert refusal(profiles.associate, OWNER, second, "vpc-own", "a", priority)[0] == "ValidationException"
    assert profiles.associate(OWNER, second, "vpc-own", "a", 9_900).priority == 9_900


def test_a_vpc_has_two_profiles(profiles: Profiles) -> None:
    """A third one is refused, whatever its priority, until one has gone."""
    first, second, third = (made(profiles, name) for name in ("first", "second", "third"))
    profiles.associate(OWNER, first, "vpc-own", "a", 300)
    profiles.associate(OWNER, second, "vpc-own", "a", 200)
    for priority in (None, 400):
        assert refusal(profiles.associate, OWNER, third, "vpc-own", "a", priority) == (
            "LimitExceededException",
            {"ResourceType": "VPC"},
        )
    profiles.disassociate(OWNER, first, "vpc-own")
    profiles.associate(OWNER, third, "vpc-own", "a", 300)


def test_a_profile_has_so_many_vpcs_of_all_accounts(profiles: Profiles, others: Others) -> None:
    """The owner and those it shares with have one quota."""
    profiles.limits.vpcs = 2
    profile_id = made(profiles)
    others.shared[profile_id] = {WEB.account, SHOP.account}
    profiles.associate(OWNER, profile_id, "vpc-own", "a")
    profiles.associate(WEB, profile_id, "vpc-web", "a")
    assert refusal(profiles.associate, SHOP, profile_id, "vpc-shop", "a") == (
        "LimitExceededException",
        {"ResourceType": "PROFILE"},
    )


def test_a_vpc_has_the_zones_of_its_profiles_by_priority(profiles: Profiles) -> None:
    """The lowest value comes first; a change of a profile reaches the VPC at once, and other VPCs have nothing."""
    late, early = made(profiles, "late"), made(profiles, "early")
    profiles.attach(OWNER, late, arn("ZCORP"), "corp")
    profiles.attach(OWNER, early, arn("ZCORP2"), "corp")
    profiles.associate(OWNER, late, "vpc-own", "a", 200)
    profiles.associate(OWNER, early, "vpc-own", "a", 100)
    assert profiles.zones_of_vpc("vpc-own") == ("ZCORP2", "ZCORP")
    assert profiles.zones_of_vpc("vpc-web") == ()
    profiles.detach(OWNER, early, arn("ZCORP2"))
    profiles.attach(OWNER, early, arn("ZDEV"), "dev")
    assert profiles.zones_of_vpc("vpc-own") == ("ZDEV", "ZCORP")
    profiles.disassociate(OWNER, late, "vpc-own")
    assert profiles.zones_of_vpc("vpc-own") == ("ZDEV",)
