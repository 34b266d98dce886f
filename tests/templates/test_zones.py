"""Created zones, and the Profile through which VPCs resolve zones."""

from __future__ import annotations

import pytest
import yaml

from hub.runtime.installation import DEFAULT_NAMES as NAMES
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

ARN_PREFIX = f"arn:${{AWS::Partition}}:organizations::{MANAGEMENT}:"


@pytest.mark.parametrize("config", list(CONFIGS))
def test_new_zones(config: str) -> None:
    """A created zone is private and retained, and its id is an output of one stack and a parameter of the other."""
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


def test_logical_ids_of_zones_differ() -> None:
    """Domains that differ only in dots and hyphens have different logical ids."""
    content = yaml.safe_load(EXAMPLE.read_text())
    new = content["zones"][1]["create"]
    alike = ("1.10.in-addr.arpa", "11.0.in-addr.arpa", "a-b.internal", "ab.internal", "a.b.internal", "a.dot.internal")
    content["zones"] += [{"domain": domain, "create": new} for domain in alike]
    network = content_of("network", content)
    zones = [r for r in network["Resources"].values() if r["Type"] == "AWS::Route53::HostedZone"]
    assert len(zones) == len(alike) + 1


def test_logical_id_of_a_zone_does_not_change() -> None:
    """Adding a zone does not change the logical id of another zone, which would replace that zone."""
    first, second = (
        {p["Name"]: title for title, p in of_type("network", "AWS::Route53::HostedZone", config).items()}
        for config in ("example", "many-zones")
    )
    assert first.items() <= second.items()


def test_profile_is_shared_with_the_covered_units_only() -> None:
    """The Profile has the zones that are resolved by profile, and only covered units share it."""
    resources = read("network-region", "profiles")["Resources"]
    share = resources["ProfileShare"]["Properties"]
    units = sorted(example().organization.units)
    assert share["Principals"] == [{"Fn::Sub": f"{ARN_PREFIX}ou/{ORGANIZATION}/{unit}"} for unit in units]
    assert share["AllowExternalPrincipals"] is False
    attached = [resource for resource in resources.values() if resource["Type"].endswith("ProfileResourceAssociation")]
    assert len(attached) == 3
    assert resources["Profile"]["Properties"]["Name"] == NAMES.profile


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
def test_profile_is_shared_with_the_selection(vpcs: object, units: list[str], expected: list[str]) -> None:
    """Only selected accounts and units share the Profile, because each can associate any of its own VPCs."""
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    content["organization"]["units"] = units
    content["zones"] = [content["zones"][0] | {"resolved_by": {"vpcs": vpcs, "by": "profile"}}]
    content["policy"] = {"rules": [{"name": "all", "template": "{name}.{account_name}.corp.internal"}]}
    shared = principals(parse(yaml.safe_dump(content), "test"))
    names = [
        principal if isinstance(principal, str) else principal.to_dict()["Fn::Sub"].removeprefix(ARN_PREFIX)
        for principal in shared
    ]
    assert names == expected
