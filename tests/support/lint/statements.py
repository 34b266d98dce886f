"""The policy statements in a template, with ARNs written out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

REGION: Final = "eu-central-1"
ACCOUNT: Final = "123456789012"
_PSEUDO: Final = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}
# What `Fn::GetAtt: [..., Arn]` returns for a resource with this name.
_ARNS: Final = {
    "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}"),
    "AWS::Events::EventBus": ("Name", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{{}}"),
    "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{ACCOUNT}:role/{{}}"),
    "AWS::Lambda::Function": ("FunctionName", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*"),
    "AWS::Scheduler::ScheduleGroup": ("Name", f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{{}}"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{}"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}"),
}
_SUBSTITUTION: Final = re.compile(r"\$\{([^}]+)\}")


class Kind(Enum):
    """What a statement belongs to."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"
    CONTROL = "service control"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a policy document.

    Attributes:
        resource: The logical id of the resource with the document, or the document's name.
        resource_type: The type of that resource, or nothing.
        sid: The statement's Sid, or its number.
        kind: What the document belongs to.
        elements: The statement, with lists where a single value is allowed and texts instead of functions.
    """

    resource: str
    resource_type: str
    sid: str
    kind: Kind
    elements: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether the statement allows and does not deny."""
        return bool(self.elements["Effect"] == "Allow")

    def values(self, element: str) -> list[str]:
        """The values of an element, such as Action."""
        return _as_list(self.elements.get(element, []))

    def conditions(self) -> Iterator[tuple[str, str, list[str]]]:
        """Each condition: its operator, key and values."""
        for operator, keys in self.elements.get("Condition", {}).items():
            for key, values in keys.items():
                yield operator, key, _as_list(values)


def statements(template: Mapping[str, Any]) -> list[Statement]:
    """Every statement of a template: whatever has an Effect, wherever it is."""
    return [
        Statement(
            title,
            resource["Type"],
            str(found.get("Sid", number)),
            _kind(resource["Type"], path),
            _resolved(found, template),
        )
        for title, resource in template["Resources"].items()
        for number, (path, found) in enumerate(_with_effect(resource.get("Properties", {}), ()))
    ]


def of_document(name: str, document: Any, kind: Kind) -> list[Statement]:  # noqa: ANN401  parsed JSON
    """Every statement of a policy document, or of a list of statements."""
    return [
        Statement(name, "", str(found.get("Sid", number)), kind, found)
        for number, (_, found) in enumerate(_with_effect(document, ()))
    ]


def _with_effect(node: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        if "Effect" in node:
            yield path, node
        for key, value in node.items():
            yield from _with_effect(value, (*path, key))
    elif isinstance(node, list):
        for value in node:
            yield from _with_effect(value, path)


def _kind(resource_type: str, path: tuple[str, ...]) -> Kind:
    if "AssumeRolePolicyDocument" in path:
        return Kind.TRUST
    return Kind.IDENTITY if resource_type.startswith("AWS::IAM::") else Kind.RESOURCE


def _resolved(node: Any, template: Mapping[str, Any]) -> Any:  # noqa: ANN401  any part of a statement
    match node:
        case {"Ref": str(name)}:
            return _referred(name, template)
        case {"Fn::GetAtt": [str(title), "Arn"]}:
            return _referred(f"{title}.Arn", template)
        case {"Fn::Sub": str(text)}:
            return _SUBSTITUTION.sub(lambda match: _referred(match[1], template), text)
        case dict():
            return {key: _resolved(value, template) for key, value in node.items()}
        case list():
            return [_resolved(value, template) for value in node]
    return node


def _referred(name: str, template: Mapping[str, Any]) -> str:
    """The text that a reference stands for. A parameter and a resource's id stand for their own name."""
    title, _, attribute = name.partition(".")
    if attribute:
        resource = template["Resources"][title]
        key, arn = _ARNS[resource["Type"]]
        return arn.format(_resolved(resource["Properties"][key], template))
    return _PSEUDO.get(name, name)


def _as_list(value: Any) -> list[str]:  # noqa: ANN401  a value, or a list of values
    return list(value) if isinstance(value, list) else [value]
