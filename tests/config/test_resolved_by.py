"""`resolved_by`: which VPCs resolve a zone."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from hub.runtime.model.vpcs import Vpc
from orgdns.config.load import ConfigInvalid, parse
from tests.support.build import CORP, PAYMENTS
from tests.support.config.configuration import GOOD, everything
from tests.support.memory_vpcs import vpc_ref

OWN = Vpc(vpc_ref(), ("10.7.0.0/16",))
DEFAULT = Vpc(vpc_ref(2), ("172.31.0.0/16",), tags=(("dns", "x"),), default=True)


@pytest.mark.parametrize(
    ("resolved_by", "place", "message"),
    [
        ({"vpcs": "some"}, "vpcs", "'all' or 'none'"),
        ({"vpcs": []}, "vpcs", "is empty: add an item to the list"),
        ({"vpcs": [{}]}, "vpcs[0]", "selects every VPC"),
        ({"vpcs": "all", "except": [{}]}, "except[0]", "selects every VPC"),
        ({"vpcs": [{"regions": ["us-west-2"]}]}, "vpcs[0].regions[0]", "is not one of spokes.regions"),
        ({"vpcs": [{"accounts": [444444444444]}]}, "vpcs[0].accounts[0]", "put it in quotes"),
        ({"vpcs": [{"tag": {"tag": "aws:x"}}]}, "vpcs[0].tag.tag", "not a tag key"),
        ({"vpcs": "all", "by": "magic"}, "by", "'association' or 'profile'"),
        ({"vpcs": [{"default": "yes"}]}, "vpcs[0].default", "must be true or false, not 'yes'"),
        ({"vpcs": [{"cidr": []}]}, "vpcs[0].cidr", "is empty: add an item to the list"),
        ({"vpcs": [{"cidr": "10.0.0.0/8"}]}, "vpcs[0].cidr", "must be a list"),
        ({"vpcs": [{"cidr": ["10.1.0.0/8"]}]}, "vpcs[0].cidr[0]", "is not a CIDR block"),
        ({"by": "profile"}, "vpcs", "is missing"),
        ({"vpcs": "all", "by": "profile", "owns_all": True}, "owns_all", "applies to 'by: association' only"),
    ],
)
def test_faults_of_resolved_by(resolved_by: dict[str, Any], place: str, message: str) -> None:
    """A fault in a VPC selection is reported at its place."""
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = resolved_by
    with pytest.raises(ConfigInvalid) as invalid:
        parse(yaml.safe_dump(content))
    (fault,) = invalid.value.faults
    assert fault.place.endswith(f"resolved_by.{place}"), fault
    assert message in fault.message


@pytest.mark.parametrize(
    ("vpcs", "wanted"),
    [
        ("all", {OWN}),
        ("none", set()),
        ([{"regions": ["eu-central-1"]}], {OWN}),
        ([{"tag": {"tag": "dns"}}, {"cidr": ["172.16.0.0/12"]}], set()),
        ([{"default": False}], {OWN}),
        ([{"default": True}], {DEFAULT}),
        ([{"default": True, "cidr": ["172.16.0.0/12"]}], {DEFAULT}),
        ([{"default": True, "cidr": ["10.0.0.0/8"]}], set()),
        ([{"default": False}, {"default": True}], {OWN, DEFAULT}),
        ([{"vpcs": [DEFAULT.ref.id]}], {DEFAULT}),
        ([{"vpcs": [DEFAULT.ref.id], "default": False}], set()),
    ],
)
def test_c1_default_vpcs_are_selected_only_by_name(vpcs: object, wanted: set[Vpc]) -> None:
    """A selection has no default VPCs, unless it says `default: true` or lists their ids."""
    assert selected({"vpcs": vpcs}) == wanted


@pytest.mark.parametrize(
    ("exception", "wanted"),
    [
        ({"regions": ["eu-central-1"]}, set()),
        ({"cidr": ["172.31.0.0/16"]}, {OWN}),
        ({"default": True}, {OWN}),
        ({"default": False}, {DEFAULT}),
    ],
)
def test_c1_exceptions_see_all_vpcs(exception: dict[str, Any], wanted: set[Vpc]) -> None:
    """An exception without `default` is for default VPCs, too: nothing that it names resolves the zone."""
    everything = [{"default": False}, {"default": True}]
    assert selected({"vpcs": everything, "except": [exception]}) == wanted


def selected(resolved_by: dict[str, Any]) -> set[Vpc]:
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = resolved_by
    policies = parse(yaml.safe_dump(content)).association_policies
    (policy,) = [policy for policy in policies if policy.domain == CORP]
    return {vpc for vpc in (OWN, DEFAULT) if policy.wants(vpc, PAYMENTS)}


def test_zones_by_profile_select_the_same_vpcs() -> None:
    """A Profile carries all its zones to all its VPCs, so its zones cannot select different VPCs."""
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["zones"][1]["resolved_by"] = {"vpcs": [{"regions": ["eu-west-1"]}], "by": "profile"}
    with pytest.raises(ConfigInvalid, match="selects other VPCs than zones\\[0\\]"):
        parse(yaml.safe_dump(content))
    content["zones"][1]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    assert len(parse(yaml.safe_dump(content)).association_policies) == 2


def test_disabling_autodefined_rules_needs_resolved_by() -> None:
    """To have orgdns disable autodefined rules, the file must select the VPCs."""
    content = everything()
    del content["zones"][3]["resolved_by"]
    with pytest.raises(ConfigInvalid, match="needs 'resolved_by'"):
        parse(yaml.safe_dump(content))


REGIONS = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"]
LISTED = [f"{number:012}" for number in range(1, 81)]
IN_A_UNIT = {"units": ["ou-ab12-workload"]}


def warned(resolved_by: dict[str, Any], regions: list[str], **guards: int) -> list[str]:
    content = yaml.safe_load(GOOD)
    content["spokes"]["regions"] = regions
    content["guards"] |= guards
    content["zones"][0]["resolved_by"] = resolved_by
    del content["zones"][1]["resolved_by"]
    return list(parse(yaml.safe_dump(content)).warnings())


@pytest.mark.parametrize(
    ("resolved_by", "parts"),
    [
        ({"vpcs": "all"}, ("a zone takes 300 VPCs (guards.zone_vpcs)", "4 in all, 75 accounts fill it", "by: profile")),
        ({"vpcs": [IN_A_UNIT]}, ("4 in all, 75 accounts",)),
        ({"vpcs": [IN_A_UNIT, {"default": True}]}, ("8 in all, 37 accounts",)),
        ({"vpcs": [IN_A_UNIT, {"accounts": LISTED[:10]}]}, ("4 in all, 65 accounts",)),
        ({"vpcs": [{"accounts": LISTED}]}, ("the listed accounts have 320 if each has one in each region",)),
        ({"vpcs": "all", "by": "profile"}, None),
        ({"vpcs": "none"}, None),
        ({"vpcs": [IN_A_UNIT | {"regions": REGIONS[:3]}]}, None),
        ({"vpcs": [{"accounts": LISTED[:59]}]}, None),
        ({"vpcs": [{"accounts": LISTED, "vpcs": ["vpc-12345678"]}]}, None),
    ],
)
def test_c1_zone_that_likely_has_no_room(resolved_by: dict[str, Any], parts: tuple[str, ...] | None) -> None:
    """The warning says how many accounts fill the zone, by what the file says: regions, and accounts that it lists."""
    warnings = warned(resolved_by, REGIONS)
    if parts is None:
        assert warnings == []
        return
    (warning,) = warnings
    assert warning.startswith("zones[0].resolved_by: ")
    assert all(part in warning for part in parts), warning


def test_c1_profile_that_likely_has_no_room() -> None:
    """Each region has a Profile of its own, with a quota of its own."""
    by_profile = {"vpcs": "all", "by": "profile"}
    (warning,) = warned(by_profile, REGIONS, profile_vpcs=99)
    assert "a Profile takes 99 VPCs (guards.profile_vpcs). If every account has one in each region, 1 in all" in warning
    assert warned(by_profile, REGIONS, profile_vpcs=100) == []
    assert warned({"vpcs": "all"}, REGIONS, zone_vpcs=400) == []
    assert warned({"vpcs": "all"}, REGIONS[:3]) == []
