"""The JSON Schema of the configuration file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from orgdns.config.json_schema import schema_text
from orgdns.config.load import ConfigInvalid, parse
from tests.support.build import EXAMPLE
from tests.support.config.policy_page import completed, examples

SCHEMA = json.loads(schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def accepted(text: str) -> bool:
    """Whether an editor accepts the text."""
    return bool(VALIDATOR.is_valid(yaml.safe_load(text)))


def changed(path: str, value: object) -> str:
    """The example, plus a reverse zone, with another value at a path."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["zones"] += [{"domain": "1.10.in-addr.arpa", "id": "Z0000000000000"}]
    node: Any = content
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return yaml.safe_dump(content)


def test_schema_is_valid() -> None:
    """The schema conforms to the dialect that it names."""
    Draft202012Validator.check_schema(SCHEMA)


def test_example_and_page_are_accepted() -> None:
    """The schema accepts the example and every example of docs/policy.md."""
    assert EXAMPLE.read_text().startswith("# yaml-language-server: $schema=orgdns.schema.json\n")
    assert accepted(EXAMPLE.read_text())
    refused = [example.title for example in examples() if not accepted(completed(example.snippet))]
    assert refused == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hub/account", ...),
        ("hub/account", 222222222222),
        ("hub/account", "2222"),
        ("hub/region", "eu-middle-1"),
        ("organization/id", "a1b2c3d4e5"),
        ("organization/units", []),
        ("organization/units/0", "infra"),
        ("organization/unit_labels", {"payments": "payments"}),
        ("organization/unit_labels", {"r-ab12": "Payments"}),
        ("organization/account_labels", {"4444": "payments"}),
        ("organization/account_labels", {"444444444444": "Payments"}),
        ("spokes/regions/1", "eu-central-1"),
        ("zones", []),
        ("zones/0/domain", "corp_internal"),
        ("zones/0/id", ...),
        ("zones/0/id", "corp"),
        ("zones/0/create", {"vpc": "vpc-12345678", "region": "eu-west-1"}),
        ("zones/0/comment", "x"),
        ("zones/0/adopt", "yes"),
        ("zones/1/create/vpc", "10.0.0.0/16"),
        ("zones/2/networks", ["ten"]),
        ("zones/2/networks", ["10.1.0.0/16", "10.1.0.0/16"]),
        ("zones/2/vpcs", ["vpc-1"]),
        ("zones/2/autodefined_rules", "off"),
        ("policy/reserved", ["Db.corp.internal"]),
        ("policy/reserved", []),
        ("policy/rules", []),
        ("policy/rules/0/name", "Everybody"),
        ("policy/rules/0/template", "{nom}.corp.internal"),
        ("policy/rules/0/template", "{tag:}.corp.internal"),
        ("policy/rules/0/template", "{name}..corp.internal"),
        ("policy/rules/0/template", "Web.corp.internal"),
        ("policy/rules/0/fallback", "{nom}.corp.internal"),
        ("policy/rules/0/accounts", None),
        ("policy/rules/0/accounts", []),
        ("policy/rules/0/units", ["research"]),
        ("policy/rules/0/vpcs", ["subnet-12345678"]),
        ("policy/rules/0/subnets", ["vpc-12345678"]),
        ("policy/rules/0/ttl", 0),
        ("policy/rules/0/ttl", "60"),
        ("policy/rules/0/ttl", 86_401),
        ("policy/rules/0/conflict", "latest"),
        ("policy/rules/0/reverse", "yes"),
        ("policy/rules/0/stopped", "forget"),
        ("policy/rules/0/interfaces", "both"),
        ("policy/rules/0/addresses", 2),
        ("policy/rules/0/opt_in", "dns"),
        ("policy/rules/0/opt_in", {"tag": "dns", "value": True}),
        ("policy/rules/0/opt_in", {"value": "yes"}),
        ("policy/rules/0/opt_out", {"tag": "Aws:dns"}),
        ("policy/rules/0/aliases", "k" * 129),
        ("policy/rules/0/deny", ["web_*"]),
    ],
)
def test_invalid_value_is_refused_by_schema_and_parser(path: str, value: object) -> None:
    """An editor marks what `make templates` refuses."""
    text = changed(path, value)
    assert not accepted(text)
    with pytest.raises(ConfigInvalid):
        parse(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("organization/unit_labels", {"r-ab12": "all", "ou-ab12-workload": "workloads"}),
        ("organization/account_labels", {"444444444444": "payments", "555555555555": "search"}),
        ("zones/0/domain", "Corp.Internal."),
        ("zones/0/adopt", True),
        ("zones/2/networks", ["10.1.0.0/16"]),
        ("zones/2/vpcs", ["vpc-12345678"]),
        ("zones/2/autodefined_rules", "disabled"),
        ("policy/reserved", ["*.mgmt.corp.internal"]),
        ("policy/rules/0/template", "{tag:a.b:c}-x.{account_id}.corp.internal."),
        ("policy/rules/0/opt_in", {"tag": "orgdns:on"}),
        ("policy/rules/0/opt_in", {"tag": "orgdns", "value": ""}),
        ("policy/rules/0/reverse", "share"),
        ("policy/rules/0/deny", ["web*.*.*"]),
    ],
)
def test_valid_value_is_accepted_by_schema_and_parser(path: str, value: object) -> None:
    """An editor accepts what `make templates` accepts."""
    text = changed(path, value)
    assert accepted(text)
    parse(text)


def test_every_key_is_described() -> None:
    """Each key has a description, and unknown keys are refused."""
    assert [place for place, schema in described(SCHEMA) if not schema.get("description")] == []
    objects = [SCHEMA, *(section for section in SCHEMA["$defs"].values() if section["type"] == "object")]
    assert all(section["additionalProperties"] is False for section in objects)


def described(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of each section, with its schema."""
    for name, section in [(place, schema), *schema.get("$defs", {}).items()]:
        for key, of_key in section.get("properties", {}).items():
            yield f"{name}.{key}", of_key
