"""Configurations derived from the example, and their faults."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orgdns.config.load import ConfigInvalid, parse
from tests.support.build import EXAMPLE

GOOD = EXAMPLE.read_text()


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as invalid:
        parse(text)
    return [str(fault) for fault in invalid.value.faults]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def with_templates(*templates: str) -> str:
    """The example with these templates as its only rules, each for all accounts."""
    head = GOOD[: GOOD.index("  rules:")]
    rules = "".join(f'    - name: rule-{number}\n      template: "{text}"\n' for number, text in enumerate(templates))
    return f"{head}  rules:\n{rules}"


def with_zones(*zones: dict[str, object]) -> str:
    """The example with these additional zones, all of which exist."""
    content = yaml.safe_load(GOOD)
    content["zones"] += [{"id": f"Z{number:031}"} | zone for number, zone in enumerate(zones)]
    return yaml.safe_dump(content)


def with_rules(*rules: dict[str, object], reserved: list[str] | None = None) -> str:
    content = yaml.safe_load(GOOD)
    content["policy"] = {"rules": [{"name": f"rule-{number}"} | rule for number, rule in enumerate(rules)]}
    content["policy"] |= {"reserved": reserved} if reserved else {}
    return yaml.safe_dump(content)


def everything() -> dict[str, Any]:
    """A configuration that uses every key."""
    content: dict[str, Any] = yaml.safe_load(GOOD)
    content["organization"]["unit_labels"] = {"r-ab12": "all", "ou-ab12-workload": "workloads"}
    content["organization"]["accounts"] = {"include": ["888888888888"], "exclude": ["999999999999"]}
    content["organization"]["account_labels"] = {"555555555555": "search", "444444444444": "payments"}
    content["guards"] |= {"account_names": 1_000, "account_records": 2_000, "account_vpcs": 30}
    content["guards"] |= {"zone_records": 20_000, "zone_vpcs": 300, "profile_vpcs": 1_000}
    content["zones"][0]["adopt"] = True
    content["zones"][0]["addresses"] = ["10.0.0.0/8", "2001:db8::/32"]
    content["policy"]["unreserved"] = ["wpad", "isatap"]
    daily = ["html", "csv", "json", "hosts", "ansible", "prometheus", "ssh"]
    content["report"] = {"daily": daily, "hour": 6, "days": 7}
    content["zones"] += [
        {
            "domain": "1.10.in-addr.arpa",
            "id": "Z0000000000000",
            "accounts": ["444444444444"],
            "units": ["ou-ab12-research"],
            "vpcs": ["vpc-12345678"],
            "networks": ["10.1.0.0/16"],
            "autodefined_rules": "disabled",
        },
        {"domain": "2.10.in-addr.arpa", "id": "Z0000000000001", "autodefined_rules": "disable"},
    ]
    selection = {
        "accounts": ["444444444444"],
        "units": ["ou-ab12-research"],
        "regions": ["eu-west-1"],
        "vpcs": ["vpc-12345678"],
        "tag": {"tag": "dns", "value": "shared"},
        "cidr": ["10.0.0.0/8", "2001:db8::/32"],
        "default": True,
    }
    content["zones"][0]["resolved_by"] = {"vpcs": [selection], "except": [{"tag": {"tag": "dns"}}], "owns_all": True}
    content["zones"][1]["resolved_by"] = {"vpcs": "none"}
    content["zones"][2]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["zones"][3]["resolved_by"] = {"vpcs": "all", "by": "profile"}
    content["policy"]["rules"][1] |= {
        "units": ["ou-ab12-research"],
        "regions": ["eu-west-1"],
        "vpcs": ["vpc-12345678"],
        "subnets": ["subnet-12345678"],
        "opt_in": {"tag": "dns"},
        "opt_out": {"tag": "dns", "value": "no"},
        "template": "{alias}.corp.internal",
        "fallback": "{alias}.instances.internal",
        "aliases": "names",
        "allow": ["web*"],
        "interfaces": "all",
        "addresses": "further",
        "conflict": "share",
        "stopped": "withdraw",
        "reverse": "oldest",
    }
    content["policy"]["rules"] = content["policy"]["rules"][1:2]
    return content
