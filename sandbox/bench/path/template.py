"""What the hub's template says of functions, queues and mappings. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from sandbox.aws.partition import arn_of
from sandbox.bench.path.services.dynamodb import STREAM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Resources = dict[str, dict[str, Any]]
REGION: Final = "eu-central-1"
HUB: Final = "222222222222"
_PSEUDO: Final = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": HUB}


def resources(template: Mapping[str, Any], of_type: str) -> Resources:
    """Return the properties of the resources of a type, by logical id, with every reference resolved."""
    return {
        name: resolved(resource["Properties"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == of_type
    }


def resolved(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any value of a template, each kind in its way
    """Return a value with its references resolved: a resource is its logical id, or an ARN that ends with it."""
    match value:
        case {"Ref": name}:
            return _PSEUDO.get(name, name)
        case {"Fn::GetAtt": ["Ledger", "StreamArn"]}:
            return STREAM
        case {"Fn::GetAtt": [name, _]}:
            return arn_of("sqs", REGION, HUB, name)
        case {"Fn::If": [_, _, otherwise]}:
            return resolved(otherwise)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _PSEUDO.get(found[1], found[1]), text)
        case dict():
            return {name: resolved(each) for name, each in value.items()}
        case list():
            return [resolved(each) for each in value]
    return value


def fair_queues(template: Mapping[str, Any]) -> frozenset[str]:
    """Return the queues to which EventBridge sends events with the account as their group."""
    return frozenset(
        target["Arn"].rpartition(":")[2]
        for rule in resources(template, "AWS::Events::Rule").values()
        for target in rule["Targets"]
        if target.get("SqsParameters", {}).get("MessageGroupId") == "$.account"
    )


def passes(criteria: Mapping[str, Any] | None) -> Callable[[Mapping[str, Any]], bool]:
    """Return whether a record passes one of a mapping's filters.

    "Control which events Lambda sends to your function"
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
    """
    patterns = [json.loads(each["Pattern"]) for each in (criteria or {}).get("Filters", ())]
    # What a record's sort key begins with decides, so it is worked out once.
    decided: dict[str, bool] = {}
    only_keys = all(_path(pattern) == ("dynamodb", "Keys", contract.SORT_KEY, "S") for pattern in patterns)

    def passes_one(record: Mapping[str, Any]) -> bool:
        if not only_keys:
            return any(_matches(pattern, record) for pattern in patterns)
        kind = record["dynamodb"]["Keys"][contract.SORT_KEY]["S"].partition("#")[0]
        if kind not in decided:
            decided[kind] = any(_matches(pattern, record) for pattern in patterns)
        return decided[kind]

    return passes_one if patterns else lambda _record: True


def _path(pattern: Any) -> tuple[str, ...]:  # noqa: ANN401 - any part of a pattern
    """Return the names that lead to what a pattern demands, if it demands one thing."""
    if isinstance(pattern, dict) and len(pattern) == 1:
        ((name, part),) = pattern.items()
        return (name, *_path(part))
    return ()


def _matches(pattern: Any, found: Any) -> bool:  # noqa: ANN401 - any part of an event
    if isinstance(pattern, dict):
        return isinstance(found, dict) and all(_matches(part, found.get(name)) for name, part in pattern.items())
    return any(_equals(each, found) for each in pattern)


def _equals(wanted: Any, found: Any) -> bool:  # noqa: ANN401 - as above
    match wanted:
        case {"prefix": str(prefix)}:
            return isinstance(found, str) and found.startswith(prefix)
        case {"exists": bool(exists)}:
            return (found is not None) is exists
        case dict():
            raise NotImplementedError(wanted)
    return bool(wanted == found)
