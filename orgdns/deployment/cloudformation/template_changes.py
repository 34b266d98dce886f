"""What differs between two templates, where CloudFormation cannot be asked yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ADD: Final = "Add"
MODIFY: Final = "Modify"
REMOVE: Final = "Remove"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A change of a resource, in CloudFormation's words.

    Attributes:
        logical_id: The name of the resource in the template.
        type: Its type.
        action: `Add`, `Modify`, `Remove`, or another action of CloudFormation.
        replacement: `True` if the resource is replaced, `Conditional` if that depends on values, otherwise empty.
    """

    logical_id: str
    type: str
    action: str
    replacement: str = ""


# The parser in C, which is part of most installations, reads a large template in a tenth of the time.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]  # one of two classes
    """Reads the short forms of intrinsic functions as lists that can be compared."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> list[Any]:
    match node:
        case yaml.ScalarNode():
            return [suffix, loader.construct_scalar(node)]
        case yaml.SequenceNode():
            return [suffix, loader.construct_sequence(node, deep=True)]
        case yaml.MappingNode():
            return [suffix, loader.construct_mapping(node, deep=True)]
    raise TypeError(node)


_Loader.add_multi_constructor("!", _function)


def resources_of(body: str | Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources of a template. AWS returns a template in JSON as it was read, not as text."""
    content = yaml.load(body, Loader=_Loader) if isinstance(body, str) else body  # noqa: S506 - a SafeLoader
    resources: dict[str, dict[str, Any]] = dict(content.get("Resources", {}))
    return resources


def template_changes(current: str | Mapping[str, Any] | None, desired: str) -> tuple[Change, ...]:
    """The resources that differ, sorted. Without a current template, all of the desired one are new."""
    before, after = resources_of(current) if current else {}, resources_of(desired)
    changes = [
        Change(
            title,
            str((after.get(title) or before[title]).get("Type", "")),
            ADD if title not in before else REMOVE if title not in after else MODIFY,
        )
        for title in before.keys() | after.keys()
        if before.get(title) != after.get(title)
    ]
    return tuple(sorted(changes))
