"""Associations of Profiles with VPCs."""

from __future__ import annotations

import pytest

from sandbox.aws.profiles.rules import Profiles
from tests.support.sandbox.profiles.rules import ELSEWHERE, OWNER, SHOP, WEB, Others, arn, made, made_for_web, refusal


def test_only_the_callers_own_vpc_is_associated(profiles: Profiles, others: Others) -> None:
    """Even the Profile's owner cannot associate another account's VPC, or a VPC of another region."""
    profile_id = made_for_web(profiles, others)
    others.vpcs.add((ELSEWHERE, "vpc-far"))
    for caller, vpc in ((OWNER, "vpc-web"), (WEB, "vpc-own"), (OWNER, "vpc-far"), (OWNER, "vpc-none")):
        assert refusal(profiles.associate, caller, profile_id, vpc, "a") == (
            "ResourceNotFoundException",
            {"ResourceType": "VPC"},
        )


def test_association_belongs_to_the_vpcs_account(profiles: Profiles, others: Others) -> None:
    """The VPC's account sees and ends the association; the Profile's owner does neither."""
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


def test_profile_is_associated_with_a_vpc_once(profiles: Profiles) -> None:
    """A second association is refused, and does not change name or priority."""
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
def test_second_profile_needs_its_own_priority(profiles: Profiles, priority: int | None) -> None:
    """A second Profile needs a priority from 100 to 9900 that differs from the first one's."""
    profiles.associate(OWNER, made(profiles, "first"), "vpc-own", "first")
    second = made(profiles, "second")
    assert refusal(profiles.associate, OWNER, second, "vpc-own", "a", priority)[0] == "ValidationException"
    assert profiles.associate(OWNER, second, "vpc-own", "a", 9_900).priority == 9_900


def test_vpc_has_at_most_two_profiles(profiles: Profiles) -> None:
    """A third Profile is refused with any priority, until another one is disassociated."""
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


def test_vpc_quota_of_a_profile_spans_accounts(profiles: Profiles, others: Others) -> None:
    """The owner and the accounts it shares the Profile with have one quota."""
    profiles.limits.vpcs = 2
    profile_id = made(profiles)
    others.shared[profile_id] = {WEB.account, SHOP.account}
    profiles.associate(OWNER, profile_id, "vpc-own", "a")
    profiles.associate(WEB, profile_id, "vpc-web", "a")
    assert refusal(profiles.associate, SHOP, profile_id, "vpc-shop", "a") == (
        "LimitExceededException",
        {"ResourceType": "PROFILE"},
    )


def test_vpc_has_zones_by_priority(profiles: Profiles) -> None:
    """The lowest value comes first. A changed Profile reaches its VPCs at once, and no others."""
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
