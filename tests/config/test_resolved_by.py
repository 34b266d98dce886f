"""Which VPCs resolve a zone, as the configuration says it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orgdns.config.load import ConfigInvalid, parse
from tests.support.configuration import GOOD, everything


@pytest.mark.parametrize(
    ("said", "place", "told"),
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
def test_faults_of_resolved_by(said: dict[str, Any], place: str, told: str) -> None:
    """What is wrong with the VPCs of a zone is told at its place."""
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = said
    with pytest.raises(ConfigInvalid) as invalid:
        parse(yaml.safe_dump(content))
    (fault,) = invalid.value.faults
    assert fault.place.endswith(f"resolved_by.{place}"), fault
    assert told in fault.message


def test_zones_by_profile_select_the_same_vpcs() -> None:
    """One Profile carries all of its zones to all of its VPCs, so they cannot select different ones."""
    content = yaml.safe_load(GOOD)
    content["zones"][0]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["zones"][1]["resolved_by"] = {"vpcs": [{"regions": ["eu-west-1"]}], "by": "profile"}
    with pytest.raises(ConfigInvalid, match="selects other VPCs than zones\\[0\\]"):
        parse(yaml.safe_dump(content))
    content["zones"][1]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    assert len(parse(yaml.safe_dump(content)).association_policies) == 2


def test_reverse_rules_are_disabled_where_the_zone_is_resolved() -> None:
    """To have EC2's own rules disabled, the file must say in which VPCs."""
    content = everything()
    del content["zones"][3]["resolved_by"]
    with pytest.raises(ConfigInvalid, match="needs 'resolved_by'"):
        parse(yaml.safe_dump(content))
