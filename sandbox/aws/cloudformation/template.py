"""Reads CloudFormation templates, checks them as CloudFormation does, and compares them. Pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

import cfn_flip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Template = dict[str, Any]

# "Acknowledging IAM resources in CloudFormation templates"
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html)
_IAM_NAMES: Final = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}
# Each change of these types replaces the resource, so what refers to it changes, too ("AWS::Lambda::Version",
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html).
REPLACED: Final = frozenset({"AWS::Lambda::Version"})
_SUBSTITUTION: Final = re.compile(r"\$\{([^!}][^}]*)\}")


class TemplateRefused(ValueError):
    """A template, or parameters of it, that CloudFormation would refuse or that cannot be simulated."""


def parsed_template(text: str) -> Template:
    """Parse a template in YAML or JSON, with short intrinsic functions (`!Sub`) written out.

    Raises:
        TemplateRefused: if the text cannot be read or is not a template.
    """
    template = json.loads(_as_json(text))
    if not isinstance(template, dict) or not template.get("Resources"):
        raise TemplateRefused("Template format error: At least one Resources member must be defined.")
    return template


@lru_cache(maxsize=64)
def _as_json(text: str) -> str:
    # One template is deployed to many accounts and regions, and parsing YAML is slow.
    try:
        converted: str = cfn_flip.to_json(text)
    except Exception as fault:
        raise TemplateRefused(f"Template format error: {fault}") from fault
    return converted


def complete_parameters(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The value of every parameter: the given value, or else the default.

    Raises:
        TemplateRefused: if a parameter is missing, unknown or has a value that is not allowed.
    """
    declared: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    if unknown := sorted(given.keys() - declared.keys()):
        raise TemplateRefused(f"Parameters: {unknown} do not exist in the template")
    values = {name: str(parameter["Default"]) for name, parameter in declared.items() if "Default" in parameter}
    values.update(given)
    if missing := sorted(declared.keys() - values.keys()):
        raise TemplateRefused(f"Parameters: {missing} must have values")
    for name, value in values.items():
        _check_parameter(name, declared[name], value)
    return values


def _check_parameter(name: str, parameter: Mapping[str, Any], value: str) -> None:
    several = parameter["Type"] == "CommaDelimitedList" or parameter["Type"].startswith("List<")
    for each in value.split(",") if several else (value,):
        if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], each):
            raise TemplateRefused(f"Parameter {name} failed to satisfy constraint: {parameter['AllowedPattern']}")
        if "AllowedValues" in parameter and each not in map(str, parameter["AllowedValues"]):
            raise TemplateRefused(f"Parameter '{name}' must be one of AllowedValues: {parameter['AllowedValues']}")


def check_capabilities(template: Template, capabilities: Collection[str]) -> None:
    """Refuse a template with IAM resources whose capabilities are not acknowledged.

    Raises:
        TemplateRefused: if CAPABILITY_IAM or, for named resources, CAPABILITY_NAMED_IAM is missing.
    """
    kinds = [resource for resource in template["Resources"].values() if resource["Type"] in _IAM_NAMES]
    named = [kind for kind in kinds if _IAM_NAMES[kind["Type"]] in kind.get("Properties", {})]
    if named and "CAPABILITY_NAMED_IAM" not in capabilities:
        raise TemplateRefused("Requires capabilities : [CAPABILITY_NAMED_IAM]")
    if kinds and not {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"} & set(capabilities):
        raise TemplateRefused("Requires capabilities : [CAPABILITY_IAM]")


def check_types(template: Template, supported: Collection[str]) -> None:
    """Refuse a template with resource types that cannot be simulated, and name each of them.

    Raises:
        TemplateRefused: if a type is not supported, or the template has a macro.
    """
    resources = sorted((name, resource["Type"]) for name, resource in template["Resources"].items())
    if unsupported := [f"{name} ({kind})" for name, kind in resources if kind not in supported]:
        raise TemplateRefused(f"the sandbox does not have these resource types: {', '.join(unsupported)}")
    if "Transform" in template:
        raise TemplateRefused("the sandbox does not have macros and transforms")


def changed_resources(old: Template, new: Template, changed_parameters: Collection[str]) -> tuple[str, ...]:
    """The resources in both templates that changed, or that refer to a changed parameter, mapping or condition.

    What refers to a resource that is replaced has changed, too. A resource comes after those that it refers to.
    """
    changed = set(changed_parameters)
    for section in ("Mappings", "Conditions"):
        before, after = old.get(section, {}), new.get(section, {})
        changed |= {name for name in after if before.get(name) != after[name]}
    # A condition may refer to other conditions: repeat until nothing is added.
    conditions = new.get("Conditions", {})
    while more := {name for name in conditions if changed & set(references(conditions[name]))} - changed:
        changed |= more
    # A resource without Properties equals one with empty Properties.
    before, after = (
        {name: {"Properties": {}, **resource} for name, resource in template["Resources"].items()}
        for template in (old, new)
    )
    found: list[str] = []
    for name in dependency_order(after):
        if name in before and (before[name] != after[name] or changed & set(references(after[name]))):
            found.append(name)
            changed |= {name} if after[name]["Type"] in REPLACED else set()
    return tuple(found)


def dependency_order(resources: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the resources, each after those that it refers to or depends on.

    Raises:
        TemplateRefused: if some depend on each other.
    """
    graph = {
        name: sorted(resources.keys() & {*references(resource), *_depends_on(resource)})
        for name, resource in resources.items()
    }
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        raise TemplateRefused(f"Circular dependency between resources: {sorted(set(cycle.args[1]))}") from cycle


def _depends_on(resource: Mapping[str, Any]) -> tuple[str, ...]:
    named = resource.get("DependsOn", ())
    return (named,) if isinstance(named, str) else tuple(named)


def references(node: object) -> Iterator[str]:
    """The names that intrinsic functions and conditions refer to, anywhere in a node."""
    if isinstance(node, list):
        for each in node:
            yield from references(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from references(value)
            match key, value:
                case ("Ref" | "Condition", str()):
                    yield value
                case ("Fn::If" | "Fn::FindInMap" | "Fn::GetAtt", [str(name), *_]):
                    yield name
                case ("Fn::Sub", str(text)) | ("Fn::Sub", [str(text), *_]):
                    yield from (name.split(".")[0] for name in _SUBSTITUTION.findall(text))
                case _:
                    pass
