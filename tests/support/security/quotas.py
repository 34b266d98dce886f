"""An organization with low limits, in which an attacker can fill a zone soon, and what its accounts hold."""

from __future__ import annotations

from typing import Any

import yaml

from hub.runtime.installation import DEFAULT_NAMES
from sandbox import example
from sandbox.world import World

REGION, _ = REGIONS = "eu-central-1", "eu-west-1"
CORP, REVERSE = "corp.internal", "10.in-addr.arpa"
NAMES, RECORDS, VPCS = 10, 12, 6
# What the zone holds at most in this organization: the attacker alone would fill it several times.
ZONE_RECORDS = 30


def configuration() -> str:
    content = yaml.safe_load(example.CONFIG.read_text())
    content["spokes"]["regions"] = list(REGIONS)
    content["guards"] |= {"account_names": NAMES, "account_records": RECORDS, "account_vpcs": VPCS}
    content["guards"] |= {"zone_records": ZONE_RECORDS}
    content["zones"][0]["resolved_by"] = {"vpcs": "all"}
    content["zones"].append({"domain": REVERSE, "id": "Z0REVERSE10"})
    whole = {"interfaces": "all", "addresses": "all"}
    content["policy"]["rules"] = [
        {"name": "names", "template": "{name}.{account_name}.corp.internal", "reverse": "oldest"},
        {"name": "aliases", "template": "{alias}.{account_name}.corp.internal", "aliases": "aliases"},
        {"name": "pool", "template": "{asg}.{account_name}.corp.internal", "conflict": "share"},
        {"name": "addresses", "template": "{name}-{private_ipv4}.{account_name}.corp.internal"}
        | whole
        | {"opt_in": {"tag": "addresses"}},
    ]
    return yaml.safe_dump(content)


def running(made: World, account: str, region: str) -> list[str]:
    found = made.client("ec2", account, region).describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [each["InstanceId"] for reservation in found["Reservations"] for each in reservation["Instances"]]


def held(made: World, account: str, domain: str = CORP) -> set[tuple[str, str, str | None]]:
    """The record sets of an account in a zone: name, type and owner."""
    return {
        (name, kind, owner)
        for name, kind, _, owner in made.owners(domain)
        if (owner or "").startswith(f"orgdns/{account}/")
    }


def refusals(made: World, account: str, function: str = DEFAULT_NAMES.observer_function) -> set[str]:
    lines = made.logged(function, "name refused")
    return {line["reason"] for line in lines if line["instance"].startswith(account)}


def metric(made: World, name: str) -> float:
    """The value of a metric of the last run of the schedule."""
    lines: list[dict[str, Any]] = [
        line for line in made.functions.logs(DEFAULT_NAMES.sweeper_function) if isinstance(line, dict) and name in line
    ]
    value: float = lines[-1][name][0]
    return value
