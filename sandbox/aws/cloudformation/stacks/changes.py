"""What a change set says would change: resources added, modified and removed, and why. Pure but for the schemas.

"ResourceChange" and "ResourceTargetDefinition"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceTargetDefinition.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudformation.template import REPLACED, changed_resources, dependency_order, references
from sandbox.aws.registry.schemas import (
    conditionally_replacing_properties,
    replacing_properties,
    takes_tags,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sandbox.aws.cloudformation.stacks.engine import Definition

Json = dict[str, Any]
_ATTRIBUTES: Final = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")
_ALWAYS, _CONDITIONALLY, _NEVER = "Always", "Conditionally", "Never"
_REPLACEMENT: Final = {_ALWAYS: "True", _CONDITIONALLY: "Conditional", _NEVER: "False"}


def resource_changes(
    former: Definition | None, wanted: Definition, existing: Mapping[str, str], needed: Collection[str]
) -> list[Json]:
    """The changes of resources, in the order of their names.

    Args:
        former: What the stack is made from now; None if it does not exist.
        wanted: What it shall be made from.
        existing: The physical ids of its resources by logical id.
        needed: The logical ids of the resources that it shall have, which those are whose conditions hold.
    """
    changes = [_added(name, wanted.template["Resources"][name]["Type"]) for name in needed if name not in existing]
    if former is not None:
        bodies = former.template["Resources"]
        changes += [_removed(name, bodies[name], existing[name]) for name in existing if name not in needed]
        given = changed_parameters(former, wanted)
        changed = {*changed_resources(former.template, wanted.template, given)}
        tagged = dict(former.tags) != dict(wanted.tags)
        replaced: set[str] = set()
        for name in dependency_order(wanted.template["Resources"]):
            kind = wanted.template["Resources"][name]["Type"]
            if name in existing and name in needed and (name in changed or (tagged and takes_tags(kind))):
                change = _modified(name, former, wanted, given | replaced, tagged=tagged and takes_tags(kind))
                change["PhysicalResourceId"] = existing[name]
                replaced |= {name} if change["Replacement"] == "True" else set()
                changes.append(change)
    return sorted(changes, key=lambda change: str(change["LogicalResourceId"]))


def changed_parameters(former: Definition, wanted: Definition) -> set[str]:
    """The parameters that have another value, or none, before."""
    return {name for name, value in wanted.parameters.items() if former.parameters.get(name) != value}


def outputs_change(former: Definition, wanted: Definition) -> bool:
    """Whether the outputs may change, as they are written or by a parameter."""
    before, after = former.template.get("Outputs", {}), wanted.template.get("Outputs", {})
    return before != after or bool(changed_parameters(former, wanted) & set(references(after)))


def _added(name: str, kind: str) -> Json:
    return {"Action": "Add", "LogicalResourceId": name, "ResourceType": kind, "Scope": [], "Details": []}


def _removed(name: str, body: Json, physical_id: str) -> Json:
    kept = str(body.get("DeletionPolicy", "")).startswith("Retain")
    return {
        "Action": "Remove",
        "PolicyAction": "Retain" if kept else "Delete",
        "LogicalResourceId": name,
        "PhysicalResourceId": physical_id,
        "ResourceType": body["Type"],
        "Scope": [],
        "Details": [],
    }


def _modified(name: str, former: Definition, wanted: Definition, causes: set[str], *, tagged: bool) -> Json:
    before, after = former.template["Resources"][name], wanted.template["Resources"][name]
    kind = after["Type"]
    details = list(_details(kind, before.get("Properties", {}), after.get("Properties", {}), causes, wanted))
    if tagged:
        details.append(_detail("Tags", None, _NEVER, "Static", "DirectModification"))
    details += [
        _detail(attribute, None, _NEVER, "Static", "DirectModification")
        for attribute in _ATTRIBUTES
        if before.get(attribute) != after.get(attribute)
    ]
    recreation = {detail["Target"]["RequiresRecreation"] for detail in details}
    worst = next((each for each in (_ALWAYS, _CONDITIONALLY) if each in recreation), _NEVER)
    return {
        "Action": "Modify",
        "LogicalResourceId": name,
        "ResourceType": kind,
        "Replacement": _REPLACEMENT[worst],
        "Scope": sorted({detail["Target"]["Attribute"] for detail in details}),
        "Details": details,
    }


def _details(kind: str, before: Json, after: Json, causes: set[str], wanted: Definition) -> Iterator[Json]:
    for name in sorted(before.keys() | after.keys()):
        recreation = _recreation(kind, name)
        attribute = "Tags" if name == "Tags" else "Properties"
        caused = sorted(causes & set(references(after.get(name))))
        if before.get(name) != after.get(name):
            yield _detail(attribute, name, recreation, "Static", "DirectModification")
        for cause in caused:
            source = "ParameterReference" if cause in wanted.parameters else "ResourceReference"
            if recreation == _ALWAYS:
                recreation = _ALWAYS if source == "ParameterReference" else _CONDITIONALLY
            yield _detail(attribute, name, recreation, "Dynamic", source) | {"CausingEntity": cause}


def _recreation(kind: str, name: str) -> str:
    if kind in REPLACED or name in replacing_properties(kind):
        return _ALWAYS
    return _CONDITIONALLY if name in conditionally_replacing_properties(kind) else _NEVER


def _detail(attribute: str, name: str | None, recreation: str, evaluation: str, source: str) -> Json:
    target = {"Attribute": attribute, **({"Name": name} if name else {}), "RequiresRecreation": recreation}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
