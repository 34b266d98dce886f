"""The form of a statement for its kind of policy: elements, actions, operators, types of keys, and principals.

IAM refuses some of these faults at the deployment (MalformedPolicyDocument), and ignores the others. "IAM JSON policy
elements reference" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tests.support.lint import reference
from tests.support.lint.statements import Kind, Statement

_COMMON: Final = frozenset({"Sid", "Effect", "Action", "NotAction", "Condition"})
_RESOURCES: Final = frozenset({"Resource", "NotResource"})
_PRINCIPALS: Final = frozenset({"Principal", "NotPrincipal"})
# What a statement of each kind must have, besides what all have. It may have nothing else.
_OWN: Final[Mapping[Kind, tuple[frozenset[str], ...]]] = {
    Kind.IDENTITY: (_RESOURCES,),
    Kind.TRUST: (_PRINCIPALS,),
    Kind.RESOURCE: (_RESOURCES, _PRINCIPALS),
    Kind.CONTROL: (_RESOURCES,),
}
# "Editing the trust relationship" and "Pass session tags"
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html).
_OF_TRUST: Final = frozenset(
    {
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:SetSourceIdentity",
        "sts:TagSession",
    }
)
# The service whose actions the policy of a resource is about.
_SERVICES_OF_POLICIES: Final = {
    "AWS::Events::EventBusPolicy": "events",
    "AWS::S3::BucketPolicy": "s3",
    "AWS::SQS::QueuePolicy": "sqs",
}
# "Condition operators" (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html),
# each with the types of the keys that it compares. EventBridge documents Bool for its own text
# `events:eventBusInvocation`.
_TEXT: Final = frozenset({"String", "ARN"})
_OPERATORS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"), _TEXT),
    **dict.fromkeys(("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"), _TEXT),
    **dict.fromkeys(("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"), frozenset({"ARN"})),
    **dict.fromkeys(("NumericEquals", "NumericNotEquals", "NumericLessThan"), frozenset({"Numeric"})),
    **dict.fromkeys(("NumericLessThanEquals", "NumericGreaterThan"), frozenset({"Numeric"})),
    "NumericGreaterThanEquals": frozenset({"Numeric"}),
    **dict.fromkeys(("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals"), frozenset({"Date"})),
    **dict.fromkeys(("DateGreaterThan", "DateGreaterThanEquals"), frozenset({"Date"})),
    **dict.fromkeys(("IpAddress", "NotIpAddress"), frozenset({"IPAddress"})),
    "Bool": frozenset({"Bool", "String"}),
}
_ARRAY: Final = "ArrayOf"
# The services that assume roles here or send to queues, and the resource that each names in aws:SourceArn:
# "Confused deputy prevention" in the guide of EventBridge
# (https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html) and of
# Scheduler (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "events.amazonaws.com": ("events:rule-on-default-event-bus", "events:rule-on-custom-event-bus"),
    "lambda.amazonaws.com": (),
    "scheduler.amazonaws.com": ("scheduler:schedule-group",),
}
_AWS: Final = re.compile(
    r"\*|[0-9]{12}|arn:[^:*?]+:(iam|sts)::[0-9]{12}:(root|role/[^*?]+|user/[^*?]+|assumed-role/[^*?]+)"
)
# A direct call has no source, and a service has no place in an organization: "AWS global condition context keys".
_OF_CALLERS: Final = ("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths")
_OF_SERVICES: Final = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")


def faults(statement: Statement) -> Iterator[tuple[str, str]]:
    """The rule and the subject of each fault in a statement's form."""
    yield from _elements(statement)
    yield from _actions(statement)
    yield from _operators(statement)
    if statement.kind in {Kind.TRUST, Kind.RESOURCE}:
        yield from _principals(statement)


def _elements(statement: Statement) -> Iterator[tuple[str, str]]:
    needed = _OWN[statement.kind]
    for element in statement.elements.keys() - _COMMON.union(*needed):
        yield "unknown-element", element
    for alternatives in needed:
        if not alternatives & statement.elements.keys():
            yield "missing-element", min(alternatives, key=len)
    if statement.elements["Effect"] not in {"Allow", "Deny"}:
        yield "unknown-element", f"Effect {statement.elements['Effect']}"


def _actions(statement: Statement) -> Iterator[tuple[str, str]]:
    for name in statement.values("Action"):
        service = _SERVICES_OF_POLICIES.get(statement.resource_type)
        foreign = service and name.partition(":")[0].lower() != service
        if foreign or (statement.kind is Kind.TRUST and name not in _OF_TRUST):
            yield "action-of-another-policy", name


def _operators(statement: Statement) -> Iterator[tuple[str, str]]:
    """Operators that do not exist, or that do not compare keys of this type."""
    services = {name.partition(":")[0] for name in statement.values("Action")}
    for operator, key, values in statement.conditions():
        qualifier, _, plain = operator.rpartition(":")
        plain = plain.removesuffix("IfExists")
        if plain == "Null":
            if set(values) - {"true", "false"}:
                yield "wrong-type", f"{operator} {key}"
            continue
        if plain not in _OPERATORS or qualifier not in {"", "ForAllValues", "ForAnyValue"}:
            yield "unknown-operator", operator
            continue
        kind = reference.key_type(key, services)
        if kind is None:
            # Another rule finds unknown keys.
            continue
        if kind.removeprefix(_ARRAY) not in _OPERATORS[plain]:
            yield "wrong-type", f"{operator} {key}"
        # Without a set operator, IAM compares no key with several values as one means: "Single-valued vs. multivalued
        # context keys".
        if kind.startswith(_ARRAY) and not qualifier:
            yield "missing-set-operator", f"{operator} {key}"


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    principal = statement.elements.get("Principal", {})
    by_kind = principal if isinstance(principal, dict) else {"AWS": principal}
    keys = {key.lower() for operator, key, _ in statement.conditions() if operator != "Null"}
    for kind, values in by_kind.items():
        for value in [values] if isinstance(values, str) else values:
            if kind == "Service":
                yield from _service(statement, value)
                absent = _OF_CALLERS if statement.allows else ()
            elif kind == "AWS" and _AWS.fullmatch(value):
                absent = _OF_SERVICES if statement.allows and value != "*" else ()
            else:
                yield "unknown-principal", value
                continue
            yield from (("key-of-another-principal", key) for key in sorted(keys.intersection(absent)))


def _service(statement: Statement, name: str) -> Iterator[tuple[str, str]]:
    if name not in _SOURCES:
        yield "unknown-principal", name
        return
    for operator, key, values in statement.conditions():
        if key.lower() == "aws:sourcearn" and operator != "Null":
            for arn in values:
                if not any(reference.of_type(arn, kind) for kind in _SOURCES[name]):
                    yield "source-of-another-service", arn
