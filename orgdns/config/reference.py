"""The table of a rule's keys in docs/policy.md, written from the descriptions in the JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from orgdns.config.json_schema import schema_text
from orgdns.reference.tables import between, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN: Final = "<!-- The keys of a rule: `make templates` writes this table from orgdns/config/sections/policy.py. -->"
_END: Final = "<!-- End of the keys of a rule. -->"


def with_rule_keys(page: str) -> str:
    """The text of the page with the table of rule keys as the code has them.

    Raises:
        ValueError: if the page does not have the two comments that the table stands between.
    """
    return between(page, _BEGIN, _END, _table())


def _table() -> str:
    schema = json.loads(schema_text())
    rule = schema["$defs"]["RuleSection"]
    rows = (
        (f"`{key}`", " ".join(_meaning(field, schema["$defs"])), _default(key, field, rule["required"]))
        for key, field in rule["properties"].items()
    )
    return table(("key", "meaning", "default"), rows)


def _meaning(field: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """The description, then the values or the keys that the field takes."""
    yield field["description"]
    referred = definitions[field["$ref"].rsplit("/", 1)[1]] if "$ref" in field else {}
    if values := referred.get("enum"):
        yield f"One of {', '.join(f'`{value}`' for value in values)}."
    for key, nested in referred.get("properties", {}).items():
        yield f"`{key}`: {nested['description']}"


def _default(key: str, field: dict[str, Any], required: list[str]) -> str:
    return "required" if key in required else f"`{field['default']}`" if "default" in field else "none"
