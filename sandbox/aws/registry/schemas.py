"""The schemas of CloudFormation's resource types, as AWS's registry has them.

"CloudFormation resource provider schemas"
(https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html): the properties whose change
replaces a resource, and the permissions that its handlers need. cfn-lint has a copy of the registry.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]
# The registry of this region knows every resource type.
_REGION: Final = "us-east-1"
_PROPERTIES: Final = "/properties/"


def replacing_properties(kind: str) -> frozenset[str]:
    """The top-level properties of a resource type whose change replaces the resource."""
    return _names(_schema(kind).get("createOnlyProperties", ()))


def conditionally_replacing_properties(kind: str) -> frozenset[str]:
    """The top-level properties of a resource type whose change may replace the resource."""
    return _names(_schema(kind).get("conditionalCreateOnlyProperties", ()))


def takes_tags(kind: str) -> bool:
    """Whether resources of this type have tags, which those of their stack become."""
    tagging = _schema(kind).get("tagging", {})
    return bool(tagging.get("taggable", False)) and bool(tagging.get("cloudFormationSystemTags", True))


def permissions_of_handler(kind: str, handler: str) -> tuple[str, ...]:
    """The permissions that a handler of a resource type may need: `create`, `update` or `delete`."""
    return tuple(_schema(kind).get("handlers", {}).get(handler, {}).get("permissions", ()))


def _names(pointers: tuple[str, ...]) -> frozenset[str]:
    return frozenset(pointer.removeprefix(_PROPERTIES).split("/")[0] for pointer in pointers)


@cache
def _schema(kind: str) -> Json:
    digest = _registry().get(kind)
    return _read(_folder() / "resources" / f"{digest}.json") if digest else {}


@cache
def _registry() -> Json:
    return _read(_folder() / "providers" / f"{_REGION}.json")


@cache
def _folder() -> Path:
    # Not imported: cfn-lint takes seconds to load.
    found = find_spec("cfnlint")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "data" / "schemas"


def _read(path: Path) -> Json:
    content: Json = json.loads(path.read_text(encoding="utf-8"))
    return content
