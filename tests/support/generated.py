"""The templates of several configurations, and functions to read parts of them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import cfn_flip
import yaml

from orgdns.cfn.rendering import Form
from orgdns.config.load import Config, known_regions, parse
from orgdns.config.partitions import regions_of
from orgdns.deployment.templates import templates
from tests.support.build import EXAMPLE

NAMES = ("hub", "network", "network-zone-changes", "spoke-account", "spoke-region", "rollout")
HUB, NETWORK, MANAGEMENT, ORGANIZATION = "222222222222", "333333333333", "111111111111", "o-a1b2c3d4e5"
INCLUDED, EXCLUDED = "888888888888", "999999999999"
COVERED = ["eu-central-1", "eu-west-1", "us-east-1"]
IN_COVERED_REGIONS = {"StringEquals": {"aws:RequestedRegion": COVERED}}
UNIT_PATHS = [f"{ORGANIZATION}/r-ab12/*{unit}/*" for unit in ("ou-ab12-infra001", "ou-ab12-workload")]
IN_COVERED_UNITS = {
    "StringEquals": {"aws:ResourceOrgID": ORGANIZATION},
    "ForAnyValue:StringLike": {"aws:ResourceOrgPaths": UNIT_PATHS},
}
VPCS_IN_COVERED_REGIONS = {
    "ForAllValues:StringLike": {"route53:VPCs": [f"VPCId=*,VPCRegion={region}" for region in COVERED]},
    "Null": {"route53:VPCs": "false"},
}


def example() -> Config:
    return parse(EXAMPLE.read_text(), "orgdns.example.yaml")


def many_zones(count: int = 17) -> Config:
    """A configuration with many zones, half of them created by the network stack, and all regions."""
    content = yaml.safe_load(EXAMPLE.read_text())
    new = {"vpc": "vpc-0a1b2c3d4e5f60718", "region": "eu-central-1"}
    content["zones"] += [
        {"domain": f"{number}.16.172.in-addr.arpa"} | ({"create": new} if number % 2 else {"id": f"Z{number:031}"})
        for number in range(100, 100 + count - len(content["zones"]))
    ]
    content["spokes"]["regions"] = sorted(regions_of("aws"))
    for zone in content["zones"]:
        zone.setdefault("resolved_by", {"vpcs": "all"})
    return parse(yaml.safe_dump(content), "many.yaml")


def large(zones: int = 73, units: int = 60, regions: int = 34, **zone: object) -> str:
    """The file of a large organization: zones that the stack creates or that `zone` describes, some of them reverse."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["spokes"]["regions"] = sorted(regions_of("aws"), key=lambda region: (region != "eu-central-1", region))
    del content["spokes"]["regions"][regions:]
    content["organization"]["units"] = ["ou-ab12-workload", *(f"ou-ab12-{number:08}" for number in range(1, units))]
    forward = [f"team-{number:03}.corp.example.internal" for number in range(zones - zones // 3)]
    reverse = [f"{number}.10.in-addr.arpa" for number in range(zones // 3)]
    content["zones"] = [
        {"domain": domain, "resolved_by": {"vpcs": "all"}}
        | (zone or {"create": {"vpc": f"vpc-{number:017x}", "region": "eu-central-1"}})
        | ({"id": f"Z{number:020}"} if "id" in zone else {})
        | ({"units": ["r-ab12"], "autodefined_rules": "disable"} if domain in reverse else {})
        for number, domain in enumerate((*reverse, *forward), start=1)
    ]
    content["policy"] = {
        "rules": [
            {"name": f"rule-{number}", "template": f"{{name}}.{{account_id}}.{domain}", "reverse": "newest"}
            for number, domain in enumerate(forward)
        ]
    }
    return yaml.safe_dump(content, sort_keys=False)


def profiles() -> Config:
    """A configuration with all zones resolved by profile, one of them a reverse zone without autodefined rules."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["zones"].append({"domain": "10.in-addr.arpa", "id": f"Z{0:031}", "autodefined_rules": "disable"})
    for zone in content["zones"]:
        zone["resolved_by"] = {"vpcs": "all", "by": "profile"}
    return parse(yaml.safe_dump(content), "profiles.yaml")


def unassociated() -> Config:
    """A configuration that associates no VPCs."""
    content = yaml.safe_load(EXAMPLE.read_text())
    for zone in content["zones"]:
        del zone["resolved_by"]
    return parse(yaml.safe_dump(content), "unassociated.yaml")


def by_name() -> Config:
    """A configuration that includes one account by name and excludes another."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["organization"]["accounts"] = {"include": [INCLUDED], "exclude": [EXCLUDED]}
    return parse(yaml.safe_dump(content), "by-name.yaml")


def management() -> Config:
    """A configuration that includes the management account."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["organization"]["accounts"] = {"include": [MANAGEMENT]}
    return parse(yaml.safe_dump(content), "management.yaml")


CONFIGS = {
    "by-name": by_name,
    "example": example,
    "management": management,
    "many-zones": many_zones,
    "profiles": profiles,
    "unassociated": unassociated,
}


@cache
def texts(config: str = "example", form: Form = Form.YAML) -> dict[str, str]:
    return {Path(name).stem: text for name, text in templates(CONFIGS[config](), form).items()}


def read(name: str, config: str = "example", form: Form = Form.YAML) -> dict[str, Any]:
    """A template as it was written. Each caller has a copy of its own."""
    content: dict[str, Any] = json.loads(_json(name, config, form))
    return content


@cache
def _json(name: str, config: str, form: Form) -> str:
    """A template in JSON: to read YAML takes a hundred times as long."""
    text = texts(config, form)[name]
    return text if form is Form.JSON else str(cfn_flip.to_json(text))


def content_of(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """A template of a configuration that a test has changed."""
    content: dict[str, Any] = json.loads(templates(parse(yaml.safe_dump(document), "test"), Form.JSON)[f"{name}.json"])
    return content


def properties(name: str, title: str, config: str = "example") -> dict[str, Any]:
    content: dict[str, Any] = read(name, config)["Resources"][title]["Properties"]
    return content


def of_type(name: str, kind: str, config: str = "example") -> dict[str, dict[str, Any]]:
    return {
        title: resource["Properties"]
        for title, resource in read(name, config)["Resources"].items()
        if resource["Type"] == kind
    }


def statements(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
    assert len(by_sid) == len(document["Statement"])
    return by_sid


def grants(document: dict[str, Any]) -> dict[str, tuple[set[str], list[Any], Any]]:
    """The actions, resources and condition of each statement, by Sid."""
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    return {
        sid: (set(statement["Action"]), statement["Resource"], statement.get("Condition"))
        for sid, statement in statements(document).items()
    }


def inline(role: dict[str, Any]) -> dict[str, Any]:
    (policy,) = role["Policies"]
    document: dict[str, Any] = policy["PolicyDocument"]
    return document


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def arn_of(title: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [title, "Arn"]}


def resolved_size(document: dict[str, Any]) -> int:
    """The number of characters that IAM counts, with references at their maximum length and without white space."""
    text = json.dumps(document, separators=(",", ":"))
    text = text.replace("${AWS::Partition}", "aws-us-gov").replace("${AWS::AccountId}", "1" * 12)
    text = re.sub(r"\$\{AWS::Region\}", max(known_regions(), key=len), text)
    return len(re.sub(r"\$\{Zone\w+\}", "Z" * 32, text))
