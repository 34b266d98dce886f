"""Each policy key, as the JSON Schema lists them, is deployed by a test and described in the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from orgdns.config.json_schema import schema_text
from orgdns.config.load import Config, parse
from orgdns.config.sections.policy import RuleSection
from tests.support.build import DOCUMENTS, ROOT

EVERY_FEATURE = (DOCUMENTS / "every-feature.yaml").read_text()
PAGE = (ROOT / "docs" / "policy.md").read_text()
# The first column of the reference's tables: `key`, or `section.key` outside a rule.
ROWS = [line.split("|")[1:3] for line in PAGE.splitlines() if line.startswith("| `")]
SCHEMA = json.loads(schema_text())


def keys_of(schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """The paths of all keys below a part of the schema, such as `rules.opt_in.tag`."""
    schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    for key, value in schema.get("properties", {}).items():
        yield f"{place}{key}"
        yield from keys_of(value, f"{place}{key}.")
    if "items" in schema:
        yield from keys_of(schema["items"], place)


def used_in(content: object, place: str = "") -> Iterator[str]:
    """The paths of all keys in a part of a file."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield f"{place}{key}"
            yield from used_in(value, f"{place}{key}.")
    elif isinstance(content, list):
        for value in content:
            yield from used_in(value, place)


POLICY_KEYS = tuple(keys_of(SCHEMA["properties"]["policy"]))


def test_schema_is_walked_to_its_leaves() -> None:
    """The walk finds keys of rules and keys nested in them."""
    assert {"reserved", "rules.template", "rules.opt_in.tag", "rules.opt_out.value"} <= set(POLICY_KEYS)


@pytest.mark.parametrize("key", POLICY_KEYS)
def test_key_is_deployed(key: str) -> None:
    """The policy in every-feature.yaml, which the end-to-end tests deploy, uses the key."""
    parse(EVERY_FEATURE)
    assert key in set(used_in(yaml.safe_load(EVERY_FEATURE)["policy"]))


@pytest.mark.parametrize("key", [key for key, field in RuleSection.model_fields.items() if not field.is_required()])
def test_key_reaches_the_runtime(key: str) -> None:
    """Without the key, the file is compiled to another policy: no key is checked and then forgotten."""
    content = yaml.safe_load(EVERY_FEATURE)
    for rule in content["policy"]["rules"]:
        rule.pop(key, None)
    assert Config.model_validate(content).compiled_policy() != parse(EVERY_FEATURE).compiled_policy()


@pytest.mark.parametrize("key", [key for key in POLICY_KEYS if key != "rules"])
def test_key_is_in_the_reference(key: str) -> None:
    """docs/policy.md has a row for each key of the policy or a rule. Nested keys are named in their parent's row."""
    *above, name = key.removeprefix("rules.").split(".")
    row = above[0] if above else name if key.startswith("rules.") else f"policy.{name}"
    described = [cells for cells in ROWS if f"`{row}`" in re.findall(r"`[^`]+`", cells[0])]
    assert described, f"no row for {row}"
    assert not above or any(f"`{name}`" in text for _, text in described)
