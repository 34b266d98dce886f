"""`resolved_by`: which VPCs resolve a zone."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orgdns.config.load import ConfigInvalid, parse
from tests.support.config.configuration import GOOD, everything


@pytest.mark.parametrize(
    ("resolved_by", "place", "message"),
    [
        ({"vpcs": "some"}, "vpcs", "'all' or 'none'"),
        ({"vpcs": []}, "vpcs", "at least 1 item"),
        ({"vpcs": [{}]}, "vpcs[0]", "selects every VPC"),
        ({"vpcs": "all", "except": [{}]}, "except[0]", "selects every VPC"),
        ({"vpcs": [{"regions": ["us-west-2"]}]}, "vpcs[0].regions[0]", "is not one of spokes.regions"),
        ({"vpcs": [{"accounts": [444444444444]}]}, "vpcs[0].accounts[0]", "put it in quotes"),
        ({"vpcs": [{"tag": {"tag": "aws:x"}}]}, "vpcs[0].tag.tag", "not a tag key"),
        ({"vpcs": "all", "by": "magic"}, "by", "'association' or 'profile'"),
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
