"""`publish` and `associate` in the file."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orgdns.config.load import Config, parse
from tests.support.config.configuration import GOOD, faults

CORP, IDS = "corp.internal.", "instances.internal."


def changed(place: str, key: str, *, value: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(GOOD)
    target = {"top": content, "zone": content["zones"][0], "rule": content["policy"]["rules"][0]}[place]
    target[key] = value
    return content


def configured(place: str, key: str, *, value: bool = False) -> Config:
    return parse(yaml.safe_dump(changed(place, key, value=value)))


@pytest.mark.parametrize(("place", "zones"), [("top", (CORP, IDS)), ("zone", (CORP,)), ("rule", ())])
def test_zones_that_do_not_publish(place: str, zones: tuple[str, ...]) -> None:
    """The installation and the zone must publish; a rule says so for itself."""
    policy = configured(place, "publish").compiled_policy()
    assert policy.unpublished == zones
    assert [rule.publish for rule in policy.rules] == [place != "rule", True, True]
    assert configured(place, "publish", value=True).compiled_policy() == parse(GOOD).compiled_policy()


@pytest.mark.parametrize(("place", "expected"), [("top", [False, False]), ("zone", [False, True])])
def test_zones_that_do_not_associate(place: str, expected: list[bool]) -> None:
    """The installation and the zone must associate. The installation's key is also for zones without `resolved_by`."""
    policy = configured(place, "associate").compiled_policy()
    assert [each.associate for each in policy.association_policies] == expected
    assert policy.associate is (place != "top")


def test_rule_has_no_vpcs() -> None:
    """A switch that a rule cannot have is a fault that says where it belongs."""
    (fault,) = faults(yaml.safe_dump(changed("rule", "associate")))
    assert "a rule has no VPCs; set it on a zone with 'resolved_by', or at the top of the file" in fault


def test_zone_without_selected_vpcs_has_nothing_to_associate() -> None:
    """The key would do nothing."""
    content = changed("zone", "associate")
    del content["zones"][0]["resolved_by"]
    (fault,) = faults(yaml.safe_dump(content))
    assert "zones[0].associate: needs 'resolved_by'" in fault


def test_zones_of_the_profile_are_in_dry_run_together() -> None:
    """A VPC with the Profile resolves all its zones."""
    content = changed("zone", "associate")
    for zone in content["zones"]:
        zone["resolved_by"] = {"vpcs": "all", "by": "profile"}
    (fault,) = faults(yaml.safe_dump(content))
    assert "zones[1].associate: must be as in zones[0]" in fault


@pytest.mark.parametrize("value", ["no", None, 0])
def test_switch_is_true_or_false(value: object) -> None:
    """Nothing else is converted."""
    content = yaml.safe_load(GOOD)
    content["publish"] = value
    assert len(faults(yaml.safe_dump(content))) == 1
