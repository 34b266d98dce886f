"""Zones that are created, and the Profile that VPCs resolve them by."""

from __future__ import annotations

import pytest
import yaml

from hub.runtime import contract
from network.region import principals
from orgdns.config.load import parse
from sandbox.example import WORKLOAD_UNIT
from tests.support.build import EXAMPLE
from tests.support.generated import (
    CONFIGS,
    MANAGEMENT,
    ORGANIZATION,
    content_of,
    example,
    of_type,
    read,
)

OF_ORGANIZATION = f"arn:${{AWS::Partition}}:organizations::{MANAGEMENT}:"


@pytest.mark.parametrize("config", list(CONFIGS))
def test_new_zones(config: str) -> None:
    """A zone to be created is private and kept for ever, and its id goes from one stack to the other by name."""
    new = [zone for zone in CONFIGS[config]().zones if zone.create]
    network, hub = read("network", config), read("hub", config)
    zones = {k: r for k, r in network["Resources"].items() if r["Type"] == "AWS::Route53::HostedZone"}
    assert len(zones) == len(new)
    for zone in zones.values():
        assert zone["Properties"]["VPCs"] == [{"VPCId": "vpc-0a1b2c3d4e5f60718", "VPCRegion": "eu-central-1"}]
        assert (zone["DeletionPolicy"], zone["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    outputs = {name for name in network["Outputs"] if name.startswith("ZoneId")}
    assert outputs == {name for name in hub["Parameters"] if name.startswith("ZoneId")}
    assert len(outputs) == len(new)


def test_titles_of_zones_differ() -> None:
    """Domains that differ in dots and hyphens alone do not share a logical id."""
    content = yaml.safe_load(EXAMPLE.read_text())
    new = content["zones"][1]["create"]
    alike = ("1.10.in-addr.arpa", "11.0.in-addr.arpa", "a-b.internal", "ab.internal", "a.b.internal", "a.dot.internal")
    content["zones"] += [{"domain": domain, "create": new} for domain in alike]
    network = content_of("network", content)
    zones = [r for r in network["Resources"].values() if r["Type"] == "AWS::Route53::HostedZone"]
    assert len(zones) == len(alike) + 1


def test_a_title_of_a_zone_stays() -> None:
    """Another zone does not change the logical id of one that is there, which would create it anew."""
    first, second = (
        {p["Name"]: title for title, p in of_type("network", "AWS::Route53::HostedZone", config).items()}
        for config in ("example", "many-zones")
    )
    assert first.items() <= second.items()


def test_profile_is_shared_with_the_covered_units_alone() -> None:
    """The Profile carries the zones that go by it, and nobody outside the organization can be let in."""
    resources = read("network-region", "profiles")["Resources"]
    share = resources["ProfileShare"]["Properties"]
    units = sorted(example().organization.units)
    assert share["Principals"] == [{"Fn::Sub": f"{OF_ORGANIZATION}ou/{ORGANIZATION}/{unit}"} for unit in units]
    assert share["AllowExternalPrincipals"] is False
    attached = [one for one in resources.values() if one["Type"].endswith("ProfileResourceAssociation")]
    assert len(attached) == 3
    assert resources["Profile"]["Properties"]["Name"] == contract.PROFILE


@pytest.mark.parametrize(
    ("vpcs", "units", "expected"),
    [
        ("all", ["r-ab12"], [f"organization/{ORGANIZATION}"]),
        ([{"regions": ["eu-central-1"]}], [WORKLOAD_UNIT], [f"ou/{ORGANIZATION}/{WORKLOAD_UNIT}"]),
        (
            [{"accounts": ["444444444444"], "units": ["ou-ab12-research"]}, {"accounts": ["333333333333"]}],
            [WORKLOAD_UNIT],
            ["333333333333", "444444444444", f"ou/{ORGANIZATION}/ou-ab12-research"],
        ),
        ("none", [WORKLOAD_UNIT], []),
    ],
)
def test_profile_is_shared_with_whom_policy_selects(vpcs: object, units: list[str], expected: list[str]) -> None:
    """Whoever has the Profile can associate any VPC of his: only accounts that policy selects have it."""
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    content["organization"]["units"] = units
    content["zones"] = [content["zones"][0] | {"resolved_by": {"vpcs": vpcs, "by": "profile"}}]
    content["policy"] = {"rules": [{"name": "all", "template": "{name}.{account_name}.corp.internal"}]}
    shared = principals(parse(yaml.safe_dump(content), "test"))
    told = [one if isinstance(one, str) else one.to_dict()["Fn::Sub"].removeprefix(OF_ORGANIZATION) for one in shared]
    assert told == expected
